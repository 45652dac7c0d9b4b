/**
 * The Common Expression Language as Kubernetes has it: an expression is compiled against the types of its variables, and
 * evaluated against plain values under a limit on its cost. Pure; it neither asks anyone nor knows what an expression is
 * for. A hostile expression or value costs bounded time and throws CelCompileError or CelEvaluationError, nothing else.
 */
export * from './cel-type.ts';
export * from './contract.ts';

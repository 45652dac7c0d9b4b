/**
 * The Common Expression Language as Kubernetes has it: an expression is compiled against the types of its variables, and
 * evaluated against plain values under a limit on its cost. Pure; it neither asks anyone nor knows what an expression is
 * for. A hostile expression or value costs bounded time and throws CelCompileError or CelEvaluationError, nothing else.
 */
export * from './admission-variables.ts';
export * from './cel-type.ts';
export { applyConfigurationType, jsonPatchType } from './check/scope.ts';
export { compile } from './compile.ts';
export * from './contract.ts';
export { lazyFields } from './lazy-fields.ts';
export { authorizerValue, requestResourceValue } from './library/authorizer.ts';
export { authorizerType, resourceCheckType } from './library/declaration.ts';
export * from './policy-expressions.ts';
export { type CelSchema, typeOfSchema } from './schema-type.ts';
export { typeOfStruct } from './struct-type.ts';
export { escapeFieldName, unescapeFieldName } from './values/field-names.ts';

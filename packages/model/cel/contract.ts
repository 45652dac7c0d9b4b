import type { CelType } from './cel-type.ts';

/** Most cost of one evaluation (Kubernetes' PerCallLimit): 0.1 s on the hardware that the cost model was made for. */
export const perCallCostLimit = 1_000_000;
/** Most cost of all expressions of one policy binding or custom resource for one request (RuntimeCELCostBudget). */
export const runtimeCostBudget = 10_000_000;
/** Most cost of all match conditions of one webhook or policy for one request. */
export const matchConditionsCostBudget = 2_500_000;
/** Most bytes of what a messageExpression may say. */
export const messageExpressionMaxBytes = 5 * 1024;

/** What an expression may mention. */
export interface CelEnvironment {
  /** The cluster's minor of Kubernetes 1: it decides which libraries there are. */
  readonly minor: number;
  /**
   * True for expressions that were stored before. A new expression may only use what the minor before has too, so that
   * the cluster can be rolled back; a stored one everything of this minor.
   */
  readonly stored?: boolean;
  readonly variables: Readonly<Record<string, CelType>>;
  /** Brings `Object{…}`, `JSONPatch{…}` and `jsonpatch.escapeKey` (MutatingAdmissionPolicy). */
  readonly patchTypes?: boolean;
}

export interface CostEstimate {
  readonly min: number;
  /** 2⁶⁴ when nothing bounds it. */
  readonly max: number;
}

export interface EvaluationOptions {
  /** By default `perCallCostLimit`. */
  readonly costLimit?: number;
  /** What `authorizer` checks ask. Without it a check is an evaluation error. */
  readonly authorizer?: CelAuthorizer;
}

export interface CelResult {
  /**
   * The result as plain JavaScript: bool, string, null as they are; int and uint as a number where one holds it exactly,
   * else a bigint; double as a number; a list as an array; a map or object as an object; timestamps and durations as
   * text in the form of JSON; an optional as its value or undefined.
   */
  readonly value: unknown;
  /** The same as the interpreter holds it; can be bound to a variable of another program without loss. */
  readonly raw: unknown;
  readonly cost: number;
}

/** A compiled expression. It is immutable and can be kept and evaluated as often as one likes. */
export interface CelProgram {
  readonly text: string;
  /** The type that the checker found; `dyn` when only evaluation can tell. */
  readonly resultType: CelType;
  /** The names of declared variables that the expression mentions, `oldSelf` for one. */
  readonly variables: ReadonlySet<string>;
  /** What an evaluation can cost when every value is as large as its type's bounds allow. */
  estimateCost(): CostEstimate;
  /**
   * Evaluates with a value for each declared variable: plain JavaScript as decoded from JSON (a number is what the
   * declared type says), the `raw` of another result, or a `LazyBinding`. A variable that is declared and not bound is an
   * evaluation error when it is used. Values are not changed; what is no own property of them is not there.
   * @throws CelEvaluationError
   */
  evaluate(bindings: Readonly<Record<string, unknown>>, options?: EvaluationOptions): CelResult;
}

/** A binding whose value is made when it is first used. It may throw CelEvaluationError. */
export class LazyBinding {
  readonly make: () => unknown;
  constructor(make: () => unknown) {
    this.make = make;
  }
}

/** One thing wrong with an expression; line from 1, column from 0, in code points. */
export interface CelIssue {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/**
 * An expression that is refused. The message is cel-go's, with the place shown:
 * `ERROR: <input>:1:1: undeclared reference to 'x' (in container '')\n | x > 1\n | ^`. What Kubernetes puts in front
 * (`compilation failed: `) is the caller's. When `resultType` is set the expression is fine, but of a type that was not
 * expected; the message is then `must evaluate to bool but got int`.
 */
export class CelCompileError extends Error {
  override readonly name = 'CelCompileError';
  readonly issues: readonly CelIssue[];
  readonly resultType: CelType | undefined;
  constructor(message: string, issues: readonly CelIssue[], resultType?: CelType) {
    super(message);
    this.issues = issues;
    this.resultType = resultType;
  }
}

/** An evaluation that has no value: `no such key: a`, `division by zero`. The message is cel-go's. */
export class CelEvaluationError extends Error {
  override readonly name = 'CelEvaluationError';
  /** `budget`: the cost limit was reached. */
  readonly reason: 'evaluation' | 'budget';
  readonly cost: number;
  constructor(message: string, reason: 'evaluation' | 'budget', cost: number) {
    super(message);
    this.reason = reason;
    this.cost = cost;
  }
}

/** What an `authorizer…check(verb)` asks for; the fields of authorization.k8s.io/v1 SubjectAccessReviewSpec. */
export interface CelAuthorizationQuery {
  readonly verb: string;
  /** Set for `authorizer.path(…)`. */
  readonly path?: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** Set by `authorizer.serviceAccount(namespace, name)`: who is asked about, instead of who makes the request. */
  readonly serviceAccount?: { readonly namespace: string; readonly name: string };
}

export interface CelDecision {
  readonly allowed: boolean;
  readonly reason: string;
  /** Set when the authoriser failed. */
  readonly error?: string;
}

/**
 * Answers checks at once. An authoriser that has to wait throws `CelPending`; `evaluate` lets that pass, and the caller
 * evaluates again when the answer is there.
 */
export interface CelAuthorizer {
  check(query: CelAuthorizationQuery): CelDecision;
}

/** Thrown by a CelAuthorizer whose answer is still under way. */
export class CelPending extends Error {
  override readonly name = 'CelPending';
}

/**
 * The form of `compile`. `expected` is the type that the result must be of (one of them, when several are given); without
 * it any type will do. A result of type dyn is refused unless dyn is expected, as Kubernetes does it.
 * @throws CelCompileError
 */
export type CompileExpression = (
  text: string,
  environment: CelEnvironment,
  expected?: CelType | readonly CelType[],
) => CelProgram;

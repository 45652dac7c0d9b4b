import { type AdmissionVariables, admissionVariables } from './admission-variables.ts';
import { type CelType, dynType, objectType } from './cel-type.ts';
import { compile } from './compile.ts';
import { CelCompileError, type CelProgram } from './contract.ts';

/** An expression that does not compile, in Kubernetes' words. */
export class ExpressionProblem {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

export interface PolicyExpressionOptions {
  /** The cluster's minor of Kubernetes 1. */
  readonly minor: number;
  /** The policy has a paramKind. */
  readonly params: boolean;
  /** The policy has variables of its own. */
  readonly composed: boolean;
  /** Types of some variables where they are known better: for checking types. */
  readonly types?: Readonly<Record<string, CelType>>;
}

export interface ExpressionUse {
  readonly authorizer: boolean;
  readonly patchTypes?: boolean;
  /** It was there before, so that it may use everything of the cluster's minor. */
  readonly stored: boolean;
}

/**
 * Compiles the expressions of one admission policy. A variable of the policy is a field of `variables` for what is
 * compiled after it.
 */
export class PolicyExpressions {
  readonly #options: PolicyExpressionOptions;
  readonly #variables = new Map<string, CelType>();
  readonly #variablesType: CelType;

  constructor(options: PolicyExpressionOptions) {
    this.#options = options;
    this.#variablesType = objectType('kubernetes.variables', (name) => this.#variables.get(name));
  }

  /** Compiles a variable and makes it known, as dyn when it does not compile. */
  add(name: string, expression: string, stored: boolean): CelProgram | ExpressionProblem {
    const program = this.compile(expression, { authorizer: true, stored });
    this.#variables.set(name, program instanceof ExpressionProblem ? dynType : program.resultType);
    return program;
  }

  compile(
    expression: string,
    { authorizer, patchTypes = false, stored }: ExpressionUse,
    expected?: CelType | readonly CelType[],
  ): CelProgram | ExpressionProblem {
    const { minor, params, composed, types } = this.#options;
    const wanted: AdmissionVariables = { params, authorizer };
    const variables = {
      ...admissionVariables(wanted),
      ...types,
      ...(composed ? { variables: this.#variablesType } : {}),
    };
    try {
      return compile(expression, { minor, stored, variables, patchTypes }, expected);
    } catch (error) {
      if (!(error instanceof CelCompileError)) throw error;
      return new ExpressionProblem(error.issues.length > 0 ? `compilation failed: ${error.message}` : error.message);
    }
  }
}

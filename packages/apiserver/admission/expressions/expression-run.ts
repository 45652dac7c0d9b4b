import {
  CelEvaluationError,
  type CelProgram,
  ExpressionProblem,
  lazyFields,
  perCallCostLimit,
} from '@keelson/model/cel/index.ts';
import type { Decisions } from './decisions.ts';

/** An expression and what became of it. */
export interface CompiledExpression {
  readonly text: string;
  readonly compiled: CelProgram | ExpressionProblem;
}

export type Outcome = { readonly raw: unknown; readonly value: unknown } | { readonly error: string };

/** The expressions of one policy or webhook have cost all that they may for one request. */
export class OutOfBudget extends Error {
  constructor() {
    super('validation failed due to running out of cost budget, no further validation rules will be run');
  }
}

/** Evaluates expressions about one request, one after another, under one budget of cost. */
export class ExpressionRun {
  readonly #bindings: Readonly<Record<string, unknown>>;
  readonly #decisions: Decisions;
  /** Variables that were evaluated by an expression that is begun again. */
  readonly #values = new Map<string, unknown>();
  #budget: number;

  constructor(options: {
    readonly bindings: Readonly<Record<string, unknown>>;
    readonly decisions: Decisions;
    readonly budget: number;
    /** The policy's own variables, by their names. */
    readonly variables?: ReadonlyMap<string, CelProgram | ExpressionProblem>;
  }) {
    const { bindings, variables } = options;
    this.#decisions = options.decisions;
    this.#budget = options.budget;
    if (variables === undefined || variables.size === 0) {
      this.#bindings = bindings;
      return;
    }
    const own = { ...bindings };
    const makers = [...variables].map(([name, program]) => [name, () => this.#variable(name, program)] as const);
    own['variables'] = lazyFields(new Map(makers));
    this.#bindings = own;
  }

  /** What is left of the budget, for a run that goes on with it. */
  get budget(): number {
    return this.#budget;
  }

  /** @throws OutOfBudget */
  evaluate({ text, compiled }: CompiledExpression): Promise<Outcome> {
    return this.#decisions.settle(() => {
      if (compiled instanceof ExpressionProblem) return { error: `compilation error: ${compiled.message}` };
      try {
        const result = this.#run(compiled);
        return { raw: result.raw, value: result.value };
      } catch (error) {
        if (!(error instanceof CelEvaluationError)) throw error;
        return { error: `expression '${text}' resulted in error: ${error.message}` };
      }
    });
  }

  #run(program: CelProgram) {
    try {
      const result = program.evaluate(this.#bindings, { costLimit: perCallCostLimit, authorizer: this.#decisions });
      this.#spend(result.cost);
      return result;
    } catch (error) {
      if (error instanceof CelEvaluationError) this.#spend(error.cost);
      throw error;
    }
  }

  #spend(cost: number): void {
    this.#decisions.count(cost);
    if (cost > this.#budget) throw new OutOfBudget();
    this.#budget -= cost;
  }

  #variable(name: string, program: CelProgram | ExpressionProblem): unknown {
    const quoted = JSON.stringify(name);
    const fail = (text: string): never => {
      throw new CelEvaluationError(`composited variable ${quoted} ${text}`, 'evaluation', 0);
    };
    if (program instanceof ExpressionProblem) return fail(`fails to compile: ${program.message}`);
    if (this.#values.has(name)) return this.#values.get(name);
    try {
      this.#values.set(name, this.#run(program).raw);
      this.#decisions.giveWay();
      return this.#values.get(name);
    } catch (error) {
      if (!(error instanceof CelEvaluationError)) throw error;
      return fail(`fails to evaluate: ${error.message}`);
    }
  }
}

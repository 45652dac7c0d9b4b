import type { CelType } from './cel-type.ts';
import type { Checked } from './check/checker.ts';
import {
  type CelEnvironment,
  CelEvaluationError,
  type CelProgram,
  type CelResult,
  type CostEstimate,
  type EvaluationOptions,
  perCallCostLimit,
} from './contract.ts';
import { estimateCost } from './cost/static-cost.ts';
import { Frame, type Step } from './evaluate/frame.ts';
import { BudgetExceeded, Meter } from './evaluate/meter.ts';
import { Planner } from './evaluate/planner.ts';
import { plainValue } from './values/json-values.ts';
import { CelFailure, type CelValue } from './values/value.ts';

/** A result, made plain when it is asked for. */
class Result implements CelResult {
  readonly raw: CelValue;
  readonly cost: number;
  constructor(raw: CelValue, cost: number) {
    this.raw = raw;
    this.cost = cost;
  }
  get value(): unknown {
    return plainValue(this.raw);
  }
}

/** A compiled expression. */
export class Program implements CelProgram {
  readonly text: string;
  readonly resultType: CelType;
  readonly variables: ReadonlySet<string>;
  private readonly types: Readonly<Record<string, CelType>>;
  private readonly checked: Checked;
  private readonly step: Step;
  private estimate: CostEstimate | undefined;

  constructor(text: string, environment: CelEnvironment, checked: Checked) {
    this.text = text;
    this.types = environment.variables;
    this.checked = checked;
    this.resultType = checked.typeOf(checked.root);
    const variables = new Set<string>();
    for (const reference of checked.references.values()) {
      if (reference.kind === 'variable' && !reference.local) variables.add(reference.name);
    }
    this.variables = variables;
    this.step = new Planner(checked).step(checked.root);
  }

  estimateCost(): CostEstimate {
    this.estimate ??= estimateCost(this.checked, this.types);
    return this.estimate;
  }

  evaluate(bindings: Readonly<Record<string, unknown>>, options: EvaluationOptions = {}): CelResult {
    const meter = new Meter(options.costLimit ?? perCallCostLimit);
    const frame = new Frame(bindings, this.types, meter, options.authorizer);
    try {
      const raw = this.step(frame);
      if (raw instanceof CelFailure) throw new CelEvaluationError(raw.message, 'evaluation', meter.cost);
      return new Result(raw, meter.cost);
    } catch (error) {
      if (!(error instanceof BudgetExceeded)) throw error;
      throw new CelEvaluationError('operation cancelled: actual cost limit exceeded', 'budget', meter.cost);
    }
  }
}

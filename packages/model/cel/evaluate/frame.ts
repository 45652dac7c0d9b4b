import type { CelType } from '../cel-type.ts';
import { type CelAuthorizer, CelEvaluationError, LazyBinding } from '../contract.ts';
import type { Evaluation } from '../library/declaration.ts';
import { adaptValue } from '../values/json-values.ts';
import { CelFailure, type CelValue } from '../values/value.ts';
import type { Meter } from './meter.ts';

/** One evaluation: its variables, the slots of its loops, what it has cost. */
export class Frame implements Evaluation {
  readonly meter: Meter;
  readonly authorizer: CelAuthorizer | undefined;
  /** Accumulators and iteration variables, each loop with slots of its own. */
  readonly slots: (CelValue | undefined)[] = [];
  private readonly bindings: Readonly<Record<string, unknown>>;
  private readonly types: Readonly<Record<string, CelType>>;
  private readonly adapted = new Map<string, CelValue>();

  constructor(
    bindings: Readonly<Record<string, unknown>>,
    types: Readonly<Record<string, CelType>>,
    meter: Meter,
    authorizer: CelAuthorizer | undefined,
  ) {
    this.bindings = bindings;
    this.types = types;
    this.meter = meter;
    this.authorizer = authorizer;
  }

  variable(name: string): CelValue {
    let value = this.adapted.get(name);
    if (value === undefined) {
      value = this.adapt(name);
      this.adapted.set(name, value);
    }
    return value;
  }

  private adapt(name: string): CelValue {
    if (!Object.hasOwn(this.bindings, name)) return new CelFailure(`no such attribute(s): ${name}`);
    let bound = this.bindings[name];
    if (bound instanceof LazyBinding) {
      try {
        bound = bound.make();
      } catch (error) {
        if (error instanceof CelEvaluationError && error.reason === 'evaluation') return new CelFailure(error.message);
        throw error;
      }
    }
    if (bound === undefined) return new CelFailure(`no such attribute(s): ${name}`);
    // A variable as a whole may be null: oldObject of a creation.
    return bound === null ? null : adaptValue(this.types[name]!, bound);
  }
}

/** One step of a plan. */
export type Step = (frame: Frame) => CelValue;

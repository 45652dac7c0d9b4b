import { dynType } from './cel-type.ts';
import { CelEvaluationError } from './contract.ts';
import { adaptValue } from './values/json-values.ts';
import { CelFailure, CelMap, type CelValue } from './values/value.ts';

/** An object whose fields are made when they are first read: the `variables` of admission policies. */
class LazyFields extends CelMap {
  private readonly makers: ReadonlyMap<string, () => unknown>;
  private readonly made = new Map<string, CelValue>();
  constructor(makers: ReadonlyMap<string, () => unknown>) {
    super();
    this.makers = makers;
  }
  get size(): number {
    return this.makers.size;
  }
  find(key: CelValue): CelValue | undefined {
    if (typeof key !== 'string') return undefined;
    const known = this.made.get(key);
    const make = this.makers.get(key);
    if (known !== undefined || make === undefined) return known;
    const value = fieldValue(make);
    this.made.set(key, value);
    return value;
  }
  allKeys(): CelValue[] {
    return [...this.makers.keys()];
  }
}

function fieldValue(make: () => unknown): CelValue {
  try {
    return adaptValue(dynType, make());
  } catch (error) {
    if (error instanceof CelEvaluationError) return new CelFailure(error.message);
    throw error;
  }
}

/**
 * A value to bind: each field is made once, when an expression reads it.
 * @param makers give plain JavaScript or the `raw` of a result; a CelEvaluationError is the field's error
 */
export function lazyFields(makers: ReadonlyMap<string, () => unknown>): unknown {
  return new LazyFields(makers);
}

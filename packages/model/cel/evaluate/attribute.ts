import {
  CelFailure,
  CelList,
  CelMap,
  CelOptional,
  CelUint,
  type CelValue,
  kindOf,
  noValue,
  shownValue,
} from '../values/value.ts';
import type { Frame, Step } from './frame.ts';

/** One `.field` or `[index]`. */
export interface Qualifier {
  /** The key; a step when only evaluation tells it. */
  readonly key: CelValue | Step;
  readonly optional: boolean;
  /** `has(…)`: whether the field is there. */
  readonly test: boolean;
}

/**
 * A variable, or the result of a step, with what is selected from it. It is evaluated as a whole: once a selection is
 * optional, so are all after it. What cel-go counts for it is one for each selection and one for the whole, and the
 * whole is not counted where the attribute is itself an index or a branch of `? :`.
 */
export interface Attribute {
  readonly base: Step;
  readonly qualifiers: readonly Qualifier[];
  /** A choice between two attributes. */
  readonly choice?: { readonly condition: Step; readonly whenTrue: Attribute; readonly whenFalse: Attribute };
}

function missing(key: CelValue): CelFailure {
  return new CelFailure(`no such key: ${shownValue(key)}`);
}

function positionOf(key: CelValue): number | CelFailure {
  if (typeof key === 'bigint') return Number(key);
  if (key instanceof CelUint) return Number(key.value);
  if (typeof key === 'number') {
    return Number.isInteger(key) ? key : new CelFailure(`unsupported index value ${key.toFixed(6)} in list`);
  }
  return new CelFailure(`unsupported index type '${kindOf(key)}' in list`);
}

/** What is at a key: undefined when there is nothing, a failure when there cannot be anything. */
function lookUp(target: CelValue, key: CelValue): CelValue | undefined {
  if (target instanceof CelMap) return target.find(key);
  if (!(target instanceof CelList)) return undefined;
  const position = positionOf(key);
  if (position instanceof CelFailure) return position;
  return position >= 0 && position < target.size ? target.at(position) : undefined;
}

function absent(target: CelValue, key: CelValue): CelFailure {
  return target instanceof CelList ? new CelFailure(`index out of bounds: ${shownValue(key)}`) : missing(key);
}

function applyQualifiers(start: CelValue, qualifiers: readonly Qualifier[], frame: Frame): CelValue {
  let value = start;
  let optional = false;
  if (value instanceof CelOptional) {
    if (value.value === undefined) return value;
    optional = true;
    value = value.value;
  }
  for (const qualifier of qualifiers) {
    optional ||= qualifier.optional;
    const key = typeof qualifier.key === 'function' ? qualifier.key(frame) : qualifier.key;
    const found = key instanceof CelFailure ? key : lookUp(value, key);
    if (qualifier.test) {
      frame.meter.charge(1);
      if (found instanceof CelFailure) return found;
      return found !== undefined;
    }
    if (found === undefined && optional) return noValue;
    frame.meter.charge(1);
    if (found === undefined) return absent(value, key);
    if (found instanceof CelFailure) return found;
    value = found;
  }
  return optional ? new CelOptional(value) : value;
}

/** The step that resolves an attribute; what counts for the whole is left to the caller. */
export function resolveAttribute(attribute: Attribute): Step {
  const { base, qualifiers, choice } = attribute;
  if (choice !== undefined) {
    const whenTrue = resolveAttribute(choice.whenTrue);
    const whenFalse = resolveAttribute(choice.whenFalse);
    const { condition } = choice;
    return (frame) => {
      const chosen = condition(frame);
      if (chosen === true) return whenTrue(frame);
      if (chosen === false) return whenFalse(frame);
      return chosen instanceof CelFailure ? chosen : new CelFailure('no such overload');
    };
  }
  if (qualifiers.length === 0) return base;
  return (frame) => {
    const value = base(frame);
    return value instanceof CelFailure ? value : applyQualifiers(value, qualifiers, frame);
  };
}

/** The same attribute with one more selection. */
export function qualify(attribute: Attribute, qualifier: Qualifier): Attribute {
  const { choice } = attribute;
  if (choice === undefined) return { ...attribute, qualifiers: [...attribute.qualifiers, qualifier] };
  return {
    ...attribute,
    choice: {
      condition: choice.condition,
      whenTrue: qualify(choice.whenTrue, qualifier),
      whenFalse: qualify(choice.whenFalse, qualifier),
    },
  };
}

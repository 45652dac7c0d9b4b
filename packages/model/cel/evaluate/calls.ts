import { callCost, equalityCost } from '../cost/runtime-cost.ts';
import { accepts, noSuchOverload, type Overload } from '../library/declaration.ts';
import { type CallNode, type Expression, operators } from '../syntax/expression.ts';
import { compareValues, equalValues } from '../values/equality.ts';
import { CelFailure, CelList, CelOptional, type CelValue, mapKey } from '../values/value.ts';
import type { Frame, Step } from './frame.ts';
import type { Plan, Planner } from './planner.ts';

type Build = (parts: readonly Step[]) => Step;

/** `&&` and `||`: `decisive` ends it; an error counts only when nothing decisive is found. */
function logical(decisive: boolean): Build {
  return ([left, right]) =>
    (frame) => {
      const first = left!(frame);
      if (first === decisive) return decisive;
      const second = right!(frame);
      if (second === decisive) return decisive;
      if (typeof first !== 'boolean') return first instanceof CelFailure ? first : noSuchOverload;
      if (typeof second !== 'boolean') return second instanceof CelFailure ? second : noSuchOverload;
      return !decisive;
    };
}

function equality(negated: boolean): Build {
  return ([left, right]) =>
    (frame) => {
      const first = left!(frame);
      const second = right!(frame);
      if (first instanceof CelFailure || second instanceof CelFailure) {
        frame.meter.charge(1);
        return first instanceof CelFailure ? first : second;
      }
      const scalar = typeof first === 'bigint' || typeof first === 'boolean' || first === null;
      frame.meter.charge(
        scalar
          ? 1
          : (equalityCost as (values: CelValue[], result: null, meter: unknown) => number)(
              [first, second],
              null,
              frame.meter,
            ),
      );
      return equalValues(first, second, frame.meter) !== negated;
    };
}

const special: Readonly<Record<string, Build>> = {
  [operators.and]: logical(false),
  [operators.or]: logical(true),
  [operators.equals]: equality(false),
  [operators.notEquals]: equality(true),
  [operators.notStrictlyFalse]:
    ([part]) =>
    (frame) => {
      const value = part!(frame);
      frame.meter.charge(1);
      return value !== false;
    },
  [operators.not]:
    ([part]) =>
    (frame) => {
      const value = part!(frame);
      frame.meter.charge(1);
      if (typeof value === 'boolean') return !value;
      return value instanceof CelFailure ? value : noSuchOverload;
    },
};

/** `optional.or(other)` and `optional.orValue(value)`: the argument is evaluated only when it is needed, at no cost. */
function orElse(value: boolean): Build {
  return ([left, right]) =>
    (frame) => {
      const first = left!(frame);
      if (first instanceof CelFailure) return first;
      if (!(first instanceof CelOptional)) return noSuchOverload;
      if (first.value === undefined) return right!(frame);
      return value ? first.value : first;
    };
}

const comparisons: Readonly<Record<string, (order: number) => boolean>> = {
  '_<_': (order) => order < 0,
  '_<=_': (order) => order <= 0,
  '_>_': (order) => order > 0,
  '_>=_': (order) => order >= 0,
};

/** Comparisons of numbers and the like, whose cost is always 1, without looking for an overload. */
function fixedComparison(name: string): Build {
  const holds = comparisons[name]!;
  return ([left, right]) =>
    (frame) => {
      const first = left!(frame);
      const second = right!(frame);
      frame.meter.charge(1);
      if (first instanceof CelFailure) return first;
      if (second instanceof CelFailure) return second;
      const order = compareValues(first, second, frame.meter);
      return order instanceof CelFailure ? order : holds(order);
    };
}

/** The overload that takes these values. */
function choose(overloads: readonly Overload[], values: readonly CelValue[]): Overload | undefined {
  return overloads.find((overload) =>
    overload.parameters.every((parameter, position) => accepts(parameter, values[position]!)),
  );
}

function general(name: string, overloads: readonly Overload[], trusted: boolean): Build {
  const [only] = overloads as [Overload];
  const cost = callCost(name, overloads.length === 1 ? only.id : '');
  const message = new CelFailure(`no such overload: ${name}`);
  const failed = (frame: Frame, failure: CelFailure): CelFailure => {
    frame.meter.charge(1);
    return failure;
  };
  return (parts) => {
    const count = parts.length;
    return (frame) => {
      const values: CelValue[] = new Array(count);
      let failure: CelFailure | undefined;
      for (let position = 0; position < count; position += 1) {
        const value = parts[position]!(frame);
        values[position] = value;
        if (value instanceof CelFailure) {
          failure ??= value;
          if (count > 2) break;
        }
      }
      if (failure !== undefined) return failed(frame, failure);
      const overload = trusted ? only : choose(overloads, values);
      if (overload === undefined) return failed(frame, message);
      const result = overload.implementation(values, frame);
      frame.meter.charge(cost === 1 ? 1 : cost(values, result, frame.meter));
      return result;
    };
  };
}

/** `x in [constants]`: looked up in a set, at no cost of its own. */
function constantMembership(list: CelList, element: Step): Step | undefined {
  const keys = new Set<string | bigint | boolean | number>();
  for (let position = 0; position < list.size; position += 1) {
    const key = mapKey(list.at(position));
    if (key === undefined) return undefined;
    keys.add(key);
  }
  return (frame) => {
    const value = element(frame);
    if (value instanceof CelFailure) return value;
    const key = mapKey(value);
    return key !== undefined && keys.has(key);
  };
}

/** True when the checker knows the types of all arguments to be the overload's. */
function isTrusted(overloads: readonly Overload[], parts: readonly Expression[], planner: Planner): boolean {
  if (overloads.length !== 1) return false;
  return overloads[0]!.parameters.every((parameter, position) => {
    if (parameter.kind === 'parameter' || parameter.kind === 'dyn') return true;
    const given = planner.checked.typeOf(parts[position]!);
    const inner = (type: typeof given): boolean =>
      type.kind !== 'dyn' && type.kind !== 'null' && type.parameters.every(inner);
    return given.kind === parameter.kind && inner(given);
  });
}

/** The plan of a call that is no selection and no `? :`. */
export function planCall(node: CallNode, planner: Planner): Plan {
  const reference = planner.checked.references.get(node);
  if (reference?.kind !== 'function') throw new TypeError(`call of ${node.name} was not resolved`);
  const { name, overloads, receiver } = reference;
  const parts = receiver === undefined ? node.arguments : [receiver, ...node.arguments];
  const plans = parts.map((part) => planner.plan(part));
  const steps = plans.map((plan) => planner.stepOf(plan));
  const step = (build: Build): Plan => ({ kind: 'step', step: build(steps) });
  if (receiver === undefined && Object.hasOwn(special, name)) return step(special[name]!);
  const [overload] = overloads as [Overload];
  if (overload.id === 'optional_or_optional') return step(orElse(false));
  if (overload.id === 'optional_orValue_value') return step(orElse(true));
  if (overload.id === 'in_list' && overloads.length === 1) {
    const list = plans[1]!;
    if (list.kind === 'constant' && list.value instanceof CelList) {
      if (list.value.size === 0) return { kind: 'constant', value: false };
      const membership = constantMembership(list.value, steps[0]!);
      if (membership !== undefined) return { kind: 'step', step: membership };
    }
  }
  const sized = /_(string|bytes)$/.test(overload.id);
  if (Object.hasOwn(comparisons, name) && receiver === undefined && (overloads.length > 1 || !sized)) {
    return step(fixedComparison(name));
  }
  return step(general(name, overloads, isTrusted(overloads, parts, planner)));
}

import type { ComprehensionNode, Expression } from '../syntax/expression.ts';
import { ArrayList, CelFailure, CelList, CelMap, type CelValue, EntryMap, kindOf } from '../values/value.ts';
import type { Step } from './frame.ts';
import type { Planner } from './planner.ts';

interface Loop {
  readonly range: Step;
  readonly initial: Step;
  readonly condition: Step;
  readonly step: Step;
  readonly result: Step;
  readonly accumulator: number;
  readonly first: number;
  readonly second: number | undefined;
}

/** A new list or map that the loop alone has, so that it can grow in place. */
function startValue(value: CelValue): CelValue {
  if (value instanceof ArrayList && value.size === 0) {
    const list = new ArrayList([]);
    list.growing = true;
    return list;
  }
  return value instanceof EntryMap && value.size === 0 ? new EntryMap(new Map()) : value;
}

function planLoop(node: ComprehensionNode, planner: Planner): Loop {
  const range = planner.step(node.range);
  const begin = planner.step(node.initial);
  const initial: Step = (frame) => startValue(begin(frame));
  return planner.withName(node.accumulator, initial, (accumulator) => {
    const inner = planner.withName(node.variable, undefined, (first) => {
      const plan = (second: number | undefined) => ({
        condition: planner.step(node.condition),
        step: planner.step(node.step),
        first: first.position,
        second,
      });
      if (node.secondVariable === undefined) return plan(undefined);
      return planner.withName(node.secondVariable, undefined, (second) => plan(second.position));
    });
    return { range, initial, ...inner, result: planner.step(node.result), accumulator: accumulator.position };
  });
}

/** Once its list is the result, nothing may grow it any more. */
function finished(value: CelValue): CelValue {
  if (value instanceof ArrayList) value.growing = false;
  return value;
}

/** The keys or elements that the loop goes over, as pairs when it has two variables. */
function* entriesOf(range: CelList | CelMap, two: boolean): Generator<[CelValue, CelValue | undefined]> {
  if (range instanceof CelMap) {
    for (const key of range.allKeys()) yield [key, two ? range.find(key) : undefined];
    return;
  }
  // The length is read anew: a loop's own range never grows, and this costs nothing.
  for (let position = 0; position < range.size; position += 1) {
    const element = range.at(position);
    yield two ? [BigInt(position), element] : [element, undefined];
  }
}

/** A loop: the accumulator is made when it is first read, and whatever is an error in it is its value from there. */
export function planComprehension(node: ComprehensionNode, planner: Planner): Step {
  const loop = planLoop(node, planner);
  const { range, condition, step, result, accumulator, first, second } = loop;
  const always = isTrue(node.condition);
  return (frame) => {
    const over = range(frame);
    if (over instanceof CelFailure) return over;
    if (!(over instanceof CelList || over instanceof CelMap)) {
      return new CelFailure(`got '${kindOf(over)}', expected iterable type`);
    }
    const { slots } = frame;
    slots[accumulator] = undefined;
    if (over.size > 0) {
      for (const [key, value] of entriesOf(over, second !== undefined)) {
        slots[first] = key;
        if (second !== undefined) slots[second] = value;
        if (!always) {
          const goesOn = condition(frame);
          if (goesOn === false) break;
        }
        slots[accumulator] = step(frame);
        frame.meter.work(20);
      }
    }
    return finished(result(frame));
  };
}

function isTrue(node: Expression): boolean {
  return node.kind === 'literal' && node.value === true;
}

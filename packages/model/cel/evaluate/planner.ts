import type { Checked } from '../check/checker.ts';
import { listCreation, mapCreation, structCreation } from '../cost/runtime-cost.ts';
import { conversionNames } from '../library/conversions.ts';
import {
  type CallNode,
  type Expression,
  type ListNode,
  type Literal,
  type MapNode,
  operators,
  type SelectNode,
  type StructNode,
  UnsignedLiteral,
} from '../syntax/expression.ts';
import {
  ArrayList,
  CelFailure,
  CelOptional,
  CelTypeValue,
  CelUint,
  type CelValue,
  EntryMap,
  mapKey,
  shownValue,
} from '../values/value.ts';
import { type Attribute, qualify, resolveAttribute } from './attribute.ts';
import { planCall } from './calls.ts';
import { planComprehension } from './comprehension.ts';
import { Frame, type Step } from './frame.ts';
import { Meter } from './meter.ts';
import { StructValue } from './struct-value.ts';

/** How a node is evaluated: it is known beforehand, it is an attribute, or it is a step. */
export type Plan =
  | { readonly kind: 'constant'; readonly value: CelValue }
  | { readonly kind: 'attribute'; readonly attribute: Attribute }
  | { readonly kind: 'step'; readonly step: Step };

/** Thrown when a constant part of an expression cannot be evaluated. */
export class PlanFailure extends Error {}

/** The slot of a loop's variable; the accumulator's value is made when it is first read. */
export interface Slot {
  readonly position: number;
  readonly initial?: Step;
}

/** Turns a checked expression into steps. Nodes that macros share are planned once. */
export class Planner {
  readonly checked: Checked;
  private readonly plans = new Map<Expression, Plan>();
  private readonly names = new Map<string, Slot[]>();
  private slotCount = 0;

  constructor(checked: Checked) {
    this.checked = checked;
  }

  plan(node: Expression): Plan {
    let plan = this.plans.get(node);
    if (plan === undefined) {
      plan = this.planFor(node);
      this.plans.set(node, plan);
    }
    return plan;
  }

  /** The step of a node, which counts what cel-go counts for it. */
  step(node: Expression): Step {
    return this.stepOf(this.plan(node));
  }

  stepOf(plan: Plan): Step {
    if (plan.kind === 'step') return plan.step;
    if (plan.kind === 'constant') {
      const { value } = plan;
      return () => value;
    }
    const resolve = resolveAttribute(plan.attribute);
    if (plan.attribute.choice !== undefined) return resolve;
    return (frame) => {
      const value = resolve(frame);
      frame.meter.charge(1);
      return value;
    };
  }

  /** A node as an attribute to select from, or to choose. */
  attribute(plan: Plan): Attribute {
    return plan.kind === 'attribute' ? plan.attribute : { base: this.stepOf(plan), qualifiers: [] };
  }

  /** Plans with a loop's variable in reach. */
  withName<T>(name: string, initial: Step | undefined, plan: (slot: Slot) => T): T {
    const slot: Slot = { position: this.slotCount, ...(initial === undefined ? {} : { initial }) };
    this.slotCount += 1;
    const slots = this.names.get(name) ?? [];
    this.names.set(name, slots);
    slots.push(slot);
    const planned = plan(slot);
    slots.pop();
    return planned;
  }

  private planFor(node: Expression): Plan {
    switch (node.kind) {
      case 'literal':
        return { kind: 'constant', value: literalValue(node.value) };
      case 'identifier':
        return this.reference(node);
      case 'select':
        return this.select(node);
      case 'call':
        return this.call(node);
      case 'list':
        return this.list(node);
      case 'map':
        return this.map(node);
      case 'struct':
        return { kind: 'step', step: this.struct(node) };
      case 'comprehension':
        return { kind: 'step', step: planComprehension(node, this) };
    }
  }

  private reference(node: Expression): Plan {
    const reference = this.checked.references.get(node);
    if (reference?.kind === 'type') return { kind: 'constant', value: new CelTypeValue(reference.type) };
    if (reference?.kind !== 'variable') throw new PlanFailure('unresolved reference');
    const { name } = reference;
    const slot = reference.local ? this.names.get(name)?.at(-1) : undefined;
    return {
      kind: 'attribute',
      attribute: { base: slot === undefined ? globalStep(name) : slotStep(slot), qualifiers: [] },
    };
  }

  private select(node: SelectNode): Plan {
    if (this.checked.references.has(node)) return this.reference(node);
    const operand = this.plan(node.operand);
    const attribute = qualify(this.attribute(operand), { key: node.field, optional: false, test: node.test });
    if (!node.test) return { kind: 'attribute', attribute };
    const resolve = resolveAttribute(attribute);
    return {
      kind: 'step',
      step: (frame) => {
        const value = resolve(frame);
        return value instanceof CelOptional ? value.value !== undefined : value;
      },
    };
  }

  private call(node: CallNode): Plan {
    if (node.name === operators.conditional && node.target === undefined) return this.conditional(node);
    const selects = [operators.index, operators.optionalIndex, operators.optionalSelect] as string[];
    if (selects.includes(node.name) && node.target === undefined) return this.index(node);
    const plan = planCall(node, this);
    const reference = this.checked.references.get(node);
    const folds =
      reference?.kind === 'function' && reference.receiver === undefined && conversionNames.has(reference.name);
    if (folds && node.arguments.length === 1 && this.plan(node.arguments[0]!).kind === 'constant') {
      return this.folded(this.stepOf(plan));
    }
    return plan;
  }

  /** What a step gives that needs no variable. */
  private folded(step: Step): Plan {
    const value = step(new Frame({}, {}, new Meter(Number.POSITIVE_INFINITY), undefined));
    if (value instanceof CelFailure) throw new PlanFailure(value.message);
    return { kind: 'constant', value };
  }

  private conditional(node: CallNode): Plan {
    const [condition, whenTrue, whenFalse] = node.arguments as [Expression, Expression, Expression];
    const choice = {
      condition: this.step(condition),
      whenTrue: this.attribute(this.plan(whenTrue)),
      whenFalse: this.attribute(this.plan(whenFalse)),
    };
    return { kind: 'attribute', attribute: { base: choice.condition, qualifiers: [], choice } };
  }

  private index(node: CallNode): Plan {
    const [operand, index] = node.arguments as [Expression, Expression];
    const target = this.attribute(this.plan(operand));
    const planned = this.plan(index);
    const key =
      planned.kind === 'constant'
        ? planned.value
        : planned.kind === 'attribute'
          ? resolveAttribute(planned.attribute)
          : planned.step;
    const optional = node.name !== operators.index;
    return { kind: 'attribute', attribute: qualify(target, { key, optional, test: false }) };
  }

  private list(node: ListNode): Plan {
    const plans = node.elements.map((element) => this.plan(element));
    const steps = plans.map((plan) => this.stepOf(plan));
    const { optional } = node;
    const make: Step = (frame) => {
      const elements: CelValue[] = [];
      for (let position = 0; position < steps.length; position += 1) {
        const value = steps[position]!(frame);
        if (value instanceof CelFailure) return value;
        if (!optional.has(position)) elements.push(value);
        else if (!(value instanceof CelOptional)) {
          return new CelFailure(`cannot initialize optional list element from non-optional value ${shownValue(value)}`);
        } else if (value.value !== undefined) elements.push(value.value);
      }
      return new ArrayList(elements);
    };
    if (plans.every((plan) => plan.kind === 'constant')) return this.folded(make);
    return { kind: 'step', step: charged(make, listCreation) };
  }

  private map(node: MapNode): Plan {
    const entries = node.entries.map((entry) => ({
      key: this.plan(entry.key),
      value: this.plan(entry.value),
      optional: entry.optional,
    }));
    const steps = entries.map((entry) => ({
      key: this.stepOf(entry.key),
      value: this.stepOf(entry.value),
      optional: entry.optional,
    }));
    const make: Step = (frame) => {
      const made = new Map<string | bigint | boolean | number, { key: CelValue; value: CelValue }>();
      for (const entry of steps) {
        const key = entry.key(frame);
        if (key instanceof CelFailure) return key;
        let value = entry.value(frame);
        if (value instanceof CelFailure) return value;
        const name = mapKey(key);
        if (name === undefined) return new CelFailure(`unsupported key type: ${shownValue(key)}`);
        if (entry.optional) {
          if (!(value instanceof CelOptional)) return invalidEntry(key, value);
          if (value.value === undefined) {
            made.delete(name);
            continue;
          }
          value = value.value;
        }
        made.set(name, { key, value });
      }
      return new EntryMap(made);
    };
    const constant = entries.every((entry) => entry.key.kind === 'constant' && entry.value.kind === 'constant');
    return constant ? this.folded(make) : { kind: 'step', step: charged(make, mapCreation) };
  }

  private struct(node: StructNode): Step {
    const fields = node.fields.map((field) => ({
      name: field.name,
      step: this.step(field.value),
      optional: field.optional,
    }));
    const name = node.name.replace(/^\./, '');
    const make: Step = (frame) => {
      const made = new Map<string, CelValue>();
      for (const field of fields) {
        let value = field.step(frame);
        if (value instanceof CelFailure) return value;
        if (field.optional) {
          if (!(value instanceof CelOptional)) return invalidEntry(field.name, value);
          if (value.value === undefined) continue;
          value = value.value;
        }
        made.set(field.name, value);
      }
      return new StructValue(name, made);
    };
    return charged(make, structCreation);
  }
}

function invalidEntry(key: CelValue, value: CelValue): CelFailure {
  return new CelFailure(
    `cannot initialize optional entry '${shownValue(key)}' from non-optional value ${shownValue(value)}`,
  );
}

function charged(step: Step, cost: number): Step {
  return (frame) => {
    const value = step(frame);
    frame.meter.charge(cost);
    return value;
  };
}

function literalValue(value: Literal): CelValue {
  return value instanceof UnsignedLiteral ? new CelUint(value.value) : value;
}

function globalStep(name: string): Step {
  return (frame) => frame.variable(name);
}

function slotStep({ position, initial }: Slot): Step {
  if (initial === undefined) return (frame) => frame.slots[position]!;
  return (frame) => {
    let value = frame.slots[position];
    if (value === undefined) {
      value = initial(frame);
      frame.slots[position] = value;
    }
    return value;
  };
}

import type { CelType } from '../cel-type.ts';
import type { Checked } from '../check/checker.ts';
import type { CostEstimate } from '../contract.ts';
import type { CallNode, ComprehensionNode, Expression, Literal, SelectNode } from '../syntax/expression.ts';
import { callEstimate, type Operand } from './call-estimate.ts';
import { listCreation, mapCreation, structCreation } from './runtime-cost.ts';
import {
  declaredSize,
  type EntrySize,
  entryUnion,
  fixed,
  most,
  noCost,
  plus,
  type SizeEstimate,
  times,
  union,
  unknownSize,
} from './size-estimate.ts';

/** What is known of a loop's variable. */
interface LocalVariable {
  readonly path: readonly string[] | undefined;
  readonly size: SizeEstimate | undefined;
  readonly entries: EntrySize | undefined;
}

const scalars = new Set(['bool', 'double', 'duration', 'int', 'timestamp', 'uint']);

function isScalar(type: CelType): boolean {
  if (type.kind === 'opaque' && type.name === 'optional_type') return isScalar(type.parameters[0]!);
  return scalars.has(type.kind);
}

function literalSize(value: Literal): number {
  if (typeof value === 'string') return [...value].length;
  return value instanceof Uint8Array ? value.length : 1;
}

function writtenSize(node: Expression): SizeEstimate | undefined {
  if (node.kind === 'literal') return fixed(literalSize(node.value));
  if (node.kind === 'list') return fixed(node.elements.length);
  return node.kind === 'map' ? fixed(node.entries.length) : undefined;
}

/** The range of what an evaluation can cost, from bounds on sizes alone (cel-go's checker/cost.go). */
class Estimator {
  private readonly checked: Checked;
  private readonly variables: Readonly<Record<string, CelType>>;
  private readonly paths = new Map<Expression, readonly string[]>();
  private readonly sizes = new Map<Expression, SizeEstimate>();
  private readonly entrySizes = new Map<Expression, EntrySize>();
  private readonly costs = new Map<Expression, CostEstimate>();
  private readonly locals = new Map<string, LocalVariable[]>();

  constructor(checked: Checked, variables: Readonly<Record<string, CelType>>) {
    this.checked = checked;
    this.variables = variables;
  }

  cost(node: Expression): CostEstimate {
    let cost = this.costs.get(node);
    if (cost === undefined) {
      cost = this.costOf(node);
      this.costs.set(node, cost);
    }
    return cost;
  }

  private costOf(node: Expression): CostEstimate {
    switch (node.kind) {
      case 'literal':
        return noCost;
      case 'identifier':
        this.paths.set(node, this.local(node.name) === undefined ? [node.name] : (this.local(node.name)!.path ?? []));
        return fixed(1);
      case 'select':
        return this.select(node);
      case 'call':
        return this.call(node);
      case 'list':
        return this.list(node.elements, node);
      case 'map':
        return this.map(node.entries, node);
      case 'struct':
        return node.fields.reduce((sum, field) => plus(sum, this.cost(field.value)), fixed(structCreation));
      case 'comprehension':
        return this.comprehension(node);
    }
  }

  private local(name: string): LocalVariable | undefined {
    return this.locals.get(name)?.at(-1);
  }

  private pathOf(node: Expression): readonly string[] | undefined {
    if (node.kind === 'identifier') {
      const local = this.local(node.name);
      if (local !== undefined) return local.path;
    }
    return this.paths.get(node);
  }

  private sizeOf(node: Expression): SizeEstimate | undefined {
    const known = this.sizes.get(node) ?? writtenSize(node);
    if (known !== undefined) return known;
    const declared = declaredSize(this.variables, this.pathOf(node));
    if (declared !== undefined) return declared;
    if (isScalar(this.checked.typeOf(node))) return fixed(1);
    return node.kind === 'identifier' ? this.local(node.name)?.size : undefined;
  }

  private sizeOrUnknown(node: Expression): SizeEstimate {
    return this.sizeOf(node) ?? unknownSize;
  }

  private entriesOf(node: Expression): EntrySize | undefined {
    return this.entrySizes.get(node) ?? (node.kind === 'identifier' ? this.local(node.name)?.entries : undefined);
  }

  private setSizes(node: Expression, size: SizeEstimate | undefined, entries: EntrySize | undefined): void {
    if (size !== undefined) this.sizes.set(node, size);
    if (entries !== undefined) this.entrySizes.set(node, entries);
  }

  private select(node: SelectNode): CostEstimate {
    if (this.checked.references.has(node)) {
      const reference = this.checked.references.get(node)!;
      if (reference.kind === 'variable') this.paths.set(node, [reference.name]);
      return fixed(1);
    }
    const cost = this.cost(node.operand);
    if (node.test) return cost;
    this.paths.set(node, [...(this.pathOf(node.operand) ?? []), node.field]);
    const { kind } = this.checked.typeOf(node.operand);
    return kind === 'map' || kind === 'object' || kind === 'parameter' ? plus(cost, fixed(1)) : cost;
  }

  private operand(node: Expression): Operand {
    const path = this.pathOf(node);
    const type = this.checked.typeOf(node);
    const element = type.kind === 'list' ? type.parameters[0] : undefined;
    const elementPath = path === undefined || path.length === 0 ? undefined : [...path, '@items'];
    const elementSize = declaredSize(this.variables, elementPath) ?? unknownSize;
    return {
      node,
      type,
      size: this.sizeOrUnknown(node),
      ...(element === undefined ? {} : { element: { type: element, size: elementSize } }),
    };
  }

  private call(node: CallNode): CostEstimate {
    const reference = this.checked.references.get(node);
    if (node.name === 'dyn' && node.target === undefined) {
      const [part] = node.arguments as [Expression];
      const cost = plus(fixed(1), this.cost(part));
      this.setSizes(node, this.sizeOf(part), this.entriesOf(part));
      return cost;
    }
    const costs = node.arguments.map((part) => this.cost(part));
    const sum = costs.reduce(plus, noCost);
    // An optional selection has no overload that the checker resolves.
    if (reference?.kind !== 'function') return plus(sum, fixed(1));
    const receiver = reference.receiver === undefined ? noCost : this.cost(reference.receiver);
    const target = reference.receiver === undefined ? undefined : this.operand(reference.receiver);
    const parts = node.arguments.map((part) => this.operand(part));
    let total: CostEstimate = { min: most, max: 0 };
    let size: SizeEstimate | undefined;
    for (const overload of reference.overloads) {
      const estimate =
        this.shortCircuit(node, overload.id, costs) ?? callEstimate(reference.name, overload.id, target, parts);
      total = union(total, estimate.whole === true ? estimate.cost : plus(estimate.cost, sum));
      if (estimate.size !== undefined) size = size === undefined ? estimate.size : union(size, estimate.size);
      this.follow(node, overload.id);
    }
    this.joinEntries(node, reference.overloads[0]!.id);
    if (node.name === '_[_]') size = this.entriesOf(node.arguments[0]!)?.value ?? size;
    if (size !== undefined) this.sizes.set(node, size);
    return plus(receiver, total);
  }

  /** `&&`, `||` and `? :`, which do not evaluate all of their operands. */
  private shortCircuit(
    node: CallNode,
    overload: string,
    costs: readonly CostEstimate[],
  ): { cost: CostEstimate; size?: SizeEstimate; whole: true } | undefined {
    const [first, second, third] = costs as [CostEstimate, CostEstimate, CostEstimate];
    if (overload === 'logical_and' || overload === 'logical_or') {
      return { cost: { min: first.min, max: plus(first, second).max }, whole: true };
    }
    if (overload !== 'conditional') return undefined;
    const [, whenTrue, whenFalse] = node.arguments as [Expression, Expression, Expression];
    const size = union(this.sizeOrUnknown(whenTrue), this.sizeOrUnknown(whenFalse));
    return { cost: plus(first, union(second, third)), size, whole: true };
  }

  private joinEntries(node: CallNode, overload: string): void {
    const [first, second, third] = node.arguments as [Expression, Expression, Expression];
    const joined =
      overload === 'conditional'
        ? entryUnion(this.entriesOf(second), this.entriesOf(third))
        : overload.startsWith('add_') && node.arguments.length === 2
          ? entryUnion(this.entriesOf(first), this.entriesOf(second))
          : undefined;
    this.setSizes(node, undefined, joined);
  }

  /** The path of what an index selects. */
  private follow(node: CallNode, overload: string): void {
    const step = overload === 'index_list' ? '@items' : overload === 'index_map' ? '@values' : undefined;
    if (step === undefined) return;
    this.paths.set(node, [...(this.pathOf(node.arguments[0]!) ?? []), step]);
  }

  private list(elements: readonly Expression[], node: Expression): CostEstimate {
    let size: SizeEstimate = { min: elements.length === 0 ? 0 : most, max: 0 };
    let cost = fixed(listCreation);
    for (const element of elements) {
      cost = plus(cost, this.cost(element));
      size = union(size, this.sizeOrUnknown(element));
    }
    this.entrySizes.set(node, { container: 'list', key: fixed(1), value: size });
    return cost;
  }

  private map(entries: readonly { key: Expression; value: Expression }[], node: Expression): CostEstimate {
    const start: SizeEstimate = { min: entries.length === 0 ? 0 : most, max: 0 };
    let [key, value, cost] = [start, start, fixed(mapCreation)];
    for (const entry of entries) {
      cost = plus(cost, plus(this.cost(entry.key), this.cost(entry.value)));
      key = union(key, this.sizeOrUnknown(entry.key));
      value = union(value, this.sizeOrUnknown(entry.value));
    }
    this.entrySizes.set(node, { container: 'map', key, value });
    return cost;
  }

  private within(name: string, local: LocalVariable, estimate: () => CostEstimate): CostEstimate {
    const stack = this.locals.get(name) ?? [];
    this.locals.set(name, stack);
    stack.push(local);
    const cost = estimate();
    stack.pop();
    return cost;
  }

  private iteration(node: ComprehensionNode, which: 'key' | 'value' | 'single'): LocalVariable {
    const entries = this.entriesOf(node.range);
    const container = entries?.container ?? this.checked.typeOf(node.range).kind;
    const isList = container === 'list';
    const value = which === 'value' || (which === 'single' && isList);
    const step = value ? (isList ? '@items' : '@values') : isList ? '@indices' : '@keys';
    return {
      path: [...(this.pathOf(node.range) ?? []), step],
      size: value ? entries?.value : entries?.key,
      entries: undefined,
    };
  }

  private comprehension(node: ComprehensionNode): CostEstimate {
    const before = plus(this.cost(node.range), this.cost(node.initial));
    const { initial } = node;
    const bound = { path: this.pathOf(initial), size: this.sizeOf(initial), entries: this.entriesOf(initial) };
    if (this.isBinding(node)) {
      const cost = this.within(node.accumulator, bound, () => this.cost(node.result));
      this.setSizes(node, this.sizeOf(node.result), this.entriesOf(node.result));
      return plus(before, cost);
    }
    let each = noCost;
    const after = this.within(node.accumulator, bound, () => {
      const loop = () => plus(this.cost(node.condition), this.cost(node.step));
      const { secondVariable: second } = node;
      const [first, other] = second === undefined ? (['single', 'single'] as const) : (['key', 'value'] as const);
      each = this.within(node.variable, this.iteration(node, first), () =>
        second === undefined ? loop() : this.within(second, this.iteration(node, other), loop),
      );
      return this.cost(node.result);
    });
    const count = this.sizeOrUnknown(node.range);
    if (initial.kind === 'literal') this.setSizes(node, this.sizeOf(initial), undefined);
    else this.setSizes(node, count, this.entriesOf(node.step));
    return plus(plus(before, after), times(count, each));
  }

  /** A loop over nothing that only gives a name to a value. */
  private isBinding(node: ComprehensionNode): boolean {
    const { range, condition } = node;
    return (
      range.kind === 'list' && range.elements.length === 0 && condition.kind === 'literal' && condition.value === false
    );
  }
}

/** What an evaluation can cost when every value is as large as its declared type allows. */
export function estimateCost(checked: Checked, variables: Readonly<Record<string, CelType>>): CostEstimate {
  return new Estimator(checked, variables).cost(checked.root);
}

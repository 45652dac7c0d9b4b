import type { Node, Taint } from '@keelson/model/generated/types/core-v1.ts';
import type { Labels } from './label-requirements.ts';
import { type Amounts, amountsOf } from './resource-request.ts';

/** One resource over all nodes: what each can give and what is taken of it. */
export interface ResourceColumn {
  allocatable: Float64Array;
  used: Float64Array;
}

/** The values of one label over all nodes, as numbers: 0 where a node lacks it. */
export interface LabelColumn {
  ids: Uint32Array;
  readonly idOf: Map<string, number>;
}

const noLabels: Labels = {};
const noTaints: readonly Taint[] = [];

/**
 * The nodes as columns of numbers, one slot to a node, so that a filter over thousands of them reads a few arrays and
 * no object. A slot keeps its number while its node lives; a slot without node holds the pods of a node that is not
 * known yet, or no longer.
 */
export class NodeTable {
  /** Slots in use lie below this. */
  size = 0;
  names: string[] = [];
  labels: Labels[] = [];
  taints: (readonly Taint[])[] = [];
  images: (ReadonlyMap<string, number> | undefined)[] = [];
  /** 1 where a node stands. */
  present = new Uint8Array(16);
  unschedulable = new Uint8Array(16);
  /** The node's taints as a number: equal lists have the same one, 0 has none. */
  taintGroup = new Uint32Array(16);
  podLimit = new Float64Array(16);
  podCount = new Float64Array(16);
  spreadingCpu = new Float64Array(16);
  spreadingMemory = new Float64Array(16);
  readonly resources = new Map<string, ResourceColumn>();
  /** By taint group. */
  readonly taintGroups: (readonly Taint[])[] = [noTaints];
  nodeCount = 0;

  readonly #labelColumns = new Map<string, LabelColumn>();
  readonly #slots = new Map<string, number>();
  readonly #free: number[] = [];
  readonly #taintGroupIds = new Map<string, number>([['[]', 0]]);

  slotOf(name: string): number | undefined {
    return this.#slots.get(name);
  }

  /** The slot of `name`, made when there is none. */
  claim(name: string): number {
    const known = this.#slots.get(name);
    if (known !== undefined) return known;
    const slot = this.#free.pop() ?? this.size++;
    if (slot >= this.present.length) this.#grow(slot + 1);
    this.#slots.set(name, slot);
    this.names[slot] = name;
    this.#clear(slot);
    return slot;
  }

  /** Gives a slot back that has neither node nor pods. */
  release(slot: number): void {
    this.#slots.delete(this.names[slot]!);
    this.names[slot] = '';
    this.#free.push(slot);
  }

  setNode(slot: number, node: Node): void {
    if (this.present[slot] === 0) this.nodeCount++;
    this.present[slot] = 1;
    this.labels[slot] = node.metadata?.labels ?? noLabels;
    const taints = node.spec?.taints ?? noTaints;
    this.taints[slot] = taints;
    this.taintGroup[slot] = this.#taintGroupOf(taints);
    this.unschedulable[slot] = node.spec?.unschedulable ? 1 : 0;
    this.images[slot] = imageSizes(node);
    const allocatable = amountsOf(node.status?.allocatable);
    this.podLimit[slot] = allocatable.get('pods') ?? 0;
    for (const [name, column] of this.resources) column.allocatable[slot] = allocatable.get(name) ?? 0;
    for (const [name, amount] of allocatable) if (name !== 'pods') this.column(name).allocatable[slot] = amount;
    for (const [key, column] of this.#labelColumns) column.ids[slot] = labelId(column, this.labels[slot]![key]);
  }

  clearNode(slot: number): void {
    if (this.present[slot] === 1) this.nodeCount--;
    this.present[slot] = 0;
    this.labels[slot] = noLabels;
    this.taints[slot] = noTaints;
    this.taintGroup[slot] = 0;
    this.images[slot] = undefined;
    for (const column of this.resources.values()) column.allocatable[slot] = 0;
    for (const column of this.#labelColumns.values()) column.ids[slot] = 0;
  }

  /** The column of the label `key`: made when it is asked for first, current from then on. */
  labelColumn(key: string): LabelColumn {
    let column = this.#labelColumns.get(key);
    if (column === undefined) {
      column = { ids: new Uint32Array(this.present.length), idOf: new Map() };
      for (let slot = 0; slot < this.size; slot++) column.ids[slot] = labelId(column, this.labels[slot]![key]);
      this.#labelColumns.set(key, column);
    }
    return column;
  }

  /** Counts `request` at the slot, `sign` times. */
  charge(slot: number, request: Amounts, sign: 1 | -1): void {
    for (const [name, amount] of request) {
      const { used } = this.column(name);
      used[slot] = used[slot]! + sign * amount;
    }
  }

  /** The column of a resource, made when no node and no pod has named it before. */
  column(name: string): ResourceColumn {
    let column = this.resources.get(name);
    if (column === undefined) {
      const length = this.present.length;
      column = { allocatable: new Float64Array(length), used: new Float64Array(length) };
      this.resources.set(name, column);
    }
    return column;
  }

  #taintGroupOf(taints: readonly Taint[]): number {
    if (taints.length === 0) return 0;
    const text = JSON.stringify(taints.map(({ key, value, effect }) => [key, value ?? '', effect]));
    let id = this.#taintGroupIds.get(text);
    if (id === undefined) {
      id = this.taintGroups.length;
      this.taintGroups.push(taints);
      this.#taintGroupIds.set(text, id);
    }
    return id;
  }

  #clear(slot: number): void {
    this.present[slot] = 0;
    this.labels[slot] = noLabels;
    this.taints[slot] = noTaints;
    this.taintGroup[slot] = 0;
    this.podCount[slot] = 0;
    this.spreadingCpu[slot] = 0;
    this.spreadingMemory[slot] = 0;
    this.images[slot] = undefined;
    for (const column of this.resources.values()) column.allocatable[slot] = column.used[slot] = 0;
    for (const column of this.#labelColumns.values()) column.ids[slot] = 0;
  }

  #grow(least: number): void {
    const length = Math.max(least, this.present.length * 2);
    this.present = widened(this.present, new Uint8Array(length));
    this.unschedulable = widened(this.unschedulable, new Uint8Array(length));
    this.taintGroup = widened(this.taintGroup, new Uint32Array(length));
    this.podLimit = widened(this.podLimit, new Float64Array(length));
    this.podCount = widened(this.podCount, new Float64Array(length));
    this.spreadingCpu = widened(this.spreadingCpu, new Float64Array(length));
    this.spreadingMemory = widened(this.spreadingMemory, new Float64Array(length));
    for (const column of this.resources.values()) {
      column.allocatable = widened(column.allocatable, new Float64Array(length));
      column.used = widened(column.used, new Float64Array(length));
    }
    for (const column of this.#labelColumns.values()) column.ids = widened(column.ids, new Uint32Array(length));
  }
}

function labelId({ idOf }: LabelColumn, value: string | undefined): number {
  if (value === undefined) return 0;
  let id = idOf.get(value);
  if (id === undefined) idOf.set(value, (id = idOf.size + 1));
  return id;
}

function widened<T extends Uint8Array | Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

function imageSizes(node: Node): ReadonlyMap<string, number> | undefined {
  const images = node.status?.images;
  if (images === undefined || images.length === 0) return undefined;
  return new Map(images.flatMap(({ names, sizeBytes }) => (names ?? []).map((name) => [name, sizeBytes ?? 0])));
}

import { backoffDelay, type Clock, type Timer } from '@keelson/base';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import type { PodFacts } from './pod-facts.ts';

/** Something that happened in the cluster and could make an unschedulable pod schedulable. */
export type ClusterEvent =
  | 'nodeAdded'
  | 'nodeResources'
  | 'nodeLabels'
  | 'nodeTaints'
  | 'podAssigned'
  | 'podGone'
  | 'namespaceLabels';

/** Which events matter to a pod that a rule refused. A pod that no rule refused is woken by all. */
const wakers: Readonly<Record<string, readonly ClusterEvent[]>> = {
  NodeUnschedulable: ['nodeAdded', 'nodeTaints'],
  NodeName: ['nodeAdded'],
  TaintToleration: ['nodeAdded', 'nodeTaints'],
  NodeAffinity: ['nodeAdded', 'nodeLabels'],
  NodePorts: ['nodeAdded', 'podGone'],
  NodeResourcesFit: ['nodeAdded', 'nodeResources', 'podGone'],
  PodTopologySpread: ['nodeAdded', 'nodeLabels', 'nodeTaints', 'podAssigned', 'podGone'],
  InterPodAffinity: ['nodeAdded', 'nodeLabels', 'podAssigned', 'podGone', 'namespaceLabels'],
};

/** A pod that waits for a node. */
export interface QueuedPod {
  readonly pod: Pod;
  readonly facts: PodFacts;
  /** When it came to the queue, on the monotonic clock. */
  readonly since: number;
  attempts: number;
}

interface Entry extends QueuedPod {
  pod: Pod;
  facts: PodFacts;
  place: 'active' | 'backoff' | 'unschedulable' | 'taken';
  /** Monotonic; until then it is not tried again. */
  notBefore: number;
  unschedulableSince: number;
  refusedBy: ReadonlySet<string>;
}

const backoff = { initial: 1_000, longest: 10_000 };
/** A pod that nothing woke is tried again after this time, in milliseconds; it is looked for this often. */
const longestUnschedulable = 300_000;
const flushInterval = 30_000;

/**
 * The pods that wait for a node: those to be tried now, by priority and then age; those that wait out a back-off of 1
 * to 10 seconds; and those for which something has to change first. `onReady` is called when `take` has something to
 * give after it had nothing.
 */
export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #onReady: () => void;
  readonly #entries = new Map<string, Entry>();
  readonly #active: Entry[] = [];
  #timer: Timer | undefined;
  #timerDue = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(clock: Clock, onReady: () => void) {
    this.#clock = clock;
    this.#onReady = onReady;
  }

  /** How many pods are known, in any state. */
  get size(): number {
    return this.#entries.size;
  }

  /** Takes in a new pod, or a new state of a known one; `relevant` says that the change could make it schedulable. */
  set(pod: Pod, facts: PodFacts, relevant: boolean): void {
    const known = this.#entries.get(facts.key);
    if (known !== undefined && known.facts.uid === facts.uid) {
      known.pod = pod;
      known.facts = facts;
      if (relevant && known.place === 'unschedulable') this.#revive(known);
      return;
    }
    this.remove(facts.key);
    const now = this.#clock.monotonic();
    const entry: Entry = {
      pod,
      facts,
      since: now,
      attempts: 0,
      place: 'active',
      notBefore: 0,
      unschedulableSince: 0,
      refusedBy: new Set(),
    };
    this.#entries.set(facts.key, entry);
    this.#activate(entry);
  }

  remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    // An active entry stays in the heap and is skipped when it comes up.
    entry.place = 'taken';
  }

  /** The next pod to try; it stays known until `remove`, and comes back with `refused` or `failed`. */
  take(): QueuedPod | undefined {
    for (;;) {
      const entry = popHeap(this.#active);
      if (entry === undefined) return undefined;
      if (entry.place !== 'active') continue;
      entry.place = 'taken';
      entry.attempts++;
      return entry;
    }
  }

  /** The pod has no place: it waits until something happens that matters to the rules in `plugins`. */
  refused(key: string, plugins: ReadonlySet<string>): void {
    const entry = this.#entries.get(key);
    if (entry?.place !== 'taken') return;
    const now = this.#clock.monotonic();
    entry.place = 'unschedulable';
    entry.refusedBy = plugins;
    entry.unschedulableSince = now;
    entry.notBefore = now + backoffDelay(backoff, entry.attempts);
    this.#setTimer(now + flushInterval);
  }

  /** Something else went wrong (a write failed): tried again after its back-off. */
  failed(key: string): void {
    const entry = this.#entries.get(key);
    if (entry?.place !== 'taken') return;
    entry.notBefore = this.#clock.monotonic() + backoffDelay(backoff, entry.attempts);
    this.#revive(entry);
  }

  /** Something happened in the cluster. */
  happened(event: ClusterEvent): void {
    for (const entry of this.#entries.values())
      if (entry.place === 'unschedulable' && matters(event, entry.refusedBy)) this.#revive(entry);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#entries.clear();
    this.#active.length = 0;
  }

  #revive(entry: Entry): void {
    if (entry.notBefore <= this.#clock.monotonic()) this.#activate(entry);
    else {
      entry.place = 'backoff';
      this.#setTimer(entry.notBefore);
    }
  }

  #activate(entry: Entry): void {
    entry.place = 'active';
    pushHeap(this.#active, entry);
    if (this.#active.length === 1) this.#onReady();
  }

  #setTimer(due: number): void {
    if (this.#closed || due >= this.#timerDue) return;
    this.#timer?.cancel();
    this.#timerDue = due;
    this.#timer = this.#clock.setTimer(due - this.#clock.monotonic(), () => this.#tick());
  }

  #tick(): void {
    this.#timerDue = Number.POSITIVE_INFINITY;
    const now = this.#clock.monotonic();
    let next = Number.POSITIVE_INFINITY;
    for (const entry of this.#entries.values()) {
      if (entry.place === 'backoff') {
        if (entry.notBefore <= now) this.#activate(entry);
        else next = Math.min(next, entry.notBefore);
      } else if (entry.place === 'unschedulable') {
        if (now - entry.unschedulableSince >= longestUnschedulable) this.#revive(entry);
        else next = Math.min(next, now + flushInterval);
      }
    }
    if (next !== Number.POSITIVE_INFINITY) this.#setTimer(next);
  }
}

function matters(event: ClusterEvent, refusedBy: ReadonlySet<string>): boolean {
  if (refusedBy.size === 0) return true;
  for (const name of refusedBy) if (wakers[name]?.includes(event) ?? true) return true;
  return false;
}

function before(one: Entry, other: Entry): boolean {
  if (one.facts.priority !== other.facts.priority) return one.facts.priority > other.facts.priority;
  return one.since < other.since;
}

function pushHeap(heap: Entry[], entry: Entry): void {
  let at = heap.push(entry) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!before(heap[at]!, heap[parent]!)) return;
    [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
    at = parent;
  }
}

function popHeap(heap: Entry[]): Entry | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (top === undefined || last === undefined || heap.length === 0) return top;
  heap[0] = last;
  let at = 0;
  for (;;) {
    const left = 2 * at + 1;
    const right = left + 1;
    let least = at;
    if (left < heap.length && before(heap[left]!, heap[least]!)) least = left;
    if (right < heap.length && before(heap[right]!, heap[least]!)) least = right;
    if (least === at) return top;
    [heap[at], heap[least]] = [heap[least]!, heap[at]!];
    at = least;
  }
}

import type { Node } from '@keelson/model/generated/types/core-v1.ts';
import type { Labels } from './label-requirements.ts';
import { NodeTable } from './node-table.ts';
import type { HostPort, PodFacts } from './pod-facts.ts';

/**
 * Pods that no selector can tell apart: same namespace, same labels. The pods of a ReplicaSet are one class, so
 * that counting them over topology domains tests their labels once.
 */
export interface PodClass {
  readonly namespace: string;
  readonly labels: Labels;
  readonly terminating: boolean;
  /** How many stand on which slot. */
  readonly bySlot: Map<number, number>;
}

/**
 * The cluster as placement sees it: nodes with what is taken of them, pods with a node (bound ones, and those assumed
 * to be while their binding is under way), namespaces' labels. Changed by watch events and by placement itself; reading
 * it never changes it.
 */
export class ClusterSnapshot {
  readonly table = new NodeTable();
  readonly #pods = new Map<string, PodFacts>();
  readonly #podsBySlot: (Set<PodFacts> | undefined)[] = [];
  readonly #classes = new Map<string, Map<string, PodClass>>();
  readonly #ports: (Map<string, number> | undefined)[] = [];
  readonly #namespaces = new Map<string, Labels>();
  /** Pods with any affinity towards others: few, and the only ones whose own terms must be looked at. */
  readonly podsWithAffinity = new Set<PodFacts>();
  readonly podsWithAntiAffinity = new Set<PodFacts>();

  setNode(node: Node): void {
    this.table.setNode(this.table.claim(node.metadata?.name ?? ''), node);
  }

  removeNode(name: string): void {
    const slot = this.table.slotOf(name);
    if (slot === undefined) return;
    this.table.clearNode(slot);
    this.#releaseIfEmpty(slot);
  }

  pod(key: string): PodFacts | undefined {
    return this.#pods.get(key);
  }

  podsAt(slot: number): ReadonlySet<PodFacts> {
    return this.#podsBySlot[slot] ?? new Set();
  }

  /** The slot that a pod of the snapshot stands on. */
  slotOf(pod: PodFacts): number {
    return this.table.slotOf(pod.nodeName)!;
  }

  /** Adds a pod that has a node, or puts a newer state of it in its place. */
  setPod(pod: PodFacts): void {
    this.removePod(pod.key);
    const slot = this.table.claim(pod.nodeName);
    this.#pods.set(pod.key, pod);
    (this.#podsBySlot[slot] ??= new Set()).add(pod);
    this.#count(slot, pod, 1);
    if (pod.affinity.length + pod.preferredAffinity.length + pod.preferredAntiAffinity.length > 0)
      this.podsWithAffinity.add(pod);
    if (pod.antiAffinity.length > 0) this.podsWithAntiAffinity.add(pod);
  }

  removePod(key: string): void {
    const pod = this.#pods.get(key);
    if (pod === undefined) return;
    const slot = this.slotOf(pod);
    this.#pods.delete(key);
    this.#podsBySlot[slot]?.delete(pod);
    this.podsWithAffinity.delete(pod);
    this.podsWithAntiAffinity.delete(pod);
    this.#count(slot, pod, -1);
    this.#releaseIfEmpty(slot);
  }

  setNamespace(name: string, labels: Labels | undefined): void {
    if (labels === undefined) this.#namespaces.delete(name);
    else this.#namespaces.set(name, labels);
  }

  namespaceLabels(name: string): Labels {
    return this.#namespaces.get(name) ?? {};
  }

  /** Every class of pods of one namespace, or of all. */
  *classes(namespace?: string): Iterable<PodClass> {
    if (namespace !== undefined) yield* this.#classes.get(namespace)?.values() ?? [];
    else for (const classes of this.#classes.values()) yield* classes.values();
  }

  /** True when a pod on the slot holds a port that `port` collides with: the wildcard address collides with every one. */
  portTaken(slot: number, port: HostPort): boolean {
    const ports = this.#ports[slot];
    if (ports === undefined || ports.size === 0) return false;
    const tail = `/${port.protocol}/${port.port}`;
    if (port.address !== '0.0.0.0') return ports.has(`0.0.0.0${tail}`) || ports.has(port.address + tail);
    for (const taken of ports.keys()) if (taken.endsWith(tail)) return true;
    return false;
  }

  #count(slot: number, pod: PodFacts, sign: 1 | -1): void {
    const { table } = this;
    table.charge(slot, pod.request, sign);
    table.podCount[slot] = table.podCount[slot]! + sign;
    table.spreadingCpu[slot] = table.spreadingCpu[slot]! + sign * pod.spreadingCpu;
    table.spreadingMemory[slot] = table.spreadingMemory[slot]! + sign * pod.spreadingMemory;
    if (pod.hostPorts.length > 0) {
      const ports = (this.#ports[slot] ??= new Map());
      for (const { address, protocol, port } of pod.hostPorts) tally(ports, `${address}/${protocol}/${port}`, sign);
    }
    this.#countClass(slot, pod, sign);
  }

  #countClass(slot: number, pod: PodFacts, sign: 1 | -1): void {
    const labels = Object.entries(pod.labels).sort(([one], [other]) => (one < other ? -1 : 1));
    const key = JSON.stringify([pod.terminating, labels]);
    let classes = this.#classes.get(pod.namespace);
    if (classes === undefined) this.#classes.set(pod.namespace, (classes = new Map()));
    let one = classes.get(key);
    if (one === undefined) {
      one = { namespace: pod.namespace, labels: pod.labels, terminating: pod.terminating, bySlot: new Map() };
      classes.set(key, one);
    }
    tally(one.bySlot, slot, sign);
    if (one.bySlot.size === 0) classes.delete(key);
    if (classes.size === 0) this.#classes.delete(pod.namespace);
  }

  #releaseIfEmpty(slot: number): void {
    if (this.table.present[slot] === 1 || (this.#podsBySlot[slot]?.size ?? 0) > 0) return;
    this.#podsBySlot[slot] = undefined;
    this.#ports[slot] = undefined;
    this.table.release(slot);
  }
}

function tally<K>(counts: Map<K, number>, key: K, sign: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + sign;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}

import type { Nominations } from './placement.ts';
import type { PodFacts } from './pod-facts.ts';

/** Which waiting pods were promised room on which node. */
export class NominatedPods implements Nominations {
  readonly #nodeOf = new Map<string, string>();
  readonly #byNode = new Map<string, Map<string, PodFacts>>();

  get size(): number {
    return this.#nodeOf.size;
  }

  at(node: string, priority: number, except: string): readonly PodFacts[] {
    const pods = this.#byNode.get(node);
    if (pods === undefined) return [];
    return [...pods.values()].filter((pod) => pod.priority >= priority && pod.key !== except);
  }

  nodeOf(key: string): string {
    return this.#nodeOf.get(key) ?? '';
  }

  /** Promises room on `node`, or takes the promise back when it is ''. */
  set(pod: PodFacts, node: string): void {
    this.remove(pod.key);
    if (node === '') return;
    this.#nodeOf.set(pod.key, node);
    let pods = this.#byNode.get(node);
    if (pods === undefined) this.#byNode.set(node, (pods = new Map()));
    pods.set(pod.key, pod);
  }

  remove(key: string): void {
    const node = this.#nodeOf.get(key);
    if (node === undefined) return;
    this.#nodeOf.delete(key);
    const pods = this.#byNode.get(node)!;
    pods.delete(key);
    if (pods.size === 0) this.#byNode.delete(node);
  }
}

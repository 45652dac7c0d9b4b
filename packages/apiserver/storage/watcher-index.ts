import type { CacheWatcher } from './cache-watcher.ts';
import type { EventBatch } from './event-history.ts';

/**
 * Finds the watchers that a change may concern. Ten thousand kubelets watch the pods of their own node each: a change of
 * one pod must not ask all of them.
 */
export class WatcherIndex {
  readonly #everything = new Set<CacheWatcher>();
  readonly #byField = new Map<string, Map<string, Set<CacheWatcher>>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Those that are not found by a field's value. */
  get broad(): number {
    return this.#everything.size;
  }

  add(watcher: CacheWatcher): void {
    this.#bucket(watcher).add(watcher);
    this.#size++;
  }

  delete(watcher: CacheWatcher): void {
    const bucket = this.#bucket(watcher);
    if (!bucket.delete(watcher)) return;
    this.#size--;
    const { trigger } = watcher;
    if (trigger === undefined || bucket.size > 0) return;
    const values = this.#byField.get(trigger.field)!;
    values.delete(trigger.value);
    if (values.size === 0) this.#byField.delete(trigger.field);
  }

  /** Offers `batch` to everyone whom one of its changes may concern, once. */
  offer(batch: EventBatch): void {
    for (const watcher of this.#everything) watcher.offer(batch);
    for (const [field, values] of this.#byField) {
      const concerned = new Set<string>();
      for (const { previous, current } of batch.events) {
        if (previous !== undefined) concerned.add(previous.field(field));
        if (current !== undefined) concerned.add(current.field(field));
      }
      for (const value of concerned) {
        const bucket = values.get(value);
        if (bucket !== undefined) for (const watcher of bucket) watcher.offer(batch);
      }
    }
  }

  all(): CacheWatcher[] {
    const found = [...this.#everything];
    for (const values of this.#byField.values()) for (const bucket of values.values()) found.push(...bucket);
    return found;
  }

  #bucket({ trigger }: CacheWatcher): Set<CacheWatcher> {
    if (trigger === undefined) return this.#everything;
    let values = this.#byField.get(trigger.field);
    if (values === undefined) this.#byField.set(trigger.field, (values = new Map()));
    let bucket = values.get(trigger.value);
    if (bucket === undefined) values.set(trigger.value, (bucket = new Set()));
    return bucket;
  }
}

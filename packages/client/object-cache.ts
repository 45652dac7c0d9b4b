import type { ApiObject } from '@keelson/model';
import { type IndexFunction, ObjectIndex } from './object-index.ts';

/** What happened to one object: absent before means new, absent now means gone (`before` is its last state). */
export type ChangeHandler<T> = (before: T | undefined, now: T | undefined) => void;

/** Objects of one resource by namespace and name, with indexes and listeners. It is told of changes; it fetches nothing. */
export class ObjectCache<T extends ApiObject> {
  readonly #namespaces = new Map<string, Map<string, T>>();
  readonly #indexes = new Map<string, ObjectIndex<T>>();
  readonly #handlers = new Set<ChangeHandler<T>>();
  readonly #failed: (thrown: unknown) => void;
  readonly #freeze: boolean;
  #size = 0;

  /** `failed` hears of a handler that threw; `freeze` makes every object handed out immutable, to find who changes one. */
  constructor(failed: (thrown: unknown) => void, freeze: boolean) {
    this.#failed = failed;
    this.#freeze = freeze;
  }

  get size(): number {
    return this.#size;
  }

  /** The object; the namespace of one that has none is '' or undefined. */
  get(namespace: string | undefined, name: string): T | undefined {
    return this.#namespaces.get(namespace ?? '')?.get(name);
  }

  /** The objects of a namespace, or of all when it is undefined. */
  list(namespace?: string): T[] {
    if (namespace !== undefined) return [...(this.#namespaces.get(namespace)?.values() ?? [])];
    const all: T[] = [];
    for (const objects of this.#namespaces.values()) all.push(...objects.values());
    return all;
  }

  /** The index of this name, made and filled when it is asked for the first time. */
  index(name: string, by: IndexFunction<T>): ObjectIndex<T> {
    const existing = this.#indexes.get(name);
    if (existing !== undefined) return existing;
    const index = new ObjectIndex(by);
    for (const object of this.list()) index.add(object);
    this.#indexes.set(name, index);
    return index;
  }

  /** Calls `handler` for every object that is there, at once, and then for every change. Returns what ends it. */
  onChange(handler: ChangeHandler<T>): () => void {
    this.#handlers.add(handler);
    for (const object of this.list()) this.#call(handler, undefined, object);
    return () => this.#handlers.delete(handler);
  }

  /** Puts an object in, over its former state. */
  set(object: T): void {
    if (this.#freeze) deepFreeze(object);
    const before = this.#store(object);
    for (const handler of [...this.#handlers]) this.#call(handler, before, object);
  }

  /** Takes an object out; `last` is the final state that the server told of. */
  remove(last: T): void {
    const removed = this.#discard(last);
    if (removed === undefined) return;
    for (const handler of [...this.#handlers]) this.#call(handler, last, undefined);
  }

  /** Makes the contents what a list says, telling of nothing but real changes. */
  replace(objects: readonly T[]): void {
    const listed = new Set<string>();
    for (const object of objects) listed.add(keyOf(object));
    for (const object of this.list()) if (!listed.has(keyOf(object))) this.remove(object);
    for (const object of objects) {
      const { namespace, name, uid, resourceVersion } = object.metadata ?? {};
      const before = this.get(namespace, name ?? '');
      if (before?.metadata?.uid !== uid) {
        if (before !== undefined) this.remove(before);
        this.set(object);
      } else if (before?.metadata?.resourceVersion !== resourceVersion) this.set(object);
    }
  }

  #store(object: T): T | undefined {
    const { namespace = '', name = '' } = object.metadata ?? {};
    let objects = this.#namespaces.get(namespace);
    if (objects === undefined) this.#namespaces.set(namespace, (objects = new Map()));
    const before = objects.get(name);
    objects.set(name, object);
    if (before === undefined) this.#size++;
    for (const index of this.#indexes.values()) {
      if (before !== undefined) index.remove(before);
      index.add(object);
    }
    return before;
  }

  #discard(object: T): T | undefined {
    const { namespace = '', name = '' } = object.metadata ?? {};
    const objects = this.#namespaces.get(namespace);
    const before = objects?.get(name);
    if (objects === undefined || before === undefined) return undefined;
    objects.delete(name);
    this.#size--;
    if (objects.size === 0) this.#namespaces.delete(namespace);
    for (const index of this.#indexes.values()) index.remove(before);
    return before;
  }

  #call(handler: ChangeHandler<T>, before: T | undefined, now: T | undefined): void {
    try {
      handler(before, now);
    } catch (thrown) {
      this.#failed(thrown);
    }
  }
}

/** `namespace/name`, or the name alone for an object without a namespace: what work queues hold. */
export function keyOf(object: ApiObject): string {
  const { namespace, name } = object.metadata ?? {};
  return namespace ? `${namespace}/${name}` : `${name}`;
}

/** The two halves of a key. */
export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/');
  return slash < 0 ? { namespace: '', name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const member of Object.values(value)) deepFreeze(member);
}

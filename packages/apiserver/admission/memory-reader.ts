import type { ApiObject } from '@keelson/model';
import type { ObjectChange, ObjectReader } from './contract.ts';

type Listener = (change: ObjectChange) => void;

/** A reader of objects that are simply put into it, for tests of what reads them. */
export class MemoryReader implements ObjectReader {
  readonly #objects = new Map<string, Map<string, Readonly<ApiObject>>>();
  readonly #listeners = new Map<string, Set<Listener>>();

  get(group: string, resource: string, namespace: string, name: string): Readonly<ApiObject> | undefined {
    return this.#objects.get(`${resource}.${group}`)?.get(`${namespace}/${name}`);
  }

  list(group: string, resource: string, namespace?: string): readonly Readonly<ApiObject>[] {
    const all = [...(this.#objects.get(`${resource}.${group}`)?.values() ?? [])];
    return namespace === undefined ? all : all.filter((object) => object.metadata?.namespace === namespace);
  }

  observe(group: string, resource: string, listener: Listener): () => void {
    const key = `${resource}.${group}`;
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(listener));
    for (const current of this.list(group, resource)) listener({ current });
    return () => listeners.delete(listener);
  }

  filled(): boolean {
    return true;
  }

  /** Adds `object`, or puts it in the place of the one of its name. */
  put(group: string, resource: string, object: Readonly<ApiObject>): void {
    const { namespace = '', name = '' } = object.metadata ?? {};
    const previous = this.get(group, resource, namespace, name);
    const key = `${resource}.${group}`;
    const objects = this.#objects.get(key) ?? new Map<string, Readonly<ApiObject>>();
    this.#objects.set(key, objects.set(`${namespace}/${name}`, object));
    this.#tell(key, { current: object, ...(previous !== undefined ? { previous } : {}) });
  }

  remove(group: string, resource: string, namespace: string, name: string): void {
    const previous = this.get(group, resource, namespace, name);
    if (previous === undefined) return;
    const key = `${resource}.${group}`;
    this.#objects.get(key)!.delete(`${namespace}/${name}`);
    this.#tell(key, { previous });
  }

  #tell(key: string, change: ObjectChange): void {
    for (const listener of this.#listeners.get(key) ?? []) listener(change);
  }
}

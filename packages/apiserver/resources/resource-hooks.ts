import type { ApiObject } from '@keelson/model';
import type { Operation } from '@keelson/store';

/** Something taken for a write (an address, a port) that is kept when the write succeeds and given back when not. */
export interface Reservation {
  /** What else is written in the same transaction: objects that come and go with this one, and with no other. */
  readonly operations?: readonly Operation[];
  commit(): void;
  undo(): void;
}

/** A write that has passed validation and admission. */
export interface PendingWrite {
  /** What will be stored; it may still be changed. Absent when the object is removed. */
  readonly object?: ApiObject;
  /** What is stored now. Absent when the object is new. */
  readonly previous?: Readonly<ApiObject>;
  readonly dryRun: boolean;
}

/** What one resource does beyond its Strategy because it needs the server: given by the composition, found by name. */
export interface ResourceHooks {
  readonly group: string;
  readonly resource: string;
  /** Takes what the write needs. @throws StatusError when it cannot be had */
  reserve?(write: PendingWrite): Promise<Reservation | undefined>;
  /** Finalizers that a deletion gives the object, so that somebody cleans up after it first. */
  readonly finalizers?: readonly string[];
  /** Changes what a deletion that has to wait begins with (a namespace's phase). */
  markDeleted?(object: ApiObject): void;
  /** Something other than metadata.finalizers keeps the object until it is empty. */
  holdsDeletion?(object: Readonly<ApiObject>): boolean;
}

/** Hooks by resource; at most one for each. */
export class HookTable {
  readonly #byName = new Map<string, ResourceHooks>();

  constructor(hooks: readonly ResourceHooks[]) {
    for (const hook of hooks) this.#byName.set(`${hook.group}/${hook.resource}`, hook);
  }

  of(resource: { readonly storage: { readonly group: string }; readonly resource: string }): ResourceHooks | undefined {
    return this.#byName.get(`${resource.storage.group}/${resource.resource}`);
  }
}

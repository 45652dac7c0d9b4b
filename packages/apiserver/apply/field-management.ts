import { messageOf, rfc3339, type World } from '@keelson/base';
import {
  type ApiObject,
  ApplyConflict,
  type ApplyTarget,
  applyWithLastApplied,
  FieldSetError,
  ManagedFields,
  type Resource,
  type ResourceCatalogue,
  updateManagers,
} from '@keelson/model';
import { applyConflict } from '../request/status-error.ts';
import { ApplyTargets } from './apply-targets.ts';

/** Who manages what of the server itself: it asks itself as a client of that name. */
const serverName = 'kube-apiserver';

/** An object with an applied configuration in it, whose managers are settled. */
export class AppliedObject {
  readonly object: ApiObject;
  readonly managed: ManagedFields;

  constructor(object: ApiObject, managed: ManagedFields) {
    this.object = object;
    this.managed = managed;
  }
}

/** A write whose managers are to be told. */
export interface TrackedWrite {
  readonly resource: Resource;
  readonly subresource: string;
  /** Whose write it is; the server's own when nobody is named. */
  readonly manager?: string | undefined;
}

/** Keeps the managed fields of everything that is written (metadata.managedFields). */
export class FieldManagement {
  readonly targets: ApplyTargets;
  readonly #world: World;
  #second = -1;
  #time = '';

  constructor(world: World, catalogue: ResourceCatalogue) {
    this.#world = world;
    this.targets = new ApplyTargets(catalogue);
  }

  /** The time in seconds, written down once in each. */
  #now(): string {
    const second = Math.floor(this.#world.clock.now() / 1000);
    if (this.#second !== second) {
      this.#second = second;
      this.#time = rfc3339(second * 1000);
    }
    return this.#time;
  }

  /** The managers of a new object, after defaults and before admission. */
  async created(write: TrackedWrite, object: ApiObject): Promise<ManagedFields> {
    return this.#tracked(write, undefined, object, ManagedFields.none);
  }

  /**
   * The managers after a change.
   * @param live without managed fields; @param sent what the client made of them, taken out of `object`
   */
  async updated(
    write: TrackedWrite,
    live: Readonly<ApiObject>,
    object: ApiObject,
    kept: ManagedFields,
    sent: ApiManagedFields,
  ): Promise<ManagedFields> {
    const managed = write.subresource === '' ? chosen(kept, sent) : kept;
    return this.#tracked(write, live, object, managed, kept);
  }

  /**
   * The object that comes of applying a configuration; `live` is undefined when it does not exist yet.
   * @throws StatusError 409; PatchError
   */
  async applied(
    target: ApplyTarget,
    live: Readonly<ApiObject> | undefined,
    managed: ManagedFields,
    apply: { readonly config: ApiObject; readonly manager: string; readonly force: boolean },
  ): Promise<AppliedObject> {
    try {
      const { object, managed: now } = await applyWithLastApplied({
        ...apply,
        target,
        live,
        managed,
        now: this.#now(),
      });
      return new AppliedObject(object, now);
    } catch (error) {
      if (error instanceof ApplyConflict) throw applyConflict(error.message, error.causes());
      throw error;
    }
  }

  /** What cannot be told (a version whose conversion fails) leaves the managers as they were, as upstream has it. */
  async #tracked(
    { resource, subresource, manager = serverName }: TrackedWrite,
    live: Readonly<ApiObject> | undefined,
    object: ApiObject,
    managed: ManagedFields,
    otherwise = managed,
  ): Promise<ManagedFields> {
    const target = this.targets.of(resource, subresource);
    try {
      return await updateManagers({ target, live, object, managed, manager, now: this.#now() });
    } catch (error) {
      this.#world.log.warn('managed fields were not updated', { resource: resource.resource, error: messageOf(error) });
      return otherwise;
    }
  }
}

/** metadata.managedFields of an object that a client sent; undefined when it had none. */
export type ApiManagedFields = unknown[] | undefined;

/** Takes the managed fields that a client sent out of its object. */
export function takeSent(object: ApiObject): ApiManagedFields {
  const sent = object.metadata?.managedFields;
  if (object.metadata !== undefined) delete object.metadata.managedFields;
  return Array.isArray(sent) ? sent : undefined;
}

/** What the client sent, when that says anything; one empty entry, or an empty list, forgets them all. */
function chosen(kept: ManagedFields, sent: ApiManagedFields): ManagedFields {
  if (sent === undefined) return kept;
  if (sent.length === 0 || (sent.length === 1 && isEmptyEntry(sent[0]))) return ManagedFields.none;
  try {
    const read = ManagedFields.read(sent, kept);
    return read.isEmpty ? kept : read;
  } catch (error) {
    if (error instanceof FieldSetError) return kept;
    throw error;
  }
}

function isEmptyEntry(entry: unknown): boolean {
  return typeof entry === 'object' && entry !== null && Object.keys(entry).length === 0;
}

/** Why managed fields cannot be stored as they are; undefined when they can. */
export function managedFieldsProblem(value: unknown): string | undefined {
  try {
    ManagedFields.read(value);
    return undefined;
  } catch (error) {
    if (error instanceof FieldSetError) return error.message;
    throw error;
  }
}

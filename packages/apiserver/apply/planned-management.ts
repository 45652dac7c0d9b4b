import { type ApiObject, ManagedFields, putManagedFields, sameButForTimes } from '@keelson/model';
import { StatusError } from '../request/status-error.ts';
import { managedFieldsProblem } from './field-management.ts';

const badAfterAdmission =
  '.metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating admission controller; please fix your requests: ';

/**
 * The managed fields of an object that is being planned: they are in its metadata while admission looks at it, which may
 * change them, and again once the kind has prepared it.
 */
export class PlannedManagement {
  readonly #object: ApiObject;
  #managed: ManagedFields;

  constructor(object: ApiObject, managed: ManagedFields) {
    this.#object = object;
    this.#managed = managed;
    this.put();
  }

  put(): void {
    const { metadata } = this.#object;
    if (metadata?.managedFields === (this.#managed.isEmpty ? undefined : this.#managed)) return;
    // The kind may have given it the stored object's metadata itself.
    this.#object.metadata = { ...metadata };
    putManagedFields(this.#object.metadata, this.#managed);
  }

  /** Takes what admission made of them. What cannot be read is as it was before, with a warning. */
  settle(warnings: string[]): void {
    const now = this.#object.metadata?.managedFields;
    if (now === undefined) this.#managed = ManagedFields.none;
    else if (now !== this.#managed) {
      const problem = managedFieldsProblem(now);
      if (problem === undefined) this.#managed = ManagedFields.read(now, this.#managed);
      else warnings.push(badAfterAdmission + problem);
    }
  }

  /** Whether the object has the same managers with the same fields, but perhaps since another time. */
  sameAs(managed: ManagedFields): boolean {
    return sameButForTimes(this.#managed, managed);
  }

  /** Puts back the times that they had: nothing else has changed. */
  restore(managed: ManagedFields): void {
    this.#managed = managed;
    this.put();
  }

  /** The object's bytes; without managed fields when they would make it too large. */
  async encoded(encode: () => Uint8Array | Promise<Uint8Array>): Promise<Uint8Array> {
    try {
      return await encode();
    } catch (error) {
      if (!(error instanceof StatusError && error.code === 413) || this.#managed.isEmpty) throw error;
      this.#managed = ManagedFields.none;
      this.put();
      return encode();
    }
  }
}

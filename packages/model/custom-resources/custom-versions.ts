import { DecodeError } from '../codec/decode-error.ts';
import { copyOf } from '../codec/own-property.ts';
import { encodeObject } from '../codec/stored-object.ts';
import type { ApiObject } from '../object.ts';
import type { CustomObjectForm } from './custom-object-form.ts';

/**
 * Turns objects, of any versions of one kind, into those of `apiVersion`; they keep their order. Rejects when it cannot
 * be done. The objects given are the callee's.
 */
export type Conversion = (objects: readonly ApiObject[], apiVersion: string) => Promise<readonly ApiObject[]>;

/** The versions of one kind: what is stored in one of them is read and written in each. */
export class CustomVersions {
  readonly #group: string;
  readonly #storage: string;
  readonly #convert: Conversion | undefined;
  readonly #forms = new Map<string, CustomObjectForm>();

  /** @param convert without it, versions differ in nothing but their schemas */
  constructor(group: string, storage: string, convert: Conversion | undefined) {
    this.#group = group;
    this.#storage = storage;
    this.#convert = convert;
  }

  add(version: string, form: CustomObjectForm): void {
    this.#forms.set(this.#apiVersion(version), form);
  }

  /** How `apiVersion` reads objects; undefined when the kind has no such version. */
  formOf(apiVersion: string): CustomObjectForm | undefined {
    return this.#forms.get(apiVersion);
  }

  /** The bytes to store of an object of `version`, which stays as it is. */
  encode(version: string, object: Readonly<ApiObject>): Uint8Array | Promise<Uint8Array> {
    if (version === this.#storage) return encodeObject(object);
    const copies = [copyOf(object)];
    const stored = this.#apiVersion(this.#storage);
    if (this.#convert === undefined) return encodeObject(this.#relabelled(copies[0]!, stored));
    return this.#converted(copies, stored, this.#convert).then(([result]) => encodeObject(result!));
  }

  /** Stored bytes, of whatever versions, as `version` has them; the same array where nothing differs. */
  read(version: string, values: readonly Uint8Array[]): readonly Uint8Array[] | Promise<readonly Uint8Array[]> {
    const wanted = this.#apiVersion(version);
    const objects = values.map((value) => this.#present(value));
    if (this.#convert === undefined || objects.every(({ apiVersion }) => apiVersion === wanted))
      return objects.map((object, index) => sameOr(values[index]!, this.#relabelled(object, wanted)));
    return this.#converted(objects, wanted, this.#convert).then((results) =>
      results.map((object, index) => sameOr(values[index]!, object)),
    );
  }

  /** `object`, of any version, as `apiVersion` has it; it is the callee's. */
  async convert(object: ApiObject, apiVersion: string): Promise<ApiObject> {
    if (this.#convert === undefined || object.apiVersion === apiVersion) return this.#relabelled(object, apiVersion);
    return (await this.#converted([object], apiVersion, this.#convert))[0]!;
  }

  #apiVersion(version: string): string {
    return `${this.#group}/${version}`;
  }

  /** A stored object as its own version has it today. */
  #present(value: Uint8Array): ApiObject {
    const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
    const object = JSON.parse(text) as ApiObject;
    const form = this.#forms.get(object.apiVersion!) ?? this.#forms.get(this.#apiVersion(this.#storage))!;
    try {
      form.normalize(object);
      form.defaults(object);
    } catch (error) {
      // What an older definition let in stays readable as it is.
      if (!(error instanceof DecodeError)) throw error;
    }
    return object;
  }

  #relabelled(object: ApiObject, apiVersion: string): ApiObject {
    if (object.apiVersion === apiVersion) return object;
    object.apiVersion = apiVersion;
    return this.#forms.get(apiVersion)?.normalize(object).object ?? object;
  }

  async #converted(objects: readonly ApiObject[], apiVersion: string, convert: Conversion): Promise<ApiObject[]> {
    const foreign = objects.filter((object) => object.apiVersion !== apiVersion);
    if (foreign.length === 0) return [...objects];
    const results = await convert(foreign, apiVersion);
    const byObject = new Map(foreign.map((object, index) => [object, results[index]!]));
    const form = this.#forms.get(apiVersion);
    return objects.map((object) => {
      const result = byObject.get(object);
      if (result === undefined) return object;
      const { object: converted } = form?.normalize(result) ?? { object: result };
      form?.defaults(converted);
      return converted;
    });
  }
}

function sameOr(value: Uint8Array, object: ApiObject): Uint8Array {
  const bytes = encodeObject(object);
  return Buffer.compare(bytes, value) === 0 ? value : bytes;
}

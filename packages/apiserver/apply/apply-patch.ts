import {
  type ApiObject,
  type ApplyTarget,
  copyOf,
  DecodeError,
  duplicateFields,
  type ManagedFields,
  normalize,
  PatchError,
  parseJson,
  parseYaml,
  type Resource,
} from '@keelson/model';
import { warnOf } from '../request/decode-body.ts';
import { badRequest } from '../request/status-error.ts';
import type { WriteOptions } from '../request/write-options.ts';
import { AppliedObject, type FieldManagement } from './field-management.ts';

const yamlProblem = 'error converting YAML to JSON: yaml: unmarshal errors:\n';

/** A configuration that a client applies. */
export class ApplyPatch {
  readonly config: ApiObject;
  readonly #resource: Resource;
  readonly #options: WriteOptions;
  readonly #warnings: string[];
  readonly #duplicate: readonly string[];

  /** Reads it: YAML, which JSON is too. @throws StatusError 400 */
  constructor(resource: Resource, body: Uint8Array, options: WriteOptions, warnings: string[]) {
    const { value, duplicate } = read(body);
    this.#resource = resource;
    this.#options = options;
    this.#warnings = warnings;
    this.#duplicate = duplicate;
    this.config = value;
  }

  /**
   * Puts it into the object that is there; `live` is undefined when there is none.
   * @param live without its managed fields
   * @throws StatusError 400, 409
   */
  async applyTo(
    management: FieldManagement,
    target: ApplyTarget,
    live: Readonly<ApiObject> | undefined,
    managed: ManagedFields,
    config = this.config,
  ): Promise<AppliedObject> {
    const { fieldManager: manager, force } = this.#options;
    try {
      const applied = await management.applied(target, live, managed, { config, manager, force });
      this.#checkDuplicates();
      // A custom resource is read in place, and shares parts with the configuration, which is needed again.
      const object = this.#resource.form === undefined ? applied.object : copyOf(applied.object);
      return new AppliedObject(normalize(this.#resource, object).object, applied.managed);
    } catch (error) {
      if (error instanceof PatchError || error instanceof DecodeError) throw badRequest(error.message);
      throw error;
    }
  }

  /** @throws StatusError 400 */
  #checkDuplicates(): void {
    const validation = this.#options.fieldValidation;
    if (this.#duplicate.length === 0 || validation === 'Ignore') return;
    if (validation === 'Strict') throw badRequest(`error strict decoding patch: ${this.#duplicate.join('\n')}`);
    const lines = this.#duplicate.flatMap((text) => text.slice(yamlProblem.length).split('\n'));
    warnOf(
      lines.map((line) => line.trim()),
      this.#warnings,
    );
  }
}

function read(body: Uint8Array): { value: ApiObject; duplicate: readonly string[] } {
  try {
    const { value, duplicate } = readAny(body);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return { value: value as ApiObject, duplicate };
    const found = Array.isArray(value) ? 'array' : typeof value;
    throw new DecodeError(`json: cannot unmarshal ${found} into Go value of type map[string]interface {}`);
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(`error decoding patch: ${error.message}`);
    throw error;
  }
}

/** Most clients send JSON, which is quickly read; only what is none, or names a field twice, is read as YAML. */
function readAny(body: Uint8Array): { value: unknown; duplicate: readonly string[] } {
  const text = () => Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  let value: unknown;
  try {
    value = parseJson(body);
  } catch (error) {
    if (error instanceof DecodeError) return parseYaml(text());
    throw error;
  }
  return { value, duplicate: duplicateFields(body, value).length === 0 ? [] : parseYaml(text()).duplicate };
}

import type { Decoded } from '../codec/decode.ts';
import { DecodeError } from '../codec/decode-error.ts';
import { isProperties } from '../codec/own-property.ts';
import { deepestNesting, goQuoted, jsonTypeOf } from '../codec/walk-context.ts';
import type { ApiObject } from '../object.ts';
import type { ObjectForm } from '../resources.ts';
import type { CustomVersions } from './custom-versions.ts';
import { coerceEmbedded, coerceMetadata, EmbeddedError } from './embedded-objects.ts';
import { fillDefaults, Pruning, pruneNulls } from './prune.ts';
import { publishedSchema } from './published-schema.ts';
import type { StructuralSchema } from './structural-schema.ts';

const mostUnknown = 100;

/** How the objects of one version of a custom resource are read: pruned by its schema, with metadata as all kinds have it. */
export class CustomObjectForm implements ObjectForm {
  readonly #version: string;
  readonly #schema: () => StructuralSchema;
  readonly #versions: CustomVersions;

  /**
   * @param schema the root's, made when the first object comes
   * @param versions all of the kind; this one is added to them
   */
  constructor(version: string, schema: () => StructuralSchema, versions: CustomVersions) {
    this.#version = version;
    this.#schema = schema;
    this.#versions = versions;
    versions.add(version, this);
  }

  /** The schema of this version's objects. */
  get schema(): StructuralSchema {
    return this.#schema();
  }

  normalize(value: unknown): Decoded {
    if (!isProperties(value))
      throw new DecodeError(
        `json: cannot unmarshal ${jsonTypeOf(value)} into Go value of type map[string]interface {}`,
      );
    checkDepth(value, 0);
    const object = value as ApiObject;
    for (const name of ['apiVersion', 'kind'])
      if (object[name] !== undefined && typeof object[name] !== 'string')
        throw new DecodeError(
          `json: cannot unmarshal ${jsonTypeOf(object[name])} into Go struct field .${name} of type string`,
        );
    const schema = this.#schema();
    const pruning = new Pruning();
    pruning.prune(object, schema);
    pruneNulls(object, schema);
    const unknown = [...this.#metadata(object), ...pruning.unknown, ...embedded(object, schema).sort()];
    return {
      object,
      unknown: unknown.slice(0, mostUnknown).map((path) => `unknown field ${goQuoted(path)}`),
      duplicate: [],
    };
  }

  defaults(object: ApiObject): void {
    fillDefaults(object, this.#schema());
  }

  published(): Record<string, unknown> {
    return publishedSchema(this.#schema().props);
  }

  encode(object: Readonly<ApiObject>): Uint8Array | Promise<Uint8Array> {
    return this.#versions.encode(this.#version, object);
  }

  read(values: readonly Uint8Array[]): readonly Uint8Array[] | Promise<readonly Uint8Array[]> {
    return this.#versions.read(this.#version, values);
  }

  #metadata(object: ApiObject): string[] {
    if (object.metadata === undefined || object.metadata === null) {
      object.metadata = {};
      return [];
    }
    const { metadata, unknown } = coerceMetadata(object.metadata);
    object.metadata = metadata;
    return unknown.map((name) => `metadata.${name}`);
  }
}

function embedded(object: ApiObject, schema: StructuralSchema): string[] {
  const unknown: string[] = [];
  if (!schema.embeds) return unknown;
  try {
    for (const [name, property] of schema.properties)
      if (name !== 'metadata' && property.embeds)
        unknown.push(...coerceEmbedded(object[name], property).map((path) => `${name}.${path}`));
  } catch (error) {
    if (error instanceof EmbeddedError) throw new DecodeError(error.message);
    throw error;
  }
  return unknown;
}

/** Stacks are finite, and so is what walks through an object may go down into. */
function checkDepth(value: object, depth: number): void {
  if (depth > deepestNesting) throw new DecodeError('exceeded max depth');
  for (const inner of Array.isArray(value) ? value : Object.values(value))
    if (typeof inner === 'object' && inner !== null) checkDepth(inner, depth + 1);
}

import type { ApiObject } from '../object.ts';
import type { ApplySchema, ApplyType } from './apply-schema.ts';
import { addPath, type FieldSet, isEmptySet, isLeaf, isMember } from './field-set.ts';

/** What managed fields are kept of: a resource or one of its sub-resources, in the version of the request. */
export interface ApplyTarget {
  readonly schema: ApplySchema;
  /** `apps/v1` */
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty for the resource itself. */
  readonly subresource: string;
  /**
   * What of a set writes here can change at all (not the status through the resource, not the spec through its status), as
   * objects of `apiVersion` have it: nobody becomes the manager of anything else by writing here.
   */
  changeable(apiVersion: string, set: FieldSet): FieldSet;
  /** What an object of `apiVersion` is taken to be before it exists (`emptyObject` of its type). */
  empty(apiVersion: string): unknown;
}

/** What belongs to nobody: the server's own metadata, and what says which object it is. */
const strippedFields: FieldSet = {
  'f:apiVersion': {},
  'f:kind': {},
  'f:metadata': {
    '.': {},
    'f:name': {},
    'f:namespace': {},
    'f:creationTimestamp': {},
    'f:selfLink': {},
    'f:uid': {},
    'f:clusterName': {},
    'f:generation': {},
    'f:managedFields': {},
    'f:resourceVersion': {},
  },
};

/** A set without what belongs to nobody. Not recursive: only these very fields go. */
export function withoutStripped(set: FieldSet): FieldSet {
  const result: FieldSet = {};
  for (const element in set) {
    if (strippedFields[element] === undefined) result[element] = set[element]!;
    else if (element === 'f:metadata') {
      const metadata: FieldSet = {};
      for (const inner in set[element]!)
        if (strippedFields[element]![inner] === undefined) metadata[inner] = set[element]![inner]!;
      if (!isEmptySet(metadata)) result[element] = metadata;
    }
  }
  return result;
}

/** The set of the fields that are named by paths like `metadata.labels`. */
export function fieldSetOf(paths: readonly string[]): FieldSet {
  const set: FieldSet = {};
  for (const path of paths)
    addPath(
      set,
      path.split('.').map((name) => (name === '*' ? name : `f:${name}`)),
    );
  return set;
}

/**
 * The part of a set that is on the way to, or below, the leaves of a pattern: a set of fields in which `*` stands for any
 * element.
 */
export function matchingPart(set: FieldSet, pattern: FieldSet): FieldSet {
  const result: FieldSet = {};
  for (const element in set) {
    const wanted = pattern[element] ?? pattern['*'];
    if (element === '.' || wanted === undefined) continue;
    const node = set[element]!;
    if (isLeaf(node) || isLeaf(wanted)) result[element] = node;
    else {
      const deeper = matchingPart(node, wanted);
      if (isMember(node)) result[element] = isEmptySet(deeper) ? {} : { '.': {}, ...deeper };
      else if (!isEmptySet(deeper)) result[element] = deeper;
    }
  }
  return result;
}

/** One object in each of the versions that its managers speak, made when first asked for. */
export class VersionedObject {
  readonly #target: ApplyTarget;
  readonly #own: string;
  readonly #made = new Map<string, unknown>();

  /** @param value of the version `apiVersion`; undefined when there is no object yet. */
  constructor(target: ApplyTarget, apiVersion: string, value: unknown) {
    this.#target = target;
    this.#own = apiVersion;
    this.#made.set(apiVersion, value ?? target.empty(apiVersion));
  }

  /** The type of a version; undefined when it is not served any more. */
  typeOf(apiVersion: string): ApplyType | undefined {
    return this.#target.schema.typeOf(apiVersion);
  }

  /** The object as a version that has a type sees it. */
  async as(apiVersion: string): Promise<unknown> {
    if (this.#made.has(apiVersion)) return this.#made.get(apiVersion);
    const own = this.#made.get(this.#own) as ApiObject | null;
    const made = own === null ? null : await this.#target.schema.convert(own, apiVersion);
    this.#made.set(apiVersion, made);
    return made;
  }
}

import type { ApiObject } from '../object.ts';

/**
 * What server-side apply must know of a kind (https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy).
 * The tables of built-in kinds, the structural schemas of CustomResourceDefinitions, and values that have no schema at
 * all (`deducedType`) are described to the engine in this one form.
 */
export interface ApplySchema {
  /**
   * The type of the kind's objects as `apiVersion` (`apps/v1`) has them; undefined when that version is not served any
   * more: what was owned in it is forgotten then. The same object every time while the schema is the same.
   */
  typeOf(apiVersion: string): ApplyType | undefined;
  /**
   * `object`, of another version that has a type, as `apiVersion` has it. Only called when managers of one object speak
   * different versions. The argument stays as it is; the result may share parts with it. May reject: an apply then fails
   * with that error, any other write keeps the managed fields that the object had.
   */
  convert(object: Readonly<ApiObject>, apiVersion: string): ApiObject | Promise<ApiObject>;
}

/**
 * What a value may be: a scalar, a list, a map (objects are maps), or several of these, told apart by the value itself.
 * Types may contain themselves, so implementations may make `list` and `map` when they are first read.
 */
export interface ApplyType {
  readonly scalar?: ScalarKind;
  readonly list?: ApplyListType;
  readonly map?: ApplyMapType;
}

/** `untyped` takes every scalar: quantities, x-kubernetes-int-or-string. */
export type ScalarKind = 'string' | 'numeric' | 'boolean' | 'untyped';

export interface ApplyListType {
  /** Replaced as a whole (x-kubernetes-list-type: atomic, also when it says nothing). `keys` is empty then. */
  readonly atomic: boolean;
  /** The fields that tell the elements of a list of type map apart; empty for a set, whose elements are scalars. */
  readonly keys: readonly string[];
  readonly element: ApplyType;
}

export interface ApplyMapType {
  /** Replaced as a whole (x-kubernetes-map-type: atomic). */
  readonly atomic: boolean;
  /** Names that are known, with their own types; empty for a map that has only an element type. */
  readonly fields: ReadonlyMap<string, ApplyField>;
  /** The type of every other name; undefined when there must be none. */
  readonly element: ApplyType | undefined;
}

export interface ApplyField {
  readonly type: ApplyType;
  /** What a key of a list of type map is when an element leaves it out. */
  readonly default?: unknown;
}

/** A value of which nothing is known, replaced as a whole. */
export const untypedAtomicType: ApplyType = {
  scalar: 'untyped',
  get list() {
    return untypedList;
  },
  get map() {
    return untypedAtomicMap;
  },
};

/** A value of which nothing is known: objects are merged name by name, lists are replaced as a whole. */
export const deducedType: ApplyType = {
  scalar: 'untyped',
  get list() {
    return untypedList;
  },
  get map() {
    return deducedMap;
  },
};

const noFields: ReadonlyMap<string, ApplyField> = new Map();
const untypedList: ApplyListType = { atomic: true, keys: [], element: untypedAtomicType };
const untypedAtomicMap: ApplyMapType = { atomic: true, fields: noFields, element: untypedAtomicType };
const deducedMap: ApplyMapType = { atomic: false, fields: noFields, element: deducedType };

/** For kinds without a schema. */
export const deducedSchema: Pick<ApplySchema, 'typeOf'> = { typeOf: () => deducedType };

/**
 * What a cluster of one Kubernetes minor serves: the joint between the tables (which kinds exist in which version) and
 * the kind folders (which of them Keelson knows well enough to serve).
 */
import type { Decoded } from './codec/decode.ts';
import type { ApiObject } from './object.ts';
import type { Strategy } from './strategy.ts';

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

/** A kind's place in the API: `{group: 'apps', version: 'v1', kind: 'Deployment'}`; the core group is ''. */
export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** One resource of one group-version, as discovery lists it. */
export interface Resource extends GroupVersionKind {
  /** `deployments`. */
  readonly resource: string;
  /** `deployment`. */
  readonly singular: string;
  readonly namespaced: boolean;
  readonly verbs: readonly Verb[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** Sub-resources by name: `status`, `scale`, `log`. */
  readonly subresources: Readonly<Record<string, Subresource>>;
  /** What a list of them is called, when it is not the kind with `List`. */
  readonly listKind?: string;
  /** The name of the object's type in the tables; of a custom resource, which they have not, only a name. */
  readonly type: string;
  /** How objects are read whose type is not in the tables: custom resources. */
  readonly form?: ObjectForm;
  /** The group-version that it is stored as. When it is not this one, the kind's folder converts. */
  readonly storage: { readonly group: string; readonly version: string };
  readonly strategy: Strategy;
  /** Its definition is being deleted: nothing can be created any more. */
  readonly terminating?: boolean;
  /** Set when using it earns a warning: `policy/v1beta1 PodSecurityPolicy is deprecated in v1.21+, unavailable in v1.25+`. */
  readonly deprecation?: string;
}

/** What stands in for the tables where a definition of the cluster's own says what an object is. */
export interface ObjectForm {
  /**
   * Takes a parsed object to the form that the API keeps, and tells what was left out. It may change the value.
   * @throws DecodeError
   */
  normalize(value: unknown): Decoded;
  /** Fills in, in place, what is missing. Idempotent. */
  defaults(object: ApiObject): void;
  /** The schema for OpenAPI documents of version 3. */
  published(): Record<string, unknown>;
  /** The bytes to store of an object of this version, which stays as it is. May reject when it cannot be converted. */
  encode(object: Readonly<ApiObject>): Uint8Array | Promise<Uint8Array>;
  /** Stored bytes, of whatever versions, in this version's form; the same array where nothing differs. May reject. */
  read(values: readonly Uint8Array[]): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
}

export interface Subresource extends GroupVersionKind {
  readonly verbs: readonly ('create' | 'get' | 'patch' | 'update')[];
  readonly type: string;
}

/**
 * The resources of one served API. Look-ups are constant time; the lists are sorted as discovery shows them, and are the
 * same arrays until what is in them changes.
 */
export interface ResourceCatalogue {
  /** Counts the changes of what is served; absent where nothing ever changes. */
  readonly revision?: number;
  /** In discovery's order: the core group's version first, then groups by name with their preferred version first. */
  readonly groupVersions: readonly { readonly group: string; readonly version: string }[];
  resourcesOf(group: string, version: string): readonly Resource[];
  find(group: string, version: string, resource: string): Resource | undefined;
  findKind(group: string, version: string, kind: string): Resource | undefined;
  /** Every resource once, in its storage version: what an API server keeps a cache for. */
  stored(): readonly Resource[];
}

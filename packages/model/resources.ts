/**
 * What a cluster of one Kubernetes minor serves: the joint between the tables (which kinds exist in which version) and
 * the kind folders (which of them Keelson knows well enough to serve).
 */
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
  /** The name of the object's type in the tables. */
  readonly type: string;
  /** The group-version that it is stored as. When it is not this one, the kind's folder converts. */
  readonly storage: { readonly group: string; readonly version: string };
  readonly strategy: Strategy;
  /** Set when using it earns a warning: `policy/v1beta1 PodSecurityPolicy is deprecated in v1.21+, unavailable in v1.25+`. */
  readonly deprecation?: string;
}

export interface Subresource extends GroupVersionKind {
  readonly verbs: readonly ('create' | 'get' | 'patch' | 'update')[];
  readonly type: string;
}

/** The resources of one served API. Look-ups are constant time; the lists are sorted as discovery shows them. */
export interface ResourceCatalogue {
  /** In discovery's order: the core group's version first, then groups by name with their preferred version first. */
  readonly groupVersions: readonly { readonly group: string; readonly version: string }[];
  resourcesOf(group: string, version: string): readonly Resource[];
  find(group: string, version: string, resource: string): Resource | undefined;
  findKind(group: string, version: string, kind: string): Resource | undefined;
  /** Every resource once, in its storage version: what an API server keeps a cache for. */
  stored(): readonly Resource[];
}

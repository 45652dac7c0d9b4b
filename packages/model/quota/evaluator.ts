import type { ApiObject } from '../object.ts';
import type { ResourceList } from './resource-list.ts';

/** One condition of a quota on what it counts (core/v1 ScopedResourceSelectorRequirement). */
export interface ScopeRequirement {
  readonly scopeName: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

export interface CountedWrite {
  readonly operation: string;
  readonly subresource: string;
}

/** How one resource counts against quotas (k8s.io/apiserver/pkg/quota/v1 Evaluator). */
export interface Evaluator {
  /** Whether such a write can change what is used. */
  handles(write: CountedWrite): boolean;
  /** Which of a quota's names this resource counts for. */
  counts(name: string): boolean;
  /** Whether the object is in the scope. */
  inScope(requirement: ScopeRequirement, object: Readonly<ApiObject>): boolean;
  /** Why the object cannot be counted for all of `names`: what it has to say and does not. */
  problem?(names: readonly string[], object: Readonly<ApiObject>): string | undefined;
  /** What the object uses. `now` is milliseconds since 1970. */
  usage(object: Readonly<ApiObject>, now: number): ResourceList;
}

/** `count/deployments.apps`, `count/pods`. */
export function countName(group: string, resource: string): string {
  return `count/${group === '' ? resource : `${resource}.${group}`}`;
}

import { type ApiObject, sameValue } from '@keelson/model';
import { rulesOf } from '../cluster-role-aggregation.ts';
import { uncoveredRules } from '../rule-cover.ts';
import { autoUpdateAnnotation } from './bootstrap-policy.ts';

/** One write that brings the stored policy to what is wanted. */
export type PolicyStep =
  | { readonly action: 'create'; readonly object: ApiObject }
  /** `object` is the stored one with what it lacked; it carries the stored resourceVersion. */
  | { readonly action: 'update'; readonly object: ApiObject }
  /** A roleRef cannot be changed: `previous` is deleted and `object` created. */
  | { readonly action: 'recreate'; readonly object: ApiObject; readonly previous: Readonly<ApiObject> };

/**
 * What has to be written so that every role and binding of `wanted` exists and gives at least what it should. Rules,
 * subjects, labels and annotations that someone added stay; what is annotated autoupdate `false` is left alone; objects
 * that are not wanted are nobody's business here.
 */
export function reconcilePolicy(
  existing: readonly Readonly<ApiObject>[],
  wanted: readonly Readonly<ApiObject>[],
): PolicyStep[] {
  const byKey = new Map(existing.map((object) => [keyOf(object), object]));
  return wanted.flatMap((object): PolicyStep[] => {
    const present = byKey.get(keyOf(object));
    if (present === undefined) return [{ action: 'create', object: structuredClone(object) as ApiObject }];
    if (present.metadata?.annotations?.[autoUpdateAnnotation] === 'false') return [];
    if (object['roleRef'] !== undefined && !sameRole(object['roleRef'], present['roleRef'])) {
      return [{ action: 'recreate', object: structuredClone(object) as ApiObject, previous: present }];
    }
    const completed = completeObject(present, object);
    return sameValue(completed, present) ? [] : [{ action: 'update', object: completed }];
  });
}

function keyOf(object: Readonly<ApiObject>): string {
  return `${object.kind}/${object.metadata?.namespace ?? ''}/${object.metadata?.name ?? ''}`;
}

interface Reference {
  readonly apiGroup?: string;
  readonly kind?: string;
  readonly name?: string;
}

function sameRole(one: Reference, other: Reference | undefined): boolean {
  return one.apiGroup === other?.apiGroup && one.kind === other?.kind && one.name === other?.name;
}

function completeObject(present: Readonly<ApiObject>, wanted: Readonly<ApiObject>): ApiObject {
  const completed = structuredClone(present) as ApiObject;
  const metadata = completed.metadata ?? {};
  completed.metadata = metadata;
  if (wanted.metadata?.labels !== undefined) metadata.labels = { ...wanted.metadata.labels, ...metadata.labels };
  if (wanted.metadata?.annotations !== undefined) {
    metadata.annotations = { ...wanted.metadata.annotations, ...metadata.annotations };
  }
  if (wanted['rules'] !== undefined) {
    const missing = uncoveredRules(rulesOf(present), rulesOf(wanted));
    if (missing.length > 0) completed['rules'] = [...rulesOf(present), ...structuredClone(missing)];
  }
  append(completed, 'subjects', wanted['subjects']);
  if (wanted['aggregationRule'] !== undefined) {
    completed['aggregationRule'] ??= {};
    append(completed['aggregationRule'], 'clusterRoleSelectors', wanted['aggregationRule'].clusterRoleSelectors);
  }
  return completed;
}

/** Adds to a list what it lacks. */
function append(holder: Record<string, any>, field: string, wanted: readonly unknown[] | undefined): void {
  const present: readonly unknown[] = holder[field] ?? [];
  const missing = (wanted ?? []).filter((item) => !present.some((other) => sameValue(other, item)));
  if (missing.length > 0) holder[field] = [...present, ...structuredClone(missing)];
}

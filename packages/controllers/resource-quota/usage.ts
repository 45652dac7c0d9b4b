import type { ApiObject } from '@keelson/model';
import type { ResourceQuota, ResourceQuotaStatus } from '@keelson/model/generated/types/core-v1.ts';
import {
  addLists,
  count,
  countedBy,
  evaluatorOf,
  masked,
  quotaMatches,
  type ResourceList,
  readList,
  writeList,
} from '@keelson/model/quota/index.ts';

/** A resource whose objects some quota counts. */
export interface Counted {
  readonly group: string;
  readonly resource: string;
}

/** The resources that the quota's names count, each once. */
export function countedResources(quota: ResourceQuota): Counted[] {
  const found = new Map<string, Counted>();
  for (const name of Object.keys(quota.spec?.hard ?? {})) {
    const counted = countedBy(name);
    if (counted !== undefined) found.set(`${counted.resource}.${counted.group}`, counted);
  }
  return [...found.values()];
}

/**
 * What the quota's status should be.
 * @param objectsOf the namespace's objects of a resource; undefined for one that is not served
 */
export function quotaStatus(
  quota: ResourceQuota,
  objectsOf: (counted: Counted) => readonly Readonly<ApiObject>[] | undefined,
  now: number,
): ResourceQuotaStatus {
  const hard = quota.spec?.hard ?? {};
  const names = Object.keys(hard);
  let used: ResourceList = masked(readList(quota.status?.used), names);
  for (const counted of countedResources(quota)) {
    const evaluator = evaluatorOf(counted.group, counted.resource);
    const objects = objectsOf(counted);
    if (evaluator === undefined || objects === undefined) continue;
    const own = names.filter((name) => evaluator.counts(name));
    let sum: ResourceList = new Map(own.map((name) => [name, count(0)]));
    for (const object of objects)
      if (quotaMatches(quota as ApiObject, own, evaluator, object))
        sum = addLists(sum, masked(evaluator.usage(object, now), own));
    used = new Map([...used, ...sum]);
  }
  return { hard, used: writeList(used) };
}

/** Whether the change of an object may have set something free, or made a quota count it otherwise. */
export function changesUsage(
  counted: Counted,
  before: ApiObject | undefined,
  after: ApiObject | undefined,
  now: number,
) {
  if (before === undefined) return false;
  if (after === undefined) return true;
  const evaluator = evaluatorOf(counted.group, counted.resource);
  if (evaluator === undefined || !['pods', 'services', 'persistentvolumeclaims'].includes(counted.resource))
    return false;
  const [one, other] = [evaluator.usage(before, now), evaluator.usage(after, now)];
  return JSON.stringify(writeList(one)) !== JSON.stringify(writeList(other));
}

/** Whether a write fits the quotas of its namespace, and what they are then (k8s.io/apiserver resourcequota CheckRequest). */
import type { ApiObject } from '../object.ts';
import type { Quantity } from '../quantity/quantity.ts';
import type { Evaluator, ScopeRequirement } from './evaluator.ts';
import {
  addLists,
  exceeding,
  growth,
  listText,
  masked,
  type ResourceList,
  readList,
  withoutZeros,
} from './resource-list.ts';

export interface QuotaWrite {
  readonly operation: string;
  readonly subresource: string;
  readonly object: Readonly<ApiObject>;
  readonly previous?: Readonly<ApiObject> | undefined;
}

/** A quota as it is counted with: `used` grows as writes pass that are not stored yet. */
export interface RunningQuota {
  readonly name: string;
  readonly object: Readonly<ApiObject>;
  readonly hard: ResourceList;
  used: ResourceList;
}

export function runningQuota(object: Readonly<ApiObject>): RunningQuota {
  const { hard, used } = object['status'] ?? {};
  return { name: object.metadata?.name ?? '', object, hard: readList(hard), used: readList(used) };
}

/** The scopes of a quota, both forms of saying them as one. */
export function scopesOf(quota: Readonly<ApiObject>): readonly ScopeRequirement[] {
  const { scopes = [], scopeSelector } = quota['spec'] ?? {};
  const named = scopes.map((scopeName: string) => ({ scopeName, operator: 'Exists' }));
  return [...named, ...(scopeSelector?.matchExpressions ?? [])];
}

/** Whether the quota counts the object at all. */
export function quotaMatches(
  quota: Readonly<ApiObject>,
  names: Iterable<string>,
  evaluator: Evaluator,
  object: Readonly<ApiObject>,
): boolean {
  for (const requirement of scopesOf(quota)) if (!evaluator.inScope(requirement, object)) return false;
  for (const name of names) if (evaluator.counts(name)) return true;
  return false;
}

/**
 * Why the write is refused, in kube-apiserver's words without the subject; or undefined, and then `used` of the quotas
 * that it grows is what it will be.
 */
export function chargeWrite(
  quotas: readonly RunningQuota[],
  evaluator: Evaluator,
  write: QuotaWrite,
  now: number,
): string | undefined {
  const { object, previous, operation } = write;
  const concerned: RunningQuota[] = [];
  for (const quota of quotas) {
    if (!quotaMatches(quota.object, quota.hard.keys(), evaluator, object)) continue;
    const names = [...quota.hard.keys()].filter((name) => evaluator.counts(name));
    const problem = evaluator.problem?.(names, object);
    if (problem !== undefined) return `failed quota: ${quota.name}: ${problem}`;
    if (!names.every((name) => quota.used.has(name)))
      return `status unknown for quota: ${quota.name}, resources: ${names.toSorted().join(',')}`;
    concerned.push(quota);
  }
  if (concerned.length === 0) return undefined;
  const usage = evaluator.usage(object, now);
  const negative = [...usage].filter(([, quantity]) => quantity.sign() < 0).map(([name]) => name);
  if (negative.length > 0) return `quota usage is negative for resource(s): ${negative.sort().join(',')}`;
  const grown = operation === 'UPDATE' && previous ? growth(usage, evaluator.usage(previous, now)) : usage;
  const charges = new Map<RunningQuota, Map<string, Quantity>>();
  for (const quota of concerned) {
    const counted = previous && quotaMatches(quota.object, quota.hard.keys(), evaluator, previous);
    const charge = masked(withoutZeros(counted ? grown : usage), quota.hard.keys());
    if (charge.size === 0) continue;
    const used = addLists(quota.used, charge);
    const over = exceeding(masked(used, charge.keys()), quota.hard);
    if (over.length > 0) {
      const [requested, had, limited] = [charge, quota.used, quota.hard].map((list) => listText(masked(list, over)));
      return `exceeded quota: ${quota.name}, requested: ${requested}, used: ${had}, limited: ${limited}`;
    }
    charges.set(quota, used);
  }
  for (const [quota, used] of charges) quota.used = used;
  return undefined;
}

import { kubernetesResources, type SharedCache } from '@keelson/client';
import { type Controller, type ControllerContext, canonicalJson } from '@keelson/controller-kit';
import type { ClusterRole, PolicyRule } from '@keelson/model/generated/types/rbac-v1.ts';
import { selectorFromObject } from '@keelson/model/selectors/label-selector.ts';

const { clusterRoles } = kubernetesResources;

/** Fills ClusterRoles that have an aggregationRule with the rules of the roles that it selects. */
export class ClusterRoleAggregationController implements Controller {
  readonly name = 'clusterrole-aggregation-controller';
  #context!: ControllerContext;
  #roles!: SharedCache<ClusterRole>;

  start(context: ControllerContext): void {
    this.#context = context;
    this.#roles = context.caches.of(clusterRoles);
    this.#roles.onChange((before, now) => {
      for (const role of this.#roles.list()) {
        const affected = [before, now].some((changed) => changed !== undefined && selects(role, changed));
        if (affected || (role === now && role.aggregationRule !== undefined)) context.queue.add(role.metadata!.name!);
      }
    });
  }

  async reconcile(name: string): Promise<number | undefined> {
    const role = this.#roles.get(undefined, name);
    if (role?.aggregationRule === undefined) return undefined;
    const rules = aggregatedRules(role, this.#roles.list());
    if (canonicalJson(rules) === canonicalJson(role.rules ?? [])) return undefined;
    await this.#context.client.resource(clusterRoles).update({ ...role, rules });
    return undefined;
  }
}

function selects(role: ClusterRole, other: ClusterRole): boolean {
  const selectors = role.aggregationRule?.clusterRoleSelectors ?? [];
  return selectors.some((selector) => selectorFromObject(selector).matches(other.metadata?.labels));
}

/** The rules of every role that `role` selects, selector by selector and by name, each rule once. */
export function aggregatedRules(role: ClusterRole, roles: readonly ClusterRole[]): PolicyRule[] {
  const found = new Map<string, PolicyRule>();
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const parsed = selectorFromObject(selector);
    const selected = roles
      .filter((other) => other.metadata?.name !== role.metadata?.name && parsed.matches(other.metadata?.labels))
      .toSorted((left, right) => (left.metadata!.name! < right.metadata!.name! ? -1 : 1));
    for (const rule of selected.flatMap((other) => other.rules ?? [])) {
      const key = canonicalJson(rule);
      if (!found.has(key)) found.set(key, rule);
    }
  }
  return [...found.values()];
}

import { type ApiObject, type LabelSelectorObject, SelectorError, selectorFromObject } from '@keelson/model';
import type { PolicyRule } from './policy-rule.ts';

/**
 * The rules that a ClusterRole has in effect: its own, or, when it has an aggregationRule, those of all ClusterRoles
 * that its selectors choose, in the order of their names, each rule once. An aggregated role may choose aggregated
 * ones; one that chooses itself in the end adds nothing.
 * @param roles all ClusterRoles by name
 */
export function effectiveRules(
  role: Readonly<ApiObject>,
  roles: ReadonlyMap<string, Readonly<ApiObject>>,
): PolicyRule[] {
  const rules: PolicyRule[] = [];
  const seen = new Set<string>();
  const visited = new Set<string>();
  const byName = [...roles.keys()].sort();
  const visit = (current: Readonly<ApiObject>) => {
    const name = current.metadata?.name ?? '';
    if (visited.has(name)) return;
    visited.add(name);
    const selectors: readonly LabelSelectorObject[] | undefined = current['aggregationRule']?.clusterRoleSelectors;
    if (selectors === undefined || selectors === null) {
      for (const rule of rulesOf(current)) {
        const text = JSON.stringify(rule);
        if (!seen.has(text)) rules.push(rule);
        seen.add(text);
      }
      return;
    }
    for (const selector of selectors.map(readable)) {
      for (const candidate of byName) {
        const other = roles.get(candidate)!;
        if (selector.matches(other.metadata?.labels)) visit(other);
      }
    }
  };
  visit(role);
  return rules;
}

/** The rules as they are written in a Role or ClusterRole. */
export function rulesOf(role: Readonly<ApiObject>): readonly PolicyRule[] {
  return role['rules'] ?? [];
}

/** A selector that cannot be read selects nothing: it must not give anybody more. */
function readable(selector: LabelSelectorObject) {
  try {
    return selectorFromObject(selector);
  } catch (thrown) {
    if (thrown instanceof SelectorError) return selectorFromObject(undefined);
    throw thrown;
  }
}

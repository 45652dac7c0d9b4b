/** A rule of a webhook or an admission policy (admissionregistration.k8s.io/v1 RuleWithOperations, NamedRuleWithOperations). */
export interface Rule {
  readonly operations?: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly apiVersions?: readonly string[];
  /** `pods`, `pods/log`, or `*` on either side of the slash or alone. */
  readonly resources?: readonly string[];
  /** `Cluster`, `Namespaced` or `*`, which is also what an absent one means. */
  readonly scope?: string;
  /** Of policies alone: absent or empty allows every name. */
  readonly resourceNames?: readonly string[];
}

/** What of a request rules look at. */
export interface RuleAttributes {
  readonly operation: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  /** Empty for objects of the cluster, Namespaces among them. */
  readonly namespace: string;
  readonly name: string;
}

/** Whether the rule is for such a request (k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/rules). */
export function ruleMatches(rule: Rule, asked: RuleAttributes): boolean {
  return (
    scopeMatches(rule.scope, asked.namespace) &&
    named(rule.operations, asked.operation) &&
    named(rule.apiGroups, asked.group) &&
    named(rule.apiVersions, asked.version) &&
    resourceMatches(rule.resources, asked.resource, asked.subresource) &&
    (rule.resourceNames === undefined || rule.resourceNames.length === 0 || rule.resourceNames.includes(asked.name))
  );
}

function scopeMatches(scope: string | undefined, namespace: string): boolean {
  if (scope === 'Namespaced') return namespace !== '';
  return scope === 'Cluster' ? namespace === '' : true;
}

function named(list: readonly string[] | undefined, wanted: string): boolean {
  return list !== undefined && (list.includes('*') || list.includes(wanted));
}

function resourceMatches(list: readonly string[] | undefined, resource: string, subresource: string): boolean {
  for (const entry of list ?? []) {
    const slash = entry.indexOf('/');
    const main = slash < 0 ? entry : entry.slice(0, slash);
    const sub = slash < 0 ? '' : entry.slice(slash + 1);
    if ((main === '*' || main === resource) && (sub === '*' || sub === subresource)) return true;
  }
  return false;
}

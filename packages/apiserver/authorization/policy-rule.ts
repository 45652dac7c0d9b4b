import { quotedList } from '../authentication/quoted.ts';
import type { Attributes } from './contract.ts';

/** What may be done (rbac.authorization.k8s.io/v1 PolicyRule). */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

const none: readonly string[] = [];

/** True when `rule` alone allows what is asked. */
export function ruleAllows(rule: PolicyRule, asked: Attributes): boolean {
  if (!has(rule.verbs ?? none, asked.verb)) return false;
  if (!asked.resourceRequest) return (rule.nonResourceURLs ?? none).some((url) => urlMatches(url, asked.path));
  return (
    has(rule.apiGroups ?? none, asked.apiGroup) &&
    resourceMatches(rule.resources ?? none, asked.resource, asked.subresource) &&
    nameMatches(rule.resourceNames ?? none, asked.name)
  );
}

/** True when a URL of a rule, which may end in `*`, stands for `path`. */
export function urlMatches(url: string, path: string): boolean {
  return url === '*' || url === path || (url.endsWith('*') && path.startsWith(url.replace(/\*+$/, '')));
}

function has(list: readonly string[], item: string): boolean {
  return list.includes(item) || list.includes('*');
}

function resourceMatches(list: readonly string[], resource: string, subresource: string): boolean {
  if (list.includes('*')) return true;
  if (subresource === '') return list.includes(resource);
  for (const item of list) {
    if (item.length === subresource.length + 2 && item.startsWith('*/') && item.endsWith(subresource)) return true;
    if (item.length === resource.length + subresource.length + 1 && item === `${resource}/${subresource}`) return true;
  }
  return false;
}

function nameMatches(names: readonly string[], name: string): boolean {
  return names.length === 0 || names.includes(name);
}

/** `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`, as escalation errors print a rule. */
export function describeRule(rule: PolicyRule): string {
  const parts: string[] = [];
  const add = (label: string, values: readonly string[] | undefined) => {
    if (values !== undefined && values.length > 0) parts.push(`${label}:${quotedList(values)}`);
  };
  add('APIGroups', rule.apiGroups);
  add('Resources', rule.resources);
  add('NonResourceURLs', rule.nonResourceURLs);
  add('ResourceNames', rule.resourceNames);
  add('Verbs', rule.verbs);
  return `{${parts.join(', ')}}`;
}

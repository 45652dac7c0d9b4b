import type { UserInfo } from '../authentication/contract.ts';
import { parseConfiguration } from '../configuration/configuration-file.ts';
import { ConfigurationError } from '../configuration/shape.ts';
import type { RequestInfo } from '../request/request-info.ts';

export type AuditLevel = 'None' | 'Metadata' | 'Request' | 'RequestResponse';
export type AuditStage = 'RequestReceived' | 'ResponseStarted' | 'ResponseComplete' | 'Panic';

/** audit.k8s.io/v1 PolicyRule. */
export interface AuditRule {
  readonly level: AuditLevel;
  readonly users?: readonly string[];
  readonly userGroups?: readonly string[];
  readonly verbs?: readonly string[];
  readonly resources?: readonly {
    readonly group?: string;
    readonly resources?: readonly string[];
    readonly resourceNames?: readonly string[];
  }[];
  readonly namespaces?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly omitStages?: readonly AuditStage[];
  readonly omitManagedFields?: boolean;
}

/** audit.k8s.io/v1 Policy (https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/#audit-policy). */
export interface AuditPolicy {
  readonly rules: readonly AuditRule[];
  readonly omitStages?: readonly AuditStage[];
  readonly omitManagedFields?: boolean;
}

/** What of one request is told. */
export interface AuditDecision {
  readonly level: AuditLevel;
  readonly omitStages: readonly AuditStage[];
  readonly omitManagedFields: boolean;
}

const levels = ['None', 'Metadata', 'Request', 'RequestResponse'];
const stages = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'];
const shape = {
  metadata: 'map',
  rules: [
    {
      level: 'string',
      users: 'strings',
      userGroups: 'strings',
      verbs: 'strings',
      resources: [{ group: 'string', resources: 'strings', resourceNames: 'strings' }],
      namespaces: 'strings',
      nonResourceURLs: 'strings',
      omitStages: 'strings',
      omitManagedFields: 'boolean',
    },
  ],
  omitStages: 'strings',
  omitManagedFields: 'boolean',
} as const;

/** Reads a policy. @throws ConfigurationError with everything that is wrong */
export function readAuditPolicy(text: string): AuditPolicy {
  const policy = parseConfiguration(text, ['audit.k8s.io/v1 Policy'], shape);
  const rules: readonly AuditRule[] = policy['rules'] ?? [];
  if (rules.length === 0) throw new ConfigurationError('loaded illegal policy with 0 rules');
  const problems = [...stageProblems('omitStages', policy['omitStages']), ...rules.flatMap(ruleProblems)];
  if (problems.length > 0) throw new ConfigurationError(problems.join('\n'));
  return policy as unknown as AuditPolicy;
}

function stageProblems(field: string, list: readonly string[] = []): string[] {
  return list.flatMap((stage, index) =>
    stages.includes(stage)
      ? []
      : [`${field}[${index}]: Unsupported value: ${JSON.stringify(stage)}: supported values: ${quoted(stages)}`],
  );
}

function quoted(list: readonly string[]): string {
  return list.map((one) => JSON.stringify(one)).join(', ');
}

function ruleProblems(rule: AuditRule, index: number): string[] {
  const field = `rules[${index}]`;
  const problems = stageProblems(`${field}.omitStages`, rule.omitStages);
  const level: string = rule.level ?? '';
  if (level === '') problems.push(`${field}.level: Required value`);
  else if (!levels.includes(level))
    problems.push(`${field}.level: Unsupported value: ${JSON.stringify(level)}: supported values: ${quoted(levels)}`);
  const { resources = [], namespaces = [], nonResourceURLs: urls = [] } = rule;
  if (urls.length > 0 && (resources.length > 0 || namespaces.length > 0))
    problems.push(
      `${field}.nonResourceURLs: Invalid value: rules cannot apply to both regular resources and non-resource URLs`,
    );
  for (const [at, url] of urls.entries()) {
    if (url === '*') continue;
    if (!url.startsWith('/'))
      problems.push(
        `${field}.nonResourceURLs[${at}]: Invalid value: ${JSON.stringify(url)}: non-resource URL rules must begin with a '/' character`,
      );
    if (url.slice(0, -1).includes('*'))
      problems.push(
        `${field}.nonResourceURLs[${at}]: Invalid value: ${JSON.stringify(url)}: non-resource URL wildcards '*' must be the final character of the rule`,
      );
  }
  for (const [at, { resources: names = [], resourceNames = [] }] of resources.entries())
    if (resourceNames.length > 0 && names.length === 0)
      problems.push(
        `${field}.resources[${at}].resourceNames: Invalid value: using resourceNames requires at least one resource`,
      );
  return problems;
}

/** What a policy says of a request: the first rule that it meets, else nothing is told. */
export function decideAudit(policy: AuditPolicy, user: UserInfo, info: RequestInfo): AuditDecision {
  for (const rule of policy.rules) {
    if (!matches(rule, user, info)) continue;
    return {
      level: rule.level,
      omitStages: [...(policy.omitStages ?? []), ...(rule.omitStages ?? [])],
      omitManagedFields: rule.omitManagedFields ?? policy.omitManagedFields ?? false,
    };
  }
  return { level: 'None', omitStages: [], omitManagedFields: false };
}

function matches(rule: AuditRule, user: UserInfo, info: RequestInfo): boolean {
  const { users = [], userGroups = [], verbs = [], namespaces = [], resources = [], nonResourceURLs = [] } = rule;
  if (users.length > 0 && !users.includes(user.name)) return false;
  if (userGroups.length > 0 && !userGroups.some((group) => user.groups.includes(group))) return false;
  if (verbs.length > 0 && !verbs.includes(info.verb)) return false;
  if (namespaces.length > 0 || resources.length > 0) {
    if (!info.resourceRequest || (namespaces.length > 0 && !namespaces.includes(info.namespace))) return false;
    return resources.length === 0 || resources.some((one) => matchesResource(one, info));
  }
  if (nonResourceURLs.length > 0)
    return !info.resourceRequest && nonResourceURLs.some((url) => matchesPath(url, info.path));
  return true;
}

function matchesResource(rule: NonNullable<AuditRule['resources']>[number], info: RequestInfo): boolean {
  const { group = '', resources = [], resourceNames = [] } = rule;
  if (group !== info.group) return false;
  if (resources.length === 0) return true;
  if (resourceNames.length > 0 && !resourceNames.includes(info.name)) return false;
  const { resource, subresource } = info;
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  return resources.some(
    (name) =>
      name === whole ||
      name === '*' ||
      (subresource !== '' && name === `*/${subresource}`) ||
      (name.endsWith('/*') && name.slice(0, -2) === resource),
  );
}

function matchesPath(url: string, path: string): boolean {
  return url === '*' || url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1)));
}

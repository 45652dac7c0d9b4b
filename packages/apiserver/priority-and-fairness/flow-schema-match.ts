import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '@keelson/model/generated/types/flowcontrol-v1.ts';
import type { UserInfo } from '../authentication/contract.ts';
import type { RequestInfo } from '../request/request-info.ts';

/** Whether a request of `user` belongs to `schema` (k8s.io/apiserver/pkg/util/flowcontrol). */
export function matchesFlowSchema(schema: FlowSchema, user: UserInfo, info: RequestInfo): boolean {
  for (const rule of schema.spec?.rules ?? []) if (matchesRule(rule, user, info)) return true;
  return false;
}

function matchesRule(rule: PolicyRulesWithSubjects, user: UserInfo, info: RequestInfo): boolean {
  let known = false;
  for (const subject of rule.subjects) {
    known = matchesSubject(subject, user);
    if (known) break;
  }
  if (!known) return false;
  if (!info.resourceRequest) {
    for (const one of rule.nonResourceRules ?? []) if (matchesPath(one, info)) return true;
    return false;
  }
  for (const one of rule.resourceRules ?? []) if (matchesResource(one, info)) return true;
  return false;
}

function matchesSubject(subject: Subject, user: UserInfo): boolean {
  switch (subject.kind) {
    case 'User':
      return subject.user?.name === '*' || subject.user?.name === user.name;
    case 'Group':
      return subject.group?.name === '*' || user.groups.includes(subject.group?.name ?? '');
    case 'ServiceAccount': {
      const { namespace = '', name = '' } = subject.serviceAccount ?? {};
      const prefix = `system:serviceaccount:${namespace}:`;
      return name === '*' ? user.name.startsWith(prefix) : user.name === prefix + name;
    }
    default:
      return false;
  }
}

/** `*` stands alone in a list, or not at all: validation sees to it. */
function contains(list: readonly string[] | undefined, value: string): boolean {
  if (list === undefined) return false;
  return (list.length === 1 && list[0] === '*') || list.includes(value);
}

function matchesResource(rule: ResourcePolicyRule, info: RequestInfo): boolean {
  const { resource, subresource } = info;
  return (
    contains(rule.verbs, info.verb) &&
    contains(rule.resources, subresource === '' ? resource : `${resource}/${subresource}`) &&
    contains(rule.apiGroups, info.group) &&
    (info.namespace === '' ? rule.clusterScope === true : contains(rule.namespaces, info.namespace))
  );
}

function matchesPath(rule: NonResourcePolicyRule, info: RequestInfo): boolean {
  if (!contains(rule.verbs, info.verb)) return false;
  for (const url of rule.nonResourceURLs) {
    if (url === '*' || url === info.path) return true;
    const open = url.endsWith('*') ? url.slice(0, -1) : url;
    if (info.path.startsWith(open.endsWith('/') ? open : `${open}/`)) return true;
  }
  return false;
}

/** What tells this request's flow from others of the same schema. */
export function flowDistinguisher(schema: FlowSchema, user: UserInfo, info: RequestInfo): string {
  switch (schema.spec?.distinguisherMethod?.type) {
    case 'ByUser':
      return user.name;
    case 'ByNamespace':
      return info.namespace;
    default:
      return '';
  }
}

import { type FieldError, forbidden, invalid, notSupported, required } from '../../../field-error.ts';
import type {
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '../../../generated/types/flowcontrol-v1.ts';
import { dnsLabelProblems, dnsSubdomainProblems } from '../../../metadata/names.ts';

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];

/** Everything wrong with one entry of spec.rules. */
export function policyRuleErrors(field: string, rule: PolicyRulesWithSubjects): FieldError[] {
  const { subjects = [], resourceRules = [], nonResourceRules = [] } = rule;
  const errors: FieldError[] = [];
  if (subjects.length === 0) errors.push(required(`${field}.subjects`, 'subjects must contain at least one value'));
  errors.push(...subjects.flatMap((subject, index) => subjectErrors(`${field}.subjects[${index}]`, subject)));
  if (resourceRules.length === 0 && nonResourceRules.length === 0)
    errors.push(required(field, 'at least one of resourceRules and nonResourceRules has to be non-empty'));
  return [
    ...errors,
    ...resourceRules.flatMap((one, index) => resourceRuleErrors(`${field}.resourceRules[${index}]`, one)),
    ...nonResourceRules.flatMap((one, index) => nonResourceRuleErrors(`${field}.nonResourceRules[${index}]`, one)),
  ];
}

const subjectFields = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const;
type SubjectKind = keyof typeof subjectFields;

function subjectErrors(field: string, subject: Subject): FieldError[] {
  if (!Object.hasOwn(subjectFields, subject.kind))
    return [notSupported(`${field}.kind`, subject.kind, ['Group', 'ServiceAccount', 'User'])];
  const kind = subject.kind as SubjectKind;
  const own = subjectFields[kind];
  const errors: FieldError[] = [];
  const named = subject[own];
  if (named === undefined)
    errors.push(required(`${field}.${own}`, `${own} is required when subject kind is '${kind}'`));
  else errors.push(...namedErrors(`${field}.${own}`, kind, named));
  for (const other of ['ServiceAccount', 'User', 'Group'] as const) {
    const name = subjectFields[other];
    if (other === kind || subject[name] === undefined) continue;
    errors.push(forbidden(`${field}.${name}`, `${name} is forbidden when subject kind is not '${other}'`));
  }
  return errors;
}

function namedErrors(field: string, kind: SubjectKind, named: { name?: string; namespace?: string }): FieldError[] {
  const { name = '', namespace = '' } = named;
  const errors: FieldError[] = name === '' ? [required(`${field}.name`)] : [];
  if (kind !== 'ServiceAccount') return errors;
  if (name !== '' && name !== '*')
    errors.push(...dnsSubdomainProblems(name).map((problem) => invalid(`${field}.name`, name, problem)));
  if (namespace === '') errors.push(required(`${field}.namespace`, 'must specify namespace for service account'));
  else errors.push(...dnsLabelProblems(namespace).map((text) => invalid(`${field}.namespace`, namespace, text)));
  return errors;
}

function verbErrors(field: string, list: readonly string[]): FieldError[] {
  if (list.length === 0) return [required(field, 'verbs must contain at least one value')];
  if (list.includes('*'))
    return list.length > 1 ? [invalid(field, list, "if '*' is present, must not specify other verbs")] : [];
  return list.every((verb) => verbs.includes(verb)) ? [] : [notSupported(field, list, verbs)];
}

/** A list that names at least one, or everything by `*` alone. */
function listErrors(field: string, list: readonly string[], absent: string, others: string): FieldError[] {
  if (list.length === 0) return [required(field, absent)];
  if (list.length === 1 || !list.includes('*')) return [];
  return [invalid(field, list, `if '*' is present, must not specify other ${others}`)];
}

function resourceRuleErrors(field: string, rule: ResourcePolicyRule): FieldError[] {
  const { namespaces = [] } = rule;
  const at = `${field}.namespaces`;
  const errors = [
    ...verbErrors(`${field}.verbs`, rule.verbs ?? []),
    ...listErrors(
      `${field}.apiGroups`,
      rule.apiGroups ?? [],
      'resource rules must supply at least one api group',
      'api groups',
    ),
    ...listErrors(
      `${field}.resources`,
      rule.resources ?? [],
      'resource rules must supply at least one resource',
      'resources',
    ),
  ];
  if (namespaces.length === 0 && rule.clusterScope !== true) {
    errors.push(required(at, 'resource rules that are not cluster scoped must supply at least one namespace'));
  } else if (namespaces.includes('*')) {
    if (namespaces.length > 1)
      errors.push(invalid(at, namespaces, "if '*' is present, must not specify other namespaces"));
  } else {
    namespaces.forEach((name, index) => {
      const text = "each member of this list must be '*' or a DNS-1123 label; ";
      errors.push(...dnsLabelProblems(name).map((problem) => invalid(`${at}[${index}]`, name, text + problem)));
    });
  }
  return errors;
}

function nonResourceRuleErrors(field: string, rule: NonResourcePolicyRule): FieldError[] {
  const urls = rule.nonResourceURLs ?? [];
  const at = `${field}.nonResourceURLs`;
  const errors = [
    ...verbErrors(`${field}.verbs`, rule.verbs ?? []),
    ...listErrors(at, urls, 'nonResourceURLs must contain at least one value', 'non-resource URLs'),
  ];
  if (urls.includes('*')) return errors;
  urls.forEach((url, index) => {
    const problem = urlProblem(url);
    if (problem !== undefined) errors.push(invalid(`${at}[${index}]`, url, problem));
  });
  return errors;
}

function urlProblem(path: string): string | undefined {
  if (path === '') return 'must not be empty';
  if (path === '/') return undefined;
  if (!path.startsWith('/')) return 'must start with slash';
  if (path.includes(' ')) return 'must not contain white-space';
  if (path.includes('//')) return 'must not contain double slash';
  const stars = path.split('*').length - 1;
  return stars > 1 || (stars === 1 && !path.endsWith('/*')) ? 'wildcard can only do suffix matching' : undefined;
}

/** What is wrong with the rules of webhooks and admission policies (k8s.io/kubernetes/pkg/apis/admissionregistration/validation). */
import { type FieldError, index, invalid, notSupported, required } from '../../field-error.ts';

type Fields = Readonly<Record<string, any>>;

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const SCOPES = ['*', 'Cluster', 'Namespaced'];

/** Everything wrong with RuleWithOperations at `at`; a rule without scope is one of every scope. */
export function ruleErrors(at: string, rule: Fields): FieldError[] {
  const { apiGroups = [], apiVersions = [], resources = [], operations = [], scope } = rule;
  const errors: FieldError[] = [
    ...alone(`${at}.operations`, operations, 'operations'),
    ...operations.flatMap((operation: string, position: number) =>
      OPERATIONS.includes(operation) ? [] : [notSupported(index(`${at}.operations`, position), operation, OPERATIONS)],
    ),
    ...alone(`${at}.apiGroups`, apiGroups, 'API groups'),
    ...alone(`${at}.apiVersions`, apiVersions, 'API versions'),
    ...apiVersions.flatMap((version: string, position: number) =>
      version === '' ? [required(index(`${at}.apiVersions`, position))] : [],
    ),
    ...resourceErrors(`${at}.resources`, resources),
  ];
  if (scope !== undefined && !SCOPES.includes(scope)) errors.push(notSupported(`${at}.scope`, scope, SCOPES));
  return errors;
}

/** At least one value, and a star by itself. */
function alone(at: string, values: readonly string[], what: string): FieldError[] {
  if (values.length === 0) return [required(at)];
  if (values.length === 1 || !values.includes('*')) return [];
  return [invalid(at, values, `if '*' is present, must not specify other ${what}`)];
}

function resourceErrors(at: string, resources: readonly string[]): FieldError[] {
  if (resources.length === 0) return [required(at)];
  const errors: FieldError[] = [];
  const wholeOf = new Set<string>();
  const ofAll = new Set<string>();
  let plain = false;
  resources.forEach((entry, position) => {
    const slash = entry.indexOf('/');
    if (entry === '') errors.push(required(index(at, position)));
    if (entry === '') return;
    if (slash < 0) {
      plain = entry !== '*';
      return;
    }
    const [main, sub] = [entry.slice(0, slash), entry.slice(slash + 1)];
    if (wholeOf.has(main))
      errors.push(invalid(index(at, position), entry, `if '${main}/*' is present, must not specify ${entry}`));
    if (ofAll.has(sub))
      errors.push(invalid(index(at, position), entry, `if '*/${sub}' is present, must not specify ${entry}`));
    if (sub === '*') wholeOf.add(main);
    if (main === '*') ofAll.add(sub);
  });
  if (resources.length > 1 && resources.includes('*/*'))
    errors.push(invalid(at, resources, "if '*/*' is present, must not specify other resources"));
  if (resources.includes('*') && plain)
    errors.push(invalid(at, resources, "if '*' is present, must not specify other resources without subresources"));
  return errors;
}

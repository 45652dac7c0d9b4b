import type { Resource, ResourceCatalogue } from '@keelson/model';
import { type CelType, ExpressionProblem, PolicyExpressions, typeOfStruct } from '@keelson/model/cel/index.ts';
import type {
  ExpressionWarning,
  NamedRuleWithOperations,
  ValidatingAdmissionPolicy,
} from '@keelson/model/generated/types/admissionregistration-v1.ts';

/** Upstream's limit. */
const maxKinds = 10;
/** Expressions times kinds that are checked of one policy; policies of people have a few. */
const maxChecks = 2000;

/**
 * What is wrong with the expressions of a policy for kinds that its rules name (k8s.io/apiserver
 * plugin/policy/validating/typechecking.go). Custom resources' kinds are not checked.
 */
export function typeWarnings(
  policy: Readonly<ValidatingAdmissionPolicy>,
  catalogue: ResourceCatalogue,
  minor: number,
): ExpressionWarning[] {
  const { matchConstraints, paramKind, variables = [], validations = [] } = policy.spec ?? {};
  const params = paramsType(paramKind?.apiVersion ?? '', paramKind?.kind ?? '', catalogue);
  const checkers = kindsOf(matchConstraints?.resourceRules ?? [], catalogue).map((resource) => {
    const object = typeOfStruct(resource.type);
    const types = { object, oldObject: object, ...(params === undefined ? {} : { params }) };
    const expressions = new PolicyExpressions({
      minor,
      params: paramKind !== undefined,
      composed: variables.length > 0,
      types,
    });
    for (const { name, expression } of variables) expressions.add(name, expression, true);
    return { kind: kindName(resource), expressions };
  });
  const warnings: ExpressionWarning[] = [];
  let left = maxChecks - checkers.length * variables.length;
  const check = (fieldRef: string, text: string): void => {
    left -= checkers.length;
    if (left < 0) return;
    const found: string[] = [];
    for (const { kind, expressions } of checkers) {
      const outcome = expressions.compile(text, { authorizer: true, stored: true });
      if (outcome instanceof ExpressionProblem) found.push(`${kind}: ${outcome.message}\n`);
    }
    if (found.length > 0) warnings.push({ fieldRef, warning: found.join('\n') });
  };
  for (const [position, { expression, messageExpression = '' }] of validations.entries()) {
    check(`spec.validations[${position}].expression`, expression ?? '');
    if (messageExpression !== '') check(`spec.validations[${position}].messageExpression`, messageExpression);
  }
  return warnings;
}

function paramsType(apiVersion: string, kind: string, catalogue: ResourceCatalogue): CelType | undefined {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/', 2) : ['', apiVersion];
  const resource = catalogue.findKind(group!, version!, kind);
  return resource === undefined ? undefined : typeOfStruct(resource.type);
}

/** Without a group its name alone counts, as for upstream's mapper. A rule with a wildcard names no kinds. */
function kindsOf(rules: readonly NamedRuleWithOperations[], catalogue: ResourceCatalogue): Resource[] {
  const found = new Map<string, Resource>();
  for (const { apiGroups = [], apiVersions = [], resources = [] } of rules) {
    if ([...apiGroups, ...apiVersions].some((name) => name.includes('*'))) continue;
    for (const { group, version } of catalogue.groupVersions) {
      if (!(apiGroups.includes(group) || apiGroups.includes('')) || !apiVersions.includes(version)) continue;
      for (const name of resources) {
        const resource = catalogue.find(group, version, name);
        if (resource !== undefined && found.size < maxKinds) found.set(kindName(resource), resource);
      }
    }
  }
  return [...found.values()].toSorted(
    (left, right) =>
      compared(left.group, right.group) || compared(left.version, right.version) || compared(left.kind, right.kind),
  );
}

function compared(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function kindName({ group, version, kind }: Resource): string {
  return `${group}/${version}, Kind=${kind}`;
}

import { type FieldError, invalid, key, required } from '../../../field-error.ts';
import { IMMUTABLE } from '../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../object.ts';
import { canonicalQuantities } from '../../../quantity/canonical-quantities.ts';
import { quantityOrUndefined } from '../../../quantity/quantity.ts';
import type { Column, Strategy } from '../../../strategy.ts';
import { ageColumn } from '../../../table/table.ts';
import type { Fields } from '../pod/fields.ts';
import { resourceQuantityErrors } from '../pod/validation/resources.ts';
import { isScope, quotaNameErrors, scopeAllows } from './resource-names.ts';

const CONFLICTING = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;
const EXISTENTIAL = new Set([
  'BestEffort',
  'NotBestEffort',
  'Terminating',
  'NotTerminating',
  'CrossNamespacePodAffinity',
]);

function listErrors(at: string, list: Readonly<Record<string, unknown>> | undefined): FieldError[] {
  return Object.entries(list ?? {}).flatMap(([name, value]) => [
    ...quotaNameErrors(key(at, name), name),
    ...resourceQuantityErrors(key(at, name), name, value),
  ]);
}

function conflictErrors(at: string, scopes: ReadonlySet<string>, shown: unknown): FieldError[] {
  return CONFLICTING.filter((pair) => pair.every((scope) => scopes.has(scope))).map(() =>
    invalid(at, shown, 'conflicting scopes'),
  );
}

function scopesErrors(spec: Fields): FieldError[] {
  const scopes: string[] = spec['scopes'] ?? [];
  const at = 'spec.scopes';
  const errors: FieldError[] = [];
  for (const scope of scopes) {
    if (!isScope(scope)) errors.push(invalid(at, scopes, 'unsupported scope'));
    for (const name of Object.keys(spec['hard'] ?? {}))
      if (!scopeAllows(scope, name)) errors.push(invalid(at, scopes, 'unsupported scope applied to resource'));
  }
  return [...errors, ...conflictErrors(at, new Set(scopes), scopes)];
}

function selectorErrors(spec: Fields): FieldError[] {
  const selector: Fields | undefined = spec['scopeSelector'];
  if (selector === undefined || selector === null) return [];
  const at = 'spec.scopeSelector.matchExpressions';
  const expressions: Fields[] = selector['matchExpressions'] ?? [];
  const errors: FieldError[] = [];
  for (const { scopeName = '', operator = '', values = [] } of expressions) {
    if (!isScope(scopeName)) errors.push(invalid(`${at}.scopeName`, scopeName, 'unsupported scope'));
    for (const name of Object.keys(spec['hard'] ?? {}))
      if (!scopeAllows(scopeName, name)) errors.push(invalid(at, selector, 'unsupported scope applied to resource'));
    if (EXISTENTIAL.has(scopeName) && operator !== 'Exists') {
      const text =
        "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
      errors.push(invalid(`${at}.operator`, operator, text));
    }
    errors.push(...operatorErrors(at, operator, values));
  }
  const named = new Set(expressions.map(({ scopeName }) => scopeName as string));
  return [...errors, ...conflictErrors(at, named, spec['scopes'] ?? null)];
}

function operatorErrors(at: string, operator: string, values: readonly string[]): FieldError[] {
  if (operator === 'In' || operator === 'NotIn') {
    const text = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
    return values.length === 0 ? [required(`${at}.values`, text)] : [];
  }
  if (operator === 'Exists' || operator === 'DoesNotExist') {
    const text = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
    return values.length > 0 ? [invalid(`${at}.values`, values, text)] : [];
  }
  return [invalid(`${at}.operator`, operator, 'not a valid selector operator')];
}

function validate(object: Readonly<ApiObject>): FieldError[] {
  const spec: Fields = object['spec'] ?? {};
  return [...listErrors('spec.hard', spec['hard']), ...scopesErrors(spec), ...selectorErrors(spec)];
}

function statusErrors(object: Readonly<ApiObject>): FieldError[] {
  const status: Fields = object['status'] ?? {};
  return [...listErrors('status.hard', status['hard']), ...listErrors('status.used', status['used'])];
}

function sameScopes(left: readonly string[], right: readonly string[]): boolean {
  const [one, other] = [new Set(left), new Set(right)];
  return one.size === other.size && left.every((scope) => other.has(scope));
}

/** `cpu: 1/2, pods: 3/10`: what is used of what is allowed, for limits or for everything else. */
function usage(object: Readonly<ApiObject>, ofLimits: boolean): string {
  const { hard = {}, used = {} } = (object['status'] ?? {}) as Fields;
  const names = Object.keys(hard).filter((name) => name.startsWith('limits.') === ofLimits);
  const text = (list: Fields, name: string) => String(quantityOrUndefined(list[name]) ?? '0');
  return names
    .sort()
    .map((name) => `${name}: ${text(used, name)}/${text(hard, name)}`)
    .join(', ');
}

function usageColumn(name: string, ofLimits: boolean, description: string): Column {
  return { name, type: 'string', priority: 0, description, cell: (object) => usage(object, ofLimits) };
}

export const resourceQuota: Strategy = {
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  defaults(object) {
    canonicalQuantities(object['spec']?.hard);
    canonicalQuantities(object['status']?.hard);
    canonicalQuantities(object['status']?.used);
  },
  prepareForCreate(object) {
    object['status'] = {};
  },
  prepareForUpdate(object, previous) {
    object['status'] = previous['status'] ?? {};
  },
  prepareForStatusUpdate(object, previous) {
    object['spec'] = previous['spec'];
  },
  validate: (object) => [...validate(object), ...statusErrors(object)],
  validateUpdate(object, previous) {
    const errors = validate(object);
    const scopes = object['spec']?.scopes ?? [];
    if (!sameScopes(scopes, previous['spec']?.scopes ?? [])) errors.push(invalid('spec.scopes', scopes, IMMUTABLE));
    return errors;
  },
  validateStatusUpdate: statusErrors,
  columns: [
    usageColumn('Request', false, 'What is used of what the quota allows, limits aside.'),
    usageColumn('Limit', true, 'What the limits of containers may add up to, and do.'),
    ageColumn,
  ],
};

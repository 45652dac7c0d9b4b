import { parseFieldSelector, parseLabelSelector, SelectorError } from '@keelson/model';
import type { Attributes } from './contract.ts';

type Requirement = { readonly key: string; readonly operator: string; readonly values?: readonly string[] };

const labelOperators: Readonly<Record<string, string>> = {
  in: 'In',
  '=': 'In',
  '==': 'In',
  notin: 'NotIn',
  '!=': 'NotIn',
  exists: 'Exists',
  '!': 'DoesNotExist',
};

/** What `attributes` ask, as authorization.k8s.io/v1 SubjectAccessReviewSpec; fields without a value are left out. */
export function reviewSpecOf(attributes: Attributes): Record<string, unknown> {
  const { user, verb } = attributes;
  const what = attributes.resourceRequest
    ? { resourceAttributes: resourceAttributesOf(attributes) }
    : { nonResourceAttributes: present({ path: attributes.path, verb }) };
  const extra = Object.keys(user.extra ?? {}).length > 0 ? { extra: user.extra } : {};
  return {
    ...what,
    ...present({ user: user.name, uid: user.uid ?? '' }),
    ...(user.groups.length > 0 ? { groups: user.groups } : {}),
    ...extra,
  };
}

function resourceAttributesOf(attributes: Attributes): Record<string, unknown> {
  const { namespace, verb, apiGroup, apiVersion, resource, subresource, name } = attributes;
  const fields = read(attributes.fieldSelector, fieldRequirements);
  const labels = read(attributes.labelSelector, labelRequirements);
  return {
    ...present({ namespace, verb, group: apiGroup, version: apiVersion, resource, subresource, name }),
    ...(fields.length > 0 ? { fieldSelector: { requirements: fields } } : {}),
    ...(labels.length > 0 ? { labelSelector: { requirements: labels } } : {}),
  };
}

function present(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
}

/** A selector only narrows: one that cannot be read is left out. */
function read(text: string | undefined, parse: (text: string) => Requirement[]): Requirement[] {
  if (!text) return [];
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof SelectorError) return [];
    throw error;
  }
}

function fieldRequirements(text: string): Requirement[] {
  return parseFieldSelector(text).map(({ field, operator, value }) => ({
    key: field,
    operator: operator === '=' ? 'In' : 'NotIn',
    values: [value],
  }));
}

function labelRequirements(text: string): Requirement[] {
  return parseLabelSelector(text).requirements.flatMap(({ key, operator, values }) => {
    const known = Object.hasOwn(labelOperators, operator) ? labelOperators[operator] : undefined;
    if (known === undefined) return [];
    return [{ key, operator: known, ...(values.length > 0 ? { values: [...values] } : {}) }];
  });
}

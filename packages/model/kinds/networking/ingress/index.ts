import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { textColumn } from '../../../table/column-forms.ts';
import type { Fields } from '../../core/pod/fields.ts';
import { CLASS_ANNOTATION, validate, validateStatusUpdate, validateUpdate } from './validation.ts';

const MOST_HOSTS = 3;

function hosts(object: Readonly<ApiObject>): string {
  const rules: Fields[] = object['spec']?.rules ?? [];
  const list: string[] = [];
  let more = false;
  for (const { host = '' } of rules as { host?: string }[]) {
    if (list.length === MOST_HOSTS) more = true;
    if (!more && host !== '') list.push(host);
  }
  if (list.length === 0) return '*';
  return more ? `${list.join(',')} + ${rules.length - MOST_HOSTS} more...` : list.join(',');
}

function addresses(object: Readonly<ApiObject>): string {
  const ingresses: Fields[] = object['status']?.loadBalancer?.ingress ?? [];
  return ingresses
    .map((ingress) => ingress['ip'] || ingress['hostname'] || '')
    .filter((text) => text !== '')
    .join(',');
}

export const ingress: Strategy = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  generation: true,
  prepareForCreate(object) {
    object['status'] = { loadBalancer: {} };
  },
  prepareForUpdate(object, previous) {
    object['status'] = previous['status'];
  },
  prepareForStatusUpdate(object, previous) {
    object['spec'] = previous['spec'];
  },
  validate,
  validateUpdate,
  validateStatusUpdate,
  warnings(object, previous) {
    const annotated = object.metadata?.annotations?.[CLASS_ANNOTATION] !== undefined;
    if (previous !== undefined || !annotated || object['spec']?.ingressClassName !== undefined) return [];
    return [`annotation "${CLASS_ANNOTATION}" is deprecated, please use 'spec.ingressClassName' instead`];
  },
  columns: [
    textColumn(
      'Class',
      'The IngressClass that it belongs to.',
      (object) => object['spec']?.ingressClassName ?? '<none>',
    ),
    textColumn('Hosts', 'The hosts that it has rules for.', hosts),
    textColumn('Address', 'Where it can be reached.', addresses),
    textColumn('Ports', 'The ports on which it listens.', (object) =>
      (object['spec']?.tls ?? []).length > 0 ? '80, 443' : '80',
    ),
  ],
};

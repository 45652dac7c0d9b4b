import type { ApiObject } from '../../../object.ts';
import { selectorFromLabels } from '../../../selectors/label-selector.ts';
import type { Column } from '../../../strategy.ts';
import { ageColumn } from '../../../table/table.ts';
import type { Fields } from '../pod/fields.ts';

function ingresses(object: Readonly<ApiObject>): string[] {
  const entries: Fields[] = object['status']?.loadBalancer?.ingress ?? [];
  const named = entries.map((entry): string => ((entry['ip'] ?? '') !== '' ? entry['ip'] : (entry['hostname'] ?? '')));
  return [...new Set(named.filter((text) => text !== ''))].sort();
}

/**
 * The addresses that the Service is reached at from outside. Upstream cuts a load balancer's to 16 characters unless
 * `-o wide` is asked for; a server cannot know that it is, since the columns of both are sent, and sends it whole.
 */
function externalAddresses(object: Readonly<ApiObject>): string {
  const spec: Fields = object['spec'] ?? {};
  const own: string[] = spec['externalIPs'] ?? [];
  switch (spec['type']) {
    case 'ClusterIP':
    case 'NodePort':
      return own.length > 0 ? own.join(',') : '<none>';
    case 'LoadBalancer': {
      const all = [...ingresses(object), ...own];
      return all.length > 0 ? all.join(',') : '<pending>';
    }
    case 'ExternalName':
      return spec['externalName'] ?? '';
    default:
      return '<unknown>';
  }
}

function ports(object: Readonly<ApiObject>): string {
  const list: Fields[] = object['spec']?.ports ?? [];
  const pieces = list.map((port) => {
    const outside = (port['nodePort'] ?? 0) > 0 ? `:${port['nodePort']}` : '';
    return `${port['port']}${outside}/${port['protocol']}`;
  });
  return pieces.length > 0 ? pieces.join(',') : '<none>';
}

const text = { type: 'string', priority: 0 } as const;

export const columns: readonly Column[] = [
  {
    name: 'Type',
    ...text,
    description: 'How the service is exposed.',
    cell: (object) => object['spec']?.type ?? '',
  },
  {
    name: 'Cluster-IP',
    ...text,
    description: 'Its address inside the cluster.',
    cell: (object) => object['spec']?.clusterIPs?.[0] ?? '<none>',
  },
  {
    name: 'External-IP',
    ...text,
    description: 'The addresses it has outside of the cluster.',
    cell: externalAddresses,
  },
  { name: 'Port(s)', ...text, description: 'Its ports, with those on the nodes.', cell: ports },
  ageColumn,
  {
    name: 'Selector',
    type: 'string',
    priority: 1,
    description: 'The labels of the pods that serve it.',
    cell: (object) => {
      const selector = selectorFromLabels(object['spec']?.selector).toString();
      return selector === '' ? '<none>' : selector;
    },
  },
];

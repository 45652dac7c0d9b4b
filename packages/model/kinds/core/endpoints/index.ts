import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { validate } from './validation.ts';

const SHOWN = 3;

interface Subset {
  addresses?: { ip: string }[];
  ports?: { name?: string; port: number; protocol?: string }[];
}

function withPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The first three ready endpoints, and how many more there are. */
function endpointsText(object: Readonly<ApiObject>): string {
  const subsets: Subset[] = object['subsets'] ?? [];
  if (subsets.length === 0) return '<none>';
  const all: string[] = [];
  for (const { addresses = [], ports = [] } of subsets) {
    if (ports.length === 0) all.push(...addresses.map((address) => address.ip));
    for (const { port } of ports) all.push(...addresses.map((address) => withPort(address.ip, port)));
  }
  const shown = all.slice(0, SHOWN).join(',');
  return all.length > SHOWN ? `${shown} + ${all.length - SHOWN} more...` : shown;
}

export const endpoints: Strategy = {
  apiVersion: 'v1',
  kind: 'Endpoints',
  createOnUpdate: true,
  defaults(object) {
    for (const subset of (object['subsets'] ?? []) as Subset[]) {
      for (const port of subset.ports ?? []) if ((port.protocol ?? '') === '') port.protocol = 'TCP';
    }
  },
  validate,
  validateUpdate: validate,
  columns: [
    {
      name: 'Endpoints',
      type: 'string',
      priority: 0,
      description: 'Addresses and ports that are ready to serve.',
      cell: endpointsText,
    },
  ],
};

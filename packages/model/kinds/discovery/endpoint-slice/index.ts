import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { validate, validateUpdate } from './validation.ts';

const SHOWN = 3;

function shortened(all: readonly (string | number)[]): string {
  if (all.length === 0) return '<unset>';
  const shown = all.slice(0, SHOWN).join(',');
  return all.length > SHOWN ? `${shown} + ${all.length - SHOWN} more...` : shown;
}

const text = { type: 'string', priority: 0 } as const;

export const endpointSlice: Strategy = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  generation: true,
  defaults(object: ApiObject) {
    for (const port of (object['ports'] ?? []) as Record<string, unknown>[]) {
      port['name'] ??= '';
      port['protocol'] ??= 'TCP';
    }
  },
  validate,
  validateUpdate,
  columns: [
    {
      name: 'AddressType',
      ...text,
      description: 'Whether its addresses are IPv4, IPv6 or names.',
      cell: (object) => object['addressType'] ?? '',
    },
    {
      name: 'Ports',
      ...text,
      description: 'The ports that every endpoint of it has.',
      cell: (object) => {
        const ports: { port?: number; name?: string }[] = object['ports'] ?? [];
        return shortened(ports.map((port) => port.port ?? port.name ?? '*'));
      },
    },
    {
      name: 'Endpoints',
      ...text,
      description: 'The addresses of its endpoints.',
      cell: (object) => {
        const endpoints: { addresses?: string[] }[] = object['endpoints'] ?? [];
        return shortened(endpoints.flatMap((endpoint) => endpoint.addresses ?? []));
      },
    },
  ],
};

import type { ApiObject } from '@keelson/model';
import type { ObjectReader } from '../admission/contract.ts';
import type { RemoteApi } from './remote-api.ts';

/** Whether an API can be had: what its condition Available says, without the time. */
export interface Availability {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

interface Slice {
  readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean } }[];
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[];
}

/** Why nobody can be asked; undefined when there is somebody (kube-aggregator's remote availability controller). */
export function obstacle({ service }: RemoteApi, reader: ObjectReader): Availability | undefined {
  const where = `service/${service.name} in ${JSON.stringify(service.namespace)}`;
  const no = (reason: string, message: string): Availability => ({ status: 'False', reason, message });
  const found = reader.get('', 'services', service.namespace, service.name);
  if (found === undefined) return no('ServiceNotFound', `${where} is not present`);
  if ((found['spec']?.type ?? 'ClusterIP') !== 'ClusterIP') return undefined;
  const ports: readonly { name?: string; port: number }[] = found['spec']?.ports ?? [];
  const port = ports.find((one) => one.port === service.port);
  if (port === undefined) return no('ServicePortError', `${where} is not listening on port ${service.port}`);
  const slices = reader
    .list('discovery.k8s.io', 'endpointslices', service.namespace)
    .filter(({ metadata }) => metadata?.labels?.['kubernetes.io/service-name'] === service.name);
  if (slices.length === 0) return no('EndpointsNotFound', `cannot find endpointslices for ${where}`);
  const name = port.name ?? '';
  if (slices.some((slice) => hasEndpoint(slice as Slice, name))) return undefined;
  return no('MissingEndpoints', `endpointslices for ${where} have no addresses with port name ${JSON.stringify(name)}`);
}

function hasEndpoint({ endpoints, ports }: Slice, portName: string): boolean {
  if (!endpoints?.some(({ conditions }) => conditions?.ready !== false)) return false;
  return ports?.some(({ name, port }) => (name ?? '') === portName && port !== undefined) ?? false;
}

export const passed: Availability = { status: 'True', reason: 'Passed', message: 'all checks passed' };

/** The object with its condition; undefined when it says so already. @param now RFC 3339 */
export function withAvailability(
  object: Readonly<ApiObject>,
  availability: Availability,
  now: string,
): ApiObject | undefined {
  const conditions: readonly Record<string, string>[] = object['status']?.conditions ?? [];
  const present = conditions.find(({ type }) => type === 'Available');
  const { status, reason, message } = availability;
  const same = present?.['status'] === status;
  if (same && present['reason'] === reason && present['message'] === message) return undefined;
  const lastTransitionTime = same ? present['lastTransitionTime'] : now;
  const condition = { type: 'Available', ...availability, lastTransitionTime };
  const others = conditions.filter(({ type }) => type !== 'Available');
  return { ...object, status: { ...object['status'], conditions: [...others, condition] } } as ApiObject;
}

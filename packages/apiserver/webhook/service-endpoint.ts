import { type Random, randomInteger } from '@keelson/base';
import type { ApiObject } from '@keelson/model';
import type { ObjectReader } from '../admission/contract.ts';
import type { ServiceEndpoint, ServiceReference } from './contract.ts';

export const defaultServicePort = 443;

/** Why a Service leads nowhere, in kube-apiserver's words. */
export class ServiceResolutionError extends Error {
  override readonly name = 'ServiceResolutionError';
}

/**
 * An address behind a Service, drawn among its ready endpoints: the API server is on no node, so that a Service's own
 * address means nothing to it (k8s.io/apiserver/pkg/util/proxy ResolveEndpoint).
 * @throws ServiceResolutionError
 */
export function serviceEndpoint(reader: ObjectReader, random: Random, wanted: ServiceReference): ServiceEndpoint {
  const { namespace, name, port = defaultServicePort } = wanted;
  const service = reader.get('', 'services', namespace, name);
  if (service === undefined) throw new ServiceResolutionError(`service "${name}" not found`);
  const spec = service['spec'] ?? {};
  if (spec.type === 'ExternalName') return { host: spec.externalName, port };
  const ports: readonly { name?: string; port: number }[] = spec.ports ?? [];
  const found = ports.find((one) => one.port === port);
  if (found === undefined) throw new ServiceResolutionError(`no service port ${port} found for service "${name}"`);
  const candidates = endpointsOf(reader, namespace, name, found.name ?? '');
  if (candidates.length === 0) throw new ServiceResolutionError(`no endpoints available for service "${name}"`);
  return candidates[randomInteger(random, candidates.length)]!;
}

interface SliceEndpoint {
  readonly addresses: readonly string[];
  readonly conditions?: { readonly ready?: boolean };
}

function endpointsOf(reader: ObjectReader, namespace: string, service: string, portName: string): ServiceEndpoint[] {
  const found: ServiceEndpoint[] = [];
  for (const slice of reader.list('discovery.k8s.io', 'endpointslices', namespace)) {
    if (slice.metadata?.labels?.['kubernetes.io/service-name'] !== service) continue;
    const port = portOf(slice, portName);
    if (port === undefined) continue;
    const endpoints: readonly SliceEndpoint[] = slice['endpoints'] ?? [];
    for (const { addresses, conditions } of endpoints) {
      if (conditions?.ready === false || addresses[0] === undefined) continue;
      found.push({ host: addresses[0], port });
    }
  }
  return found.length > 0 ? found : listedEndpoints(reader, namespace, service, portName);
}

/** What an Endpoints object that somebody wrote by hand says: nobody need have made slices of it. */
function listedEndpoints(reader: ObjectReader, namespace: string, name: string, portName: string): ServiceEndpoint[] {
  const found: ServiceEndpoint[] = [];
  const subsets: readonly Readonly<Record<string, any>>[] =
    reader.get('', 'endpoints', namespace, name)?.['subsets'] ?? [];
  for (const { addresses = [], ports = [] } of subsets) {
    const port: number | undefined = ports.find((one: { name?: string }) => (one.name ?? '') === portName)?.port;
    if (port !== undefined) for (const { ip } of addresses) found.push({ host: ip, port });
  }
  return found;
}

function portOf(slice: Readonly<ApiObject>, name: string): number | undefined {
  const ports: readonly { name?: string; port?: number }[] = slice['ports'] ?? [];
  return ports.find((one) => (one.name ?? '') === name)?.port;
}

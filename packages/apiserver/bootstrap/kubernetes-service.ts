import type { ApiObject, Resource } from '@keelson/model';
import type { ApiServerOptions } from '../api-server-options.ts';
import type { ObjectWriter } from '../resources/object-writer.ts';
import { sameJson } from '../resources/same-json.ts';
import { apiServerUser } from './create-missing.ts';

/** Where pods reach the API server. */
export interface AdvertisedAddress {
  readonly address: string;
  readonly port: number;
  /** The cluster IP of the Service default/kubernetes. */
  readonly clusterAddress: string;
}

const name = 'kubernetes';
const namespace = 'default';

function objectsFor({ address, port, clusterAddress }: AdvertisedAddress): ApiObject[] {
  const ports = [{ name: 'https', port, protocol: 'TCP' }];
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace, labels: { component: 'apiserver', provider: 'kubernetes' } },
      spec: {
        type: 'ClusterIP',
        clusterIP: clusterAddress,
        ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }],
        sessionAffinity: 'None',
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name, namespace, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
      subsets: [{ addresses: [{ ip: address }], ports }],
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
      ports,
    },
  ];
}

/** Makes default/kubernetes and its endpoints say where this server is, as far as their kinds are served. */
export async function publishKubernetesService(
  options: ApiServerOptions,
  writer: ObjectWriter,
  advertised: AdvertisedAddress,
): Promise<void> {
  const objects = objectsFor(advertised);
  // At a loopback address no pod would find the server, and Kubernetes takes none for an endpoint.
  const reachable = !advertised.address.startsWith('127.');
  for (const wanted of reachable ? objects : objects.slice(0, 1)) {
    const [first, second] = wanted.apiVersion!.split('/') as [string, string | undefined];
    const [group, version] = second === undefined ? ['', first] : [first, second];
    const resource = options.catalogue.findKind(group, version, wanted.kind!);
    if (resource !== undefined) await publish(options, writer, resource, wanted);
  }
}

async function publish(
  options: ApiServerOptions,
  writer: ObjectWriter,
  resource: Resource,
  wanted: ApiObject,
): Promise<void> {
  const context = { resource, subresource: '', namespace, user: apiServerUser, dryRun: false, warnings: [] };
  if (options.caches.of(resource)?.get(namespace, name) === undefined) {
    await writer.create(context, () => structuredClone(wanted));
    return;
  }
  const parts = ['subsets', 'endpoints', 'ports'].filter((part) => part in wanted);
  await writer.update(
    context,
    name,
    (present) => {
      for (const part of parts) {
        if (!sameJson(present[part], wanted[part])) present[part] = structuredClone(wanted[part]);
      }
      if (wanted.kind === 'Service') present['spec'].ports = structuredClone(wanted['spec'].ports);
      return present;
    },
    'main',
  );
}

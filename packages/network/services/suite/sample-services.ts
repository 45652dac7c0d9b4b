import type { Service, ServiceSpec, ServiceStatus } from '@keelson/model/generated/types/core-v1.ts';
import type { EndpointSlice } from '@keelson/model/generated/types/discovery-v1.ts';

/** A Service `default/name` at 10.100.0.10 with one TCP port 80, unless told otherwise. */
export function sampleService(
  name: string,
  change: { type?: string; nodePort?: number; spec?: Partial<ServiceSpec>; status?: ServiceStatus } = {},
): Service {
  const { type = 'ClusterIP', nodePort, spec, status } = change;
  return {
    metadata: { name, namespace: 'default' },
    spec: {
      type,
      clusterIP: '10.100.0.10',
      clusterIPs: ['10.100.0.10'],
      ports: [{ port: 80, protocol: 'TCP', ...(nodePort !== undefined && { nodePort }) }],
      ...spec,
    },
    ...(status && { status }),
  };
}

/** A slice of `default/service` with ready endpoints at port 8080, each with the node it is on where that is given. */
export function sampleSlice(
  service: string,
  endpoints: readonly (string | readonly [string, string])[],
): EndpointSlice {
  return {
    metadata: {
      name: `${service}-x`,
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': service },
    },
    addressType: 'IPv4',
    ports: [{ name: '', protocol: 'TCP', port: 8080 }],
    endpoints: endpoints.map((endpoint) => {
      const [address, nodeName] = typeof endpoint === 'string' ? [endpoint] : endpoint;
      return {
        addresses: [address],
        conditions: { ready: true, serving: true, terminating: false },
        ...(nodeName !== undefined && { nodeName }),
      };
    }),
  };
}

import { isDeepStrictEqual } from 'node:util';
import { type Client, isNotFound } from '@keelson/client';
import { loadBalancers, subnets } from '@keelson/client/region-resources/index.ts';
import type { LoadBalancerRequest, LoadBalancers } from '@keelson/controllers';
import type {
  LoadBalancerIngress,
  LoadBalancerStatus,
  Service,
  ServicePort,
} from '@keelson/model/generated/types/core-v1.ts';
import type { EndpointSlice } from '@keelson/model/generated/types/discovery-v1.ts';
import type { Listener, LoadBalancer, Subnet, Target } from '@keelson/model/region/object-types.ts';

const schemeAnnotation = 'service.beta.kubernetes.io/aws-load-balancer-scheme';
const internalAnnotation = 'service.beta.kubernetes.io/aws-load-balancer-internal';
const subnetsAnnotation = 'service.beta.kubernetes.io/aws-load-balancer-subnets';
const clusterTag = 'elbv2.k8s.aws/cluster';

export interface AwsLoadBalancersOptions {
  /** Of the region's API. */
  readonly client: Client;
  readonly clusterName: string;
  readonly vpcId: string;
}

/** The object and the name of a Service's load balancer: `a` and the digits of its uid, as cloud-provider-aws names them. */
export function loadBalancerName(service: Service): string {
  return `a${service.metadata!.uid!.replaceAll('-', '')}`.slice(0, 32);
}

function isInternal(service: Service): boolean {
  const annotations = service.metadata?.annotations ?? {};
  return annotations[schemeAnnotation] === 'internal' || annotations[internalAnnotation] === 'true';
}

/** Which subnets it stands in: those named, else the tagged ones, else one of each zone of the VPC. */
function chooseSubnets(service: Service, all: readonly Subnet[]): string[] {
  const named = service.metadata?.annotations?.[subnetsAnnotation];
  if (named) return named.split(',').map((id) => id.trim());
  const role = isInternal(service) ? 'kubernetes.io/role/internal-elb' : 'kubernetes.io/role/elb';
  const tagged = all.filter((subnet) => subnet.spec.tags?.some((tag) => tag.key === role));
  const perZone = new Map(
    (tagged.length > 0 ? tagged : all).map((subnet) => [subnet.spec.availabilityZone, subnet.metadata.name!]),
  );
  return [...perZone.values()].sort();
}

/** Ready pods of the port, by their own addresses. */
function targetsOf(port: ServicePort, slices: readonly EndpointSlice[]): Target[] {
  const targets: Target[] = [];
  for (const slice of slices) {
    const found = slice.ports?.find((one) => (one.name ?? '') === (port.name ?? ''));
    if (found?.port === undefined) continue;
    for (const endpoint of slice.endpoints ?? []) {
      if (endpoint.conditions?.ready === false) continue;
      for (const address of endpoint.addresses) targets.push({ address, port: found.port });
    }
  }
  return targets.sort((one, other) => one.address.localeCompare(other.address) || one.port - other.port);
}

function listenersOf({ service, endpointSlices }: LoadBalancerRequest): Listener[] {
  return (service.spec?.ports ?? []).map((port) => ({
    port: port.port,
    protocol: port.protocol ?? 'TCP',
    targets: targetsOf(port, endpointSlices),
  }));
}

/** The port's error in the Service's status where an address is given and nothing forwards: simulated compute. */
const nothingForwards = 'keelson.dev/NothingForwards';

/** The host's own address, so that it can be reached from this machine, and the name that resolves in the VPC. */
function ingressOf(status: NonNullable<LoadBalancer['status']>, service: Service): LoadBalancerIngress {
  const ports = (service.spec?.ports ?? []).map(({ port, protocol = 'TCP' }) => ({
    port,
    protocol,
    error: nothingForwards,
  }));
  return {
    hostname: status.dnsName,
    ...(status.hostAddress ? { ip: status.hostAddress, ipMode: 'Proxy' } : {}),
    ...(status.forwards === false ? { ports } : {}),
  };
}

/** Makes network load balancers for Services: LoadBalancer objects of the region, whose targets are the pods themselves. */
export class AwsLoadBalancers implements LoadBalancers {
  readonly #options: AwsLoadBalancersOptions;

  constructor(options: AwsLoadBalancersOptions) {
    this.#options = options;
  }

  async ensure(request: LoadBalancerRequest): Promise<LoadBalancerStatus | undefined> {
    const { client } = this.#options;
    const wanted = await this.#wanted(request);
    const name = wanted.metadata.name!;
    const present = await this.#find(name);
    if (present === undefined) {
      await client.resource(loadBalancers).create(wanted);
      return undefined;
    }
    if (!isDeepStrictEqual(present.spec, wanted.spec)) {
      await client.resource(loadBalancers).update({ ...present, spec: wanted.spec });
    }
    const { status } = present;
    if (status?.state === 'failed') throw new Error(status.reason ?? 'the load balancer could not be provisioned');
    if (status?.state !== 'active') return undefined;
    return { ingress: [ingressOf(status, request.service)] };
  }

  async delete(service: Service): Promise<void> {
    const name = loadBalancerName(service);
    await this.#options.client
      .resource(loadBalancers)
      .delete(name)
      .catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
  }

  async #find(name: string): Promise<LoadBalancer | undefined> {
    try {
      return await this.#options.client.resource(loadBalancers).get(name);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #wanted(request: LoadBalancerRequest): Promise<LoadBalancer> {
    const { client, clusterName, vpcId } = this.#options;
    const { service } = request;
    const inVpc = (await client.resource(subnets).list()).items.filter((subnet) => subnet.spec.vpcId === vpcId);
    const { name, namespace } = service.metadata!;
    return {
      apiVersion: 'elbv2.keelson.dev/v1',
      kind: 'LoadBalancer',
      metadata: { name: loadBalancerName(service) },
      spec: {
        loadBalancerName: loadBalancerName(service),
        type: 'network',
        scheme: isInternal(service) ? 'internal' : 'internet-facing',
        vpcId,
        subnetIds: chooseSubnets(service, inVpc),
        listeners: listenersOf(request),
        tags: [
          { key: clusterTag, value: clusterName },
          { key: `kubernetes.io/cluster/${clusterName}`, value: 'owned' },
          { key: 'kubernetes.io/service-name', value: `${namespace}/${name}` },
        ],
      },
    };
  }
}

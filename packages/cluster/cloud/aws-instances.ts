import { type Client, isNotFound } from '@keelson/client';
import { instances, subnets } from '@keelson/client/region-resources/index.ts';
import type { InstanceMetadata, Instances } from '@keelson/controllers';
import type { Node } from '@keelson/model/generated/types/core-v1.ts';
import type { Instance } from '@keelson/model/region/object-types.ts';

/** The instance id in a providerID: `aws:///ap-northeast-2a/i-…`; undefined when it is not of this form. */
function instanceIdOf(node: Node): string | undefined {
  return /^aws:\/\/\/[a-z0-9-]+\/(i-[0-9a-f]+)$/.exec(node.spec?.providerID ?? '')?.[1];
}

/** What the region says of the instances behind a cluster's nodes, as cloud-provider-aws would. */
export class AwsInstances implements Instances {
  readonly #client: Client;
  readonly #region: string;

  /** `client` is of the region's API. */
  constructor(client: Client, region: string) {
    this.#client = client;
    this.#region = region;
  }

  async exists(node: Node): Promise<boolean> {
    const instance = await this.#find(node);
    return instance !== undefined && instance.status?.state !== 'terminated';
  }

  async isShutDown(node: Node): Promise<boolean> {
    const state = (await this.#find(node))?.status?.state;
    return state === 'stopped' || state === 'stopping';
  }

  async metadata(node: Node): Promise<InstanceMetadata | undefined> {
    const instance = await this.#find(node);
    if (instance === undefined || instance.status?.state === 'terminated') return undefined;
    const { spec, metadata } = instance;
    const subnet = await this.#client.resource(subnets).get(spec.subnetId).catch(ignoreMissing);
    const zoneId = subnet?.spec.availabilityZoneId;
    return {
      providerID: `aws:///${spec.availabilityZone}/${metadata.name}`,
      instanceType: spec.instanceType,
      zone: spec.availabilityZone,
      region: this.#region,
      addresses: [
        { type: 'InternalIP', address: spec.privateIpAddress },
        { type: 'InternalDNS', address: spec.privateDnsName },
        { type: 'Hostname', address: spec.privateDnsName },
      ],
      labels: zoneId ? { 'topology.k8s.aws/zone-id': zoneId } : {},
    };
  }

  /** By the node's providerID, or by its name, which is its instance's private DNS name. */
  async #find(node: Node): Promise<Instance | undefined> {
    const id = instanceIdOf(node);
    if (id !== undefined) return this.#client.resource(instances).get(id).catch(ignoreMissing);
    const { items } = await this.#client.resource(instances).list();
    return items.find((one) => one.spec.privateDnsName === node.metadata?.name && one.status?.state !== 'terminated');
  }
}

function ignoreMissing(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
}

import { awsId, randomHex, randomInteger, type World } from '@keelson/base';
import { type Client, isConflict } from '@keelson/client';
import { networkInterfaces, subnets } from '@keelson/client/region-resources/index.ts';
import type { InstanceType } from '@keelson/model/region/instance-types.ts';
import type { Instance, NetworkInterface } from '@keelson/model/region/object-types.ts';
import { takeAddresses } from '@keelson/network';

export interface PodAddressOptions {
  readonly world: World;
  /** Of the region's API. */
  readonly client: Client;
  readonly instance: Instance;
  readonly type: InstanceType;
}

const maximumTries = 20;

/**
 * Addresses of the VPC for one instance's pods, as the VPC CNI has them: secondary addresses of the instance's
 * interfaces, taken a whole interface at a time, until the type's limits or the subnet's end.
 */
export class PodAddressPool {
  readonly #options: PodAddressOptions;
  readonly #used = new Set<string>();
  #growing: Promise<void> | undefined;

  constructor(options: PodAddressOptions) {
    this.#options = options;
  }

  /** @throws Error in the words of the CNI when the instance or its subnet has no address left */
  async claim(): Promise<string> {
    for (;;) {
      const free = (await this.#secondary()).find((address) => !this.#used.has(address));
      if (free !== undefined && !this.#used.has(free)) {
        this.#used.add(free);
        return free;
      }
      this.#growing ??= this.#grow().finally(() => {
        this.#growing = undefined;
      });
      await this.#growing;
    }
  }

  release(address: string): void {
    this.#used.delete(address);
  }

  async #interfaces(): Promise<NetworkInterface[]> {
    const { items } = await this.#options.client.resource(networkInterfaces).list();
    const id = this.#options.instance.metadata.name;
    return items.filter((one) => one.spec.attachment?.instanceId === id);
  }

  async #secondary(): Promise<string[]> {
    return (await this.#interfaces()).flatMap((one) => one.spec.secondaryPrivateIpAddresses);
  }

  /** Fills an interface that has room, or attaches another. */
  async #grow(): Promise<void> {
    const { client, world, instance, type } = this.#options;
    for (let tries = 1; ; tries++) {
      const attached = await this.#interfaces();
      const roomy = attached.find(
        (one) => one.spec.secondaryPrivateIpAddresses.length < type.addressesPerInterface - 1,
      );
      if (roomy === undefined && attached.length >= type.networkInterfaces) throw noAddress();
      const subnet = await client.resource(subnets).get(instance.spec.subnetId);
      const all = (await client.resource(networkInterfaces).list()).items;
      const room = roomy
        ? type.addressesPerInterface - 1 - roomy.spec.secondaryPrivateIpAddresses.length
        : type.addressesPerInterface;
      const start = randomInteger(world.random, 2 ** 16);
      // A subnet that is nearly full gives what it has left.
      let count = room;
      let taken = takeAddresses(subnet, all, count, start);
      while (taken === undefined && count > (roomy ? 1 : 2)) taken = takeAddresses(subnet, all, --count, start);
      if (taken === undefined) throw noAddress();
      const object = roomy ? withAddresses(roomy, taken.addresses) : this.#newInterface(attached, taken.addresses);
      try {
        await client.transact([
          { verb: 'update', object: taken.subnet },
          { verb: roomy ? 'update' : 'create', object },
        ]);
        return;
      } catch (error) {
        if (!isConflict(error) || tries === maximumTries) throw error;
      }
    }
  }

  #newInterface(attached: readonly NetworkInterface[], addresses: readonly string[]): NetworkInterface {
    const { world, instance } = this.#options;
    const [primary = '', ...secondary] = addresses;
    const first = attached[0]!.spec;
    return {
      apiVersion: 'ec2.keelson.dev/v1',
      kind: 'NetworkInterface',
      metadata: { name: awsId('eni', world.random) },
      spec: {
        vpcId: first.vpcId,
        subnetId: first.subnetId,
        availabilityZone: first.availabilityZone,
        description: `aws-K8S-${instance.metadata.name}`,
        interfaceType: 'interface',
        macAddress: ['02', ...randomHex(world.random, 10).match(/../g)!].join(':'),
        privateIpAddress: primary,
        secondaryPrivateIpAddresses: secondary,
        groupIds: first.groupIds,
        sourceDestCheck: true,
        attachment: {
          id: awsId('eni-attach', world.random),
          instanceId: instance.metadata.name!,
          deviceIndex: Math.max(...attached.map((one) => one.spec.attachment!.deviceIndex)) + 1,
          deleteOnTermination: true,
          attachTime: new Date(world.clock.now()).toISOString(),
        },
        tags: [{ key: 'node.k8s.amazonaws.com/instance_id', value: instance.metadata.name! }],
      },
    };
  }
}

function withAddresses(object: NetworkInterface, addresses: readonly string[]): NetworkInterface {
  const secondaryPrivateIpAddresses = [...object.spec.secondaryPrivateIpAddresses, ...addresses];
  return { ...object, spec: { ...object.spec, secondaryPrivateIpAddresses } };
}

function noAddress(): Error {
  return new Error(
    'plugin type="aws-cni" name="aws-cni" failed (add): add cmd: failed to assign an IP address to container',
  );
}

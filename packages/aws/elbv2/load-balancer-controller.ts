import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '@keelson/base';
import { isNotFound, type SharedCache } from '@keelson/client';
import { loadBalancers, networkInterfaces, subnets } from '@keelson/client/region-resources/index.ts';
import type { Controller, ControllerContext } from '@keelson/controller-kit';
import type { LoadBalancer, NetworkInterface, Subnet } from '@keelson/model/region/object-types.ts';
import { takeAddresses } from '@keelson/network';
import type { LoadBalancerDriver } from './load-balancer-driver.ts';

const finalizer = 'elbv2.keelson.dev/forwarding';
/** The hosted zones of network load balancers are the region's; this one stands for all of them. */
const hostedZone = 'ZIBE1TIR4HY56';
const addressBlock = '127.90';

function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('/')).digest('hex');
}

function interfaceId(loadBalancer: LoadBalancer, subnetId: string): string {
  return `eni-0${digest(loadBalancer.metadata.uid!, subnetId).slice(0, 16)}`;
}

/**
 * The loopback address of a load balancer on this machine: of 127.90.0.0/16, the first that is free from a place that
 * follows from its uid, so that two regions on one machine rarely meet.
 */
export function chooseHostAddress(uid: string, taken: ReadonlySet<string>): string {
  const first = Number.parseInt(digest(uid).slice(0, 8), 16);
  for (let step = 0; step < 65_000; step++) {
    const place = (first + step) % 65_000;
    const address = `${addressBlock}.${Math.floor(place / 254)}.${(place % 254) + 1}`;
    if (!taken.has(address)) return address;
  }
  throw new Error(`no address of ${addressBlock}.0.0/16 is left for a load balancer`);
}

/** Gives load balancers their addresses, has a driver forward for them, and tells when they are active. */
export class LoadBalancerController implements Controller {
  readonly name = 'elbv2-load-balancer';
  readonly #driver: LoadBalancerDriver;
  readonly #region: string;
  #context!: ControllerContext;
  #balancers!: SharedCache<LoadBalancer>;
  #interfaces!: SharedCache<NetworkInterface>;
  #subnets!: SharedCache<Subnet>;

  constructor(driver: LoadBalancerDriver, region: string) {
    this.#driver = driver;
    this.#region = region;
  }

  start(context: ControllerContext): void {
    this.#context = context;
    this.#balancers = context.caches.of(loadBalancers);
    this.#interfaces = context.caches.of(networkInterfaces);
    this.#subnets = context.caches.of(subnets);
    this.#balancers.onChange((_, balancer) => balancer && context.queue.add(balancer.metadata.name!));
  }

  async reconcile(name: string): Promise<undefined> {
    const balancer = this.#balancers.get(undefined, name);
    if (balancer === undefined) return undefined;
    if (balancer.metadata.deletionTimestamp) return this.#remove(balancer);
    if (!balancer.metadata.finalizers?.includes(finalizer)) {
      const finalizers = [...(balancer.metadata.finalizers ?? []), finalizer];
      await this.#context.client
        .resource(loadBalancers)
        .update({ ...balancer, metadata: { ...balancer.metadata, finalizers } });
      return undefined;
    }
    const hostAddress = balancer.status?.hostAddress;
    if (hostAddress === undefined) {
      const taken = new Set(this.#balancers.list().flatMap((one) => one.status?.hostAddress ?? []));
      await this.#report(balancer, {
        ...this.#identity(balancer),
        state: 'provisioning',
        hostAddress: chooseHostAddress(balancer.metadata.uid!, taken),
      });
      return undefined;
    }
    await this.#forward(balancer, hostAddress);
    return undefined;
  }

  #identity({ spec, metadata }: LoadBalancer) {
    const prefix = spec.scheme === 'internal' ? 'internal-' : '';
    const dnsName = `${prefix}${spec.loadBalancerName}-${digest(metadata.uid!).slice(0, 16)}.elb.${this.#region}.amazonaws.com`;
    return { dnsName, canonicalHostedZoneId: hostedZone, forwards: this.#driver.forwards };
  }

  async #forward(balancer: LoadBalancer, hostAddress: string): Promise<void> {
    const addresses = await this.#ensureInterfaces(balancer);
    const status = { ...this.#identity(balancer), hostAddress, addresses };
    try {
      await this.#driver.ensure(
        { ...balancer, status: { ...balancer.status, ...status, state: 'provisioning' } },
        hostAddress,
      );
    } catch (error) {
      await this.#report(balancer, { ...status, state: 'failed', reason: messageOf(error) });
      throw error;
    }
    await this.#report(balancer, { ...status, state: 'active' });
  }

  /** An interface in each of its subnets; resolves to their addresses. */
  async #ensureInterfaces(balancer: LoadBalancer): Promise<string[]> {
    const addresses: string[] = [];
    for (const subnetId of balancer.spec.subnetIds) {
      const id = interfaceId(balancer, subnetId);
      const present = this.#interfaces.get(undefined, id);
      if (present) {
        addresses.push(present.spec.privateIpAddress);
        continue;
      }
      const subnet = this.#subnets.get(undefined, subnetId);
      if (subnet === undefined) throw new Error(`The subnet ID '${subnetId}' does not exist`);
      const taken = takeAddresses(subnet, this.#interfaces.list(), 1);
      if (taken === undefined)
        throw new Error(
          `Not enough IP space available in ${subnetId}. ELB requires at least 1 free IP address in each subnet.`,
        );
      const object = this.#interfaceOf(balancer, subnet, id, taken.addresses[0]!);
      await this.#context.client.transact([
        { verb: 'update', object: taken.subnet },
        { verb: 'create', object },
      ]);
      addresses.push(taken.addresses[0]!);
    }
    return addresses;
  }

  #interfaceOf(balancer: LoadBalancer, subnet: Subnet, id: string, address: string): NetworkInterface {
    return {
      apiVersion: 'ec2.keelson.dev/v1',
      kind: 'NetworkInterface',
      metadata: { name: id },
      spec: {
        vpcId: subnet.spec.vpcId,
        subnetId: subnet.metadata.name!,
        availabilityZone: subnet.spec.availabilityZone,
        description: `ELB net/${balancer.spec.loadBalancerName}/${digest(balancer.metadata.uid!).slice(0, 16)}`,
        interfaceType: 'network_load_balancer',
        macAddress: ['02', ...id.slice(-10).match(/../g)!].join(':'),
        privateIpAddress: address,
        secondaryPrivateIpAddresses: [],
        groupIds: [],
        sourceDestCheck: false,
        requesterId: 'amazon-elb',
        tags: [],
      },
    };
  }

  async #report(balancer: LoadBalancer, status: NonNullable<LoadBalancer['status']>): Promise<void> {
    if (isDeepStrictEqual(status, balancer.status)) return;
    await this.#context.client.resource(loadBalancers).updateStatus({ ...balancer, status });
  }

  async #remove(balancer: LoadBalancer): Promise<undefined> {
    if (!balancer.metadata.finalizers?.includes(finalizer)) return undefined;
    await this.#driver.remove(balancer.metadata.name!);
    for (const subnetId of balancer.spec.subnetIds) {
      const id = interfaceId(balancer, subnetId);
      await this.#context.client
        .resource(networkInterfaces)
        .delete(id)
        .catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
    }
    const finalizers = balancer.metadata.finalizers.filter((one) => one !== finalizer);
    await this.#context.client
      .resource(loadBalancers)
      .update({ ...balancer, metadata: { ...balancer.metadata, finalizers } });
    return undefined;
  }
}

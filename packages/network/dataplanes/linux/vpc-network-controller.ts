import type { World } from '@keelson/base';
import type { SharedCache } from '@keelson/client';
import {
  networkAcls,
  networkInterfaces,
  routeTables,
  securityGroups,
  subnets,
  vpcs,
} from '@keelson/client/region-resources/index.ts';
import type { Controller, ControllerContext } from '@keelson/controller-kit';
import type {
  NetworkAcl,
  NetworkInterface,
  RouteTable,
  SecurityGroup,
  Subnet,
  Vpc,
} from '@keelson/model/region/object-types.ts';
import { type FabricService, planVpcFabric } from '../../vpc-plan.ts';
import { type Placement, VpcFabric } from './vpc-fabric.ts';

export interface VpcNetworkOptions {
  readonly world: World;
  /** Eight hexadecimal digits: whose namespaces these are. */
  readonly identity: string;
  /** Which namespace has an interface at present. Asked anew each time. */
  readonly placement: Placement;
  /** Where the fabric of a VPC answers by itself: its load balancers. */
  services?(vpcId: string): readonly FabricService[];
}

interface Caches {
  readonly vpcs: SharedCache<Vpc>;
  readonly subnets: SharedCache<Subnet>;
  readonly routeTables: SharedCache<RouteTable>;
  readonly networkAcls: SharedCache<NetworkAcl>;
  readonly securityGroups: SharedCache<SecurityGroup>;
  readonly networkInterfaces: SharedCache<NetworkInterface>;
}

interface Work {
  readonly running: Promise<void>;
  next: Promise<void> | undefined;
}

/** Has the Linux fabric of every VPC as the region's objects say, and removes those of VPCs that are gone. */
export class VpcNetworkController implements Controller {
  readonly name = 'vpc-network';
  readonly workers = 4;
  readonly #options: VpcNetworkOptions;
  readonly #fabric: VpcFabric;
  readonly #work = new Map<string, Work>();
  /** Interfaces that `connect` was told of before the cache was. */
  readonly #early = new Map<string, NetworkInterface>();
  #caches!: Caches;

  constructor(options: VpcNetworkOptions) {
    this.#options = options;
    this.#fabric = new VpcFabric(options);
  }

  start({ caches, queue }: ControllerContext): void {
    this.#caches = {
      vpcs: caches.of(vpcs),
      subnets: caches.of(subnets),
      routeTables: caches.of(routeTables),
      networkAcls: caches.of(networkAcls),
      securityGroups: caches.of(securityGroups),
      networkInterfaces: caches.of(networkInterfaces),
    };
    this.#caches.vpcs.onChange((before, now) => queue.add((now ?? before)!.metadata.name!));
    const { subnets: ofSubnets, routeTables: ofTables, networkAcls: ofAcls, securityGroups: ofGroups } = this.#caches;
    for (const cache of [ofSubnets, ofTables, ofAcls, ofGroups, this.#caches.networkInterfaces] as const) {
      (cache as SharedCache<Subnet>).onChange((before, now) => queue.add((now ?? before)!.spec.vpcId));
    }
    this.#caches.networkInterfaces.onChange((_before, now) => {
      if (now !== undefined) this.#early.delete(now.metadata.name!);
    });
    for (const vpcId of this.#fabric.list()) queue.add(vpcId);
  }

  async reconcile(vpcId: string): Promise<undefined> {
    await this.refresh(vpcId);
  }

  /** The path of the VPC's network namespace, which is there once the VPC has been reconciled. */
  namespaceOf(vpcId: string): string {
    return this.#fabric.pathOf(vpcId);
  }

  /**
   * Connects interfaces with the namespaces that `placement` now tells. Resolves when packets flow.
   * @throws CommandError
   */
  async connect(interfaces: readonly NetworkInterface[]): Promise<void> {
    for (const one of interfaces) {
      const known = this.#caches.networkInterfaces.get(undefined, one.metadata.name!);
      if (known === undefined) this.#early.set(one.metadata.name!, one);
    }
    await Promise.all([...new Set(interfaces.map(({ spec }) => spec.vpcId))].map((vpcId) => this.refresh(vpcId)));
  }

  /** Brings the VPC's fabric to what should be now. Calls that come while one is at work share the next one. */
  refresh(vpcId: string): Promise<void> {
    const work = this.#work.get(vpcId);
    if (work !== undefined) {
      work.next ??= work.running.catch(() => {}).then(() => this.#begin(vpcId));
      return work.next;
    }
    return this.#begin(vpcId);
  }

  #begin(vpcId: string): Promise<void> {
    const running = this.#apply(vpcId);
    const work: Work = { running, next: undefined };
    this.#work.set(vpcId, work);
    const done = () => {
      if (this.#work.get(vpcId) === work && work.next === undefined) this.#work.delete(vpcId);
    };
    running.then(done, done);
    return running;
  }

  async #apply(vpcId: string): Promise<void> {
    const vpc = this.#caches.vpcs.get(undefined, vpcId);
    if (vpc === undefined) {
      for (const [name, { spec }] of this.#early) if (spec.vpcId === vpcId) this.#early.delete(name);
      await this.#fabric.remove(vpcId);
      return;
    }
    const inVpc = <T extends { readonly spec: { readonly vpcId: string } }>(objects: readonly T[]) =>
      objects.filter(({ spec }) => spec.vpcId === vpcId);
    const plan = planVpcFabric({
      vpc,
      subnets: inVpc(this.#caches.subnets.list()),
      routeTables: inVpc(this.#caches.routeTables.list()),
      networkAcls: inVpc(this.#caches.networkAcls.list()),
      securityGroups: inVpc(this.#caches.securityGroups.list()),
      networkInterfaces: inVpc([...this.#caches.networkInterfaces.list(), ...this.#early.values()]),
      services: this.#options.services?.(vpcId) ?? [],
    });
    await this.#fabric.apply(plan, this.#options.placement);
  }
}

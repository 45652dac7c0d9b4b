import type { SharedCache } from '@keelson/client';
import { loadBalancers, networkInterfaces, vpcs } from '@keelson/client/region-resources/index.ts';
import type { Controller, ControllerContext } from '@keelson/controller-kit';
import type { LoadBalancer, NetworkInterface, Vpc } from '@keelson/model/region/object-types.ts';
import { planVpcNames } from '../../../vpc-dns/vpc-names.ts';
import { dnsAddresses } from '../../../vpc-plan.ts';
import type { VpcResolvers } from './vpc-resolvers.ts';

export interface VpcResolverControllerOptions {
  readonly resolvers: VpcResolvers;
  readonly region: string;
}

interface Caches {
  readonly vpcs: SharedCache<Vpc>;
  readonly networkInterfaces: SharedCache<NetworkInterface>;
  readonly loadBalancers: SharedCache<LoadBalancer>;
}

/** How soon a VPC without a namespace is looked at again, and how soon a resolver that may have died, in milliseconds. */
const namespaceDelay = 50;
const lookDelay = 10_000;

/** Has a resolver in every VPC that is in use, which answers as the region's objects say, and ends those of VPCs that are gone. */
export class VpcResolverController implements Controller {
  readonly name = 'vpc-resolver';
  readonly workers = 4;
  readonly #options: VpcResolverControllerOptions;
  #caches!: Caches;

  constructor(options: VpcResolverControllerOptions) {
    this.#options = options;
  }

  start({ caches, queue }: ControllerContext): void {
    this.#caches = {
      vpcs: caches.of(vpcs),
      networkInterfaces: caches.of(networkInterfaces),
      loadBalancers: caches.of(loadBalancers),
    };
    this.#caches.vpcs.onChange((before, now) => queue.add((now ?? before)!.metadata.name!));
    this.#caches.networkInterfaces.onChange((before, now) => queue.add((now ?? before)!.spec.vpcId));
    this.#caches.loadBalancers.onChange((before, now) => queue.add((now ?? before)!.spec.vpcId));
    for (const vpcId of this.#options.resolvers.list()) queue.add(vpcId);
  }

  async reconcile(vpcId: string): Promise<number | undefined> {
    const { resolvers, region } = this.#options;
    const vpc = this.#caches.vpcs.get(undefined, vpcId);
    const inVpc = <T extends { readonly spec: { readonly vpcId: string } }>(objects: readonly T[]) =>
      objects.filter(({ spec }) => spec.vpcId === vpcId);
    const interfaces = inVpc(this.#caches.networkInterfaces.list());
    const names =
      vpc &&
      planVpcNames({
        region,
        vpc,
        networkInterfaces: interfaces,
        loadBalancers: inVpc(this.#caches.loadBalancers.list()),
      });
    // In a VPC without interfaces there is nobody to ask.
    if (vpc === undefined || names === undefined || interfaces.length === 0) {
      await resolvers.remove(vpcId);
      return undefined;
    }
    return (await resolvers.ensure(vpcId, names, dnsAddresses(vpc))) ? lookDelay : namespaceDelay;
  }
}

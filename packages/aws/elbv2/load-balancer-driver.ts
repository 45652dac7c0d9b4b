import type { LoadBalancer } from '@keelson/model/region/object-types.ts';

/** What forwards for load balancers. Each method is idempotent. */
export interface LoadBalancerDriver {
  /** False where nothing forwards: simulated compute. */
  readonly forwards: boolean;
  /** Has the load balancer's listeners answer at `hostAddress` on this machine, and in its VPC, and forward to its targets. */
  ensure(loadBalancer: LoadBalancer, hostAddress: string): Promise<void>;
  /** Resolves when nothing of it listens any more. */
  remove(name: string): Promise<void>;
}

/** Load balancers of simulated compute: they have an address, and say that nothing forwards. */
export const simulatedLoadBalancers: LoadBalancerDriver = {
  forwards: false,
  ensure: async () => {},
  remove: async () => {},
};

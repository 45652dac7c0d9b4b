import type { LoadBalancerStatus, Node, Service } from '@keelson/model/generated/types/core-v1.ts';
import type { EndpointSlice } from '@keelson/model/generated/types/discovery-v1.ts';

/** What a load balancer has to bring together. */
export interface LoadBalancerRequest {
  readonly service: Service;
  /** The nodes that take traffic, sorted by name. */
  readonly nodes: readonly Node[];
  /** The service's slices, for balancers that reach pods themselves. */
  readonly endpointSlices: readonly EndpointSlice[];
}

/** The cloud that provides load balancers. */
export interface LoadBalancers {
  /**
   * Makes the service's load balancer what the request says; must be idempotent. Resolves to the status that the service
   * is to show, or to undefined while the load balancer is being made: then it is called again soon.
   * Rejects with what went wrong; it is called again later.
   */
  ensure(request: LoadBalancerRequest): Promise<LoadBalancerStatus | undefined>;
  /** Removes the service's load balancer and everything that belongs to it. Resolves when there is none. */
  delete(service: Service): Promise<void>;
}

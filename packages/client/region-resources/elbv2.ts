import type { LoadBalancer } from '@keelson/model/region/object-types.ts';
import type { ResourceRef } from '../client.ts';

const group = 'elbv2.keelson.dev';
const version = 'v1';

export const loadBalancers: ResourceRef<LoadBalancer> = {
  group,
  version,
  kind: 'LoadBalancer',
  resource: 'loadbalancers',
  namespaced: false,
};

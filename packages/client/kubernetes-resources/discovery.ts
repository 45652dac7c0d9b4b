import type { EndpointSlice } from '@keelson/model/generated/types/discovery-v1.ts';
import type { ResourceRef } from '../client.ts';

const group = 'discovery.k8s.io';
const version = 'v1';

export const endpointSlices: ResourceRef<EndpointSlice> = {
  group,
  version,
  kind: 'EndpointSlice',
  resource: 'endpointslices',
  namespaced: true,
};

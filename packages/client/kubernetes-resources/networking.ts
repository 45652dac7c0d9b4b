import type {
  Ingress,
  IngressClass,
  IPAddress,
  NetworkPolicy,
  ServiceCIDR,
} from '@keelson/model/generated/types/networking-v1.ts';
import type { ResourceRef } from '../client.ts';

const group = 'networking.k8s.io';
const version = 'v1';

export const ingresses: ResourceRef<Ingress> = {
  group,
  version,
  kind: 'Ingress',
  resource: 'ingresses',
  namespaced: true,
};
export const ingressClasses: ResourceRef<IngressClass> = {
  group,
  version,
  kind: 'IngressClass',
  resource: 'ingressclasses',
  namespaced: false,
};
export const networkPolicies: ResourceRef<NetworkPolicy> = {
  group,
  version,
  kind: 'NetworkPolicy',
  resource: 'networkpolicies',
  namespaced: true,
};
export const ipAddresses: ResourceRef<IPAddress> = {
  group,
  version,
  kind: 'IPAddress',
  resource: 'ipaddresses',
  namespaced: false,
};
export const serviceCidrs: ResourceRef<ServiceCIDR> = {
  group,
  version,
  kind: 'ServiceCIDR',
  resource: 'servicecidrs',
  namespaced: false,
};

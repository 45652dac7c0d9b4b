import type {
  Instance,
  InternetGateway,
  NetworkAcl,
  NetworkInterface,
  RouteTable,
  SecurityGroup,
  Subnet,
  Vpc,
} from '@keelson/model/region/object-types.ts';
import type { ResourceRef } from '../client.ts';

const group = 'ec2.keelson.dev';
const version = 'v1';

export const vpcs: ResourceRef<Vpc> = { group, version, kind: 'Vpc', resource: 'vpcs', namespaced: false };
export const subnets: ResourceRef<Subnet> = { group, version, kind: 'Subnet', resource: 'subnets', namespaced: false };
export const internetGateways: ResourceRef<InternetGateway> = {
  group,
  version,
  kind: 'InternetGateway',
  resource: 'internetgateways',
  namespaced: false,
};
export const routeTables: ResourceRef<RouteTable> = {
  group,
  version,
  kind: 'RouteTable',
  resource: 'routetables',
  namespaced: false,
};
export const networkAcls: ResourceRef<NetworkAcl> = {
  group,
  version,
  kind: 'NetworkAcl',
  resource: 'networkacls',
  namespaced: false,
};
export const securityGroups: ResourceRef<SecurityGroup> = {
  group,
  version,
  kind: 'SecurityGroup',
  resource: 'securitygroups',
  namespaced: false,
};
export const networkInterfaces: ResourceRef<NetworkInterface> = {
  group,
  version,
  kind: 'NetworkInterface',
  resource: 'networkinterfaces',
  namespaced: false,
};
export const instances: ResourceRef<Instance> = {
  group,
  version,
  kind: 'Instance',
  resource: 'instances',
  namespaced: false,
};

import {
  instances,
  internetGateways,
  networkAcls,
  networkInterfaces,
  routeTables,
  securityGroups,
  subnets,
  vpcs,
} from '@keelson/client/region-resources/index.ts';

/** How EC2 names each kind of resource in ids and errors. */
export const vpcKind = { ref: vpcs, prefix: 'vpc', code: 'InvalidVpcID', words: 'vpc ID' };
export const subnetKind = { ref: subnets, prefix: 'subnet', code: 'InvalidSubnetID', words: 'subnet ID' };
export const securityGroupKind = { ref: securityGroups, prefix: 'sg', code: 'InvalidGroup', words: 'security group' };
export const routeTableKind = { ref: routeTables, prefix: 'rtb', code: 'InvalidRouteTableID', words: 'routeTable ID' };
export const networkAclKind = { ref: networkAcls, prefix: 'acl', code: 'InvalidNetworkAclID', words: 'networkAcl ID' };
export const internetGatewayKind = {
  ref: internetGateways,
  prefix: 'igw',
  code: 'InvalidInternetGatewayID',
  words: 'internetGateway ID',
};
export const networkInterfaceKind = {
  ref: networkInterfaces,
  prefix: 'eni',
  code: 'InvalidNetworkInterfaceID',
  words: 'networkInterface ID',
};
export const instanceKind = { ref: instances, prefix: 'i', code: 'InvalidInstanceID', words: 'instance ID' };

/** What can be tagged, by the beginning of its id, and what DescribeTags calls it. */
export const taggable = [
  { ...vpcKind, type: 'vpc' },
  { ...subnetKind, type: 'subnet' },
  { ...securityGroupKind, type: 'security-group' },
  { ...routeTableKind, type: 'route-table' },
  { ...networkAclKind, type: 'network-acl' },
  { ...internetGatewayKind, type: 'internet-gateway' },
  { ...networkInterfaceKind, type: 'network-interface' },
  { ...instanceKind, type: 'instance' },
] as const;

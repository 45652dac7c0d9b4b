import { awsId, type Random } from '@keelson/base';
import {
  internetGateways,
  networkAcls,
  routeTables,
  securityGroups,
  subnets,
  vpcs,
} from '@keelson/client/region-resources/index.ts';
import type { ApiObject } from '@keelson/model';
import type {
  InternetGateway,
  NetworkAcl,
  ResourceTag,
  RouteTable,
  SecurityGroup,
  Subnet,
  Vpc,
} from '@keelson/model/region/object-types.ts';
import { addressAt, formatAddress, parseCidr } from '@keelson/network';
import { newObject } from './new-object.ts';
import type { Zone } from './zones.ts';

/** The one set of DHCP options of a region: Amazon's DNS. */
export const defaultDhcpOptions = 'dopt-0a1b2c3d4e5f60718';

export interface VpcRequest {
  readonly cidrBlock: string;
  readonly isDefault: boolean;
  readonly instanceTenancy: string;
  readonly tags: readonly ResourceTag[];
}

/** What CreateVpc brings into being at once: the VPC, and its default security group, network ACL and main route table. */
export interface PlannedVpc {
  readonly vpc: Vpc;
  readonly securityGroup: SecurityGroup;
  readonly networkAcl: NetworkAcl;
  readonly routeTable: RouteTable;
}

export function planVpc(random: Random, request: VpcRequest): PlannedVpc {
  const vpcId = awsId('vpc', random);
  const vpc = newObject<Vpc>(vpcs, vpcId, {
    cidrBlock: request.cidrBlock,
    isDefault: request.isDefault,
    instanceTenancy: request.instanceTenancy,
    enableDnsSupport: true,
    // EC2 gives public host names in the default VPC only, until asked otherwise.
    enableDnsHostnames: request.isDefault,
    dhcpOptionsId: defaultDhcpOptions,
    tags: [...request.tags],
  });
  const groupId = awsId('sg', random);
  const securityGroup = newObject<SecurityGroup>(securityGroups, groupId, {
    vpcId,
    groupName: 'default',
    description: 'default VPC security group',
    rules: [
      { id: awsId('sgr', random), egress: false, protocol: '-1', referencedGroupId: groupId },
      { id: awsId('sgr', random), egress: true, protocol: '-1', cidrIpv4: '0.0.0.0/0' },
    ],
    tags: [],
  });
  return {
    vpc,
    securityGroup,
    networkAcl: defaultAcl(random, vpcId),
    routeTable: mainRouteTable(random, vpcId, request.cidrBlock),
  };
}

function defaultAcl(random: Random, vpcId: string): NetworkAcl {
  const entries = [true, false].flatMap((egress) => [
    { ruleNumber: 100, egress, protocol: '-1', ruleAction: 'allow', cidrBlock: '0.0.0.0/0' },
    { ruleNumber: 32767, egress, protocol: '-1', ruleAction: 'deny', cidrBlock: '0.0.0.0/0' },
  ]);
  return newObject<NetworkAcl>(networkAcls, awsId('acl', random), {
    vpcId,
    isDefault: true,
    entries,
    associations: [],
    tags: [],
  });
}

function mainRouteTable(random: Random, vpcId: string, cidrBlock: string): RouteTable {
  return newObject<RouteTable>(routeTables, awsId('rtb', random), {
    vpcId,
    routes: [{ destinationCidrBlock: cidrBlock, gatewayId: 'local', origin: 'CreateRouteTable', state: 'active' }],
    associations: [{ id: awsId('rtbassoc', random), main: true }],
    tags: [],
  });
}

export interface SubnetRequest {
  readonly vpcId: string;
  readonly cidrBlock: string;
  readonly zone: Zone;
  readonly isDefault: boolean;
  readonly tags: readonly ResourceTag[];
}

export function planSubnet(random: Random, request: SubnetRequest): Subnet {
  return newObject<Subnet>(subnets, awsId('subnet', random), {
    vpcId: request.vpcId,
    cidrBlock: request.cidrBlock,
    availabilityZone: request.zone.name,
    availabilityZoneId: request.zone.id,
    defaultForAz: request.isDefault,
    mapPublicIpOnLaunch: request.isDefault,
    addressEpoch: 0,
    tags: [...request.tags],
  });
}

/** The network that a fresh account finds: VPC 172.31.0.0/16, a /20 subnet for each zone, and a way to the internet. */
export function planDefaultNetwork(random: Random, zones: readonly Zone[]): ApiObject[] {
  const cidrBlock = '172.31.0.0/16';
  const planned = planVpc(random, { cidrBlock, isDefault: true, instanceTenancy: 'default', tags: [] });
  const { vpc, securityGroup, networkAcl, routeTable } = planned;
  const vpcId = vpc.metadata.name!;
  const gateway = newObject<InternetGateway>(internetGateways, awsId('igw', random), { vpcId, tags: [] });
  routeTable.spec.routes.push({
    destinationCidrBlock: '0.0.0.0/0',
    gatewayId: gateway.metadata.name!,
    origin: 'CreateRoute',
    state: 'active',
  });
  const cidr = parseCidr(cidrBlock)!;
  const blocks = zones.map((_, index) => `${formatAddress(addressAt(cidr, index * 4096))}/20`);
  const made = zones.map((zone, index) =>
    planSubnet(random, { vpcId, cidrBlock: blocks[index]!, zone, isDefault: true, tags: [] }),
  );
  networkAcl.spec.associations = made.map((subnet) => ({
    id: awsId('aclassoc', random),
    subnetId: subnet.metadata.name!,
  }));
  return [vpc, securityGroup, networkAcl, gateway, routeTable, ...made];
}

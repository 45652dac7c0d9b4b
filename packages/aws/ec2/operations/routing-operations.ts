import { AwsError } from '@keelson/aws-protocol';
import type { InternetGateway, NetworkAcl, NetworkInterface, RouteTable } from '@keelson/model/region/object-types.ts';
import { applyFilters, type FilterValues, paginate } from '../filters.ts';
import { tagViews } from '../tags.ts';
import { defaultDhcpOptions } from '../vpc-plan.ts';
import { type Environment, type Operations, selectByIds } from './environment.ts';
import { internetGatewayKind, networkAclKind, networkInterfaceKind, routeTableKind } from './id-kinds.ts';

function routeTableView({ spec, metadata }: RouteTable, account: string): Record<string, unknown> {
  return {
    RouteTableId: metadata.name,
    VpcId: spec.vpcId,
    OwnerId: account,
    Routes: spec.routes.map((route) => ({
      DestinationCidrBlock: route.destinationCidrBlock,
      GatewayId: route.gatewayId,
      NatGatewayId: route.natGatewayId,
      NetworkInterfaceId: route.networkInterfaceId,
      InstanceId: route.instanceId,
      Origin: route.origin,
      State: route.state,
    })),
    Associations: spec.associations.map((one) => ({
      RouteTableAssociationId: one.id,
      RouteTableId: metadata.name,
      Main: one.main,
      SubnetId: one.subnetId,
      AssociationState: { State: 'associated' },
    })),
    PropagatingVgws: [],
    Tags: tagViews(spec.tags),
  };
}

function aclView({ spec, metadata }: NetworkAcl, account: string): Record<string, unknown> {
  return {
    NetworkAclId: metadata.name,
    VpcId: spec.vpcId,
    OwnerId: account,
    IsDefault: spec.isDefault,
    Entries: spec.entries.map((entry) => ({
      RuleNumber: entry.ruleNumber,
      Egress: entry.egress,
      Protocol: entry.protocol,
      RuleAction: entry.ruleAction,
      CidrBlock: entry.cidrBlock,
      PortRange: entry.fromPort === undefined ? undefined : { From: entry.fromPort, To: entry.toPort },
    })),
    Associations: spec.associations.map((one) => ({
      NetworkAclAssociationId: one.id,
      NetworkAclId: metadata.name,
      SubnetId: one.subnetId,
    })),
    Tags: tagViews(spec.tags),
  };
}

/** A network interface as DescribeNetworkInterfaces shows it. */
export function interfaceView(object: NetworkInterface, account: string): Record<string, unknown> {
  const { spec, metadata } = object;
  const { attachment } = spec;
  const addresses = [spec.privateIpAddress, ...spec.secondaryPrivateIpAddresses];
  return {
    NetworkInterfaceId: metadata.name,
    VpcId: spec.vpcId,
    SubnetId: spec.subnetId,
    AvailabilityZone: spec.availabilityZone,
    Description: spec.description,
    InterfaceType: spec.interfaceType,
    MacAddress: spec.macAddress,
    OwnerId: account,
    PrivateIpAddress: spec.privateIpAddress,
    PrivateDnsName: `ip-${spec.privateIpAddress.replaceAll('.', '-')}`,
    PrivateIpAddresses: addresses.map((address, index) => ({ PrivateIpAddress: address, Primary: index === 0 })),
    Groups: spec.groupIds.map((id) => ({ GroupId: id })),
    SourceDestCheck: spec.sourceDestCheck,
    RequesterId: spec.requesterId,
    RequesterManaged: spec.requesterId !== undefined,
    Status: attachment || spec.requesterId ? 'in-use' : 'available',
    Attachment: attachment && {
      AttachmentId: attachment.id,
      InstanceId: attachment.instanceId,
      InstanceOwnerId: account,
      DeviceIndex: attachment.deviceIndex,
      DeleteOnTermination: attachment.deleteOnTermination,
      AttachTime: attachment.attachTime,
      Status: 'attached',
    },
    TagSet: tagViews(spec.tags),
  };
}

const interfaceFilters: FilterValues<NetworkInterface> = {
  'network-interface-id': (one) => one.metadata.name!,
  'vpc-id': (one) => one.spec.vpcId,
  'subnet-id': (one) => one.spec.subnetId,
  'availability-zone': (one) => one.spec.availabilityZone,
  'group-id': (one) => one.spec.groupIds,
  description: (one) => one.spec.description,
  'attachment.instance-id': (one) => one.spec.attachment?.instanceId,
  'private-ip-address': (one) => one.spec.privateIpAddress,
  'addresses.private-ip-address': (one) => [one.spec.privateIpAddress, ...one.spec.secondaryPrivateIpAddresses],
  'requester-id': (one) => one.spec.requesterId,
  'interface-type': (one) => one.spec.interfaceType,
  'mac-address': (one) => one.spec.macAddress,
  status: (one) => (one.spec.attachment || one.spec.requesterId ? 'in-use' : 'available'),
};

const tableFilters: FilterValues<RouteTable> = {
  'route-table-id': (table) => table.metadata.name!,
  'vpc-id': (table) => table.spec.vpcId,
  'association.main': (table) => String(table.spec.associations.some((one) => one.main)),
  'association.subnet-id': (table) => table.spec.associations.flatMap((one) => one.subnetId ?? []),
  'association.route-table-association-id': (table) => table.spec.associations.map((one) => one.id),
};

const aclFilters: FilterValues<NetworkAcl> = {
  'network-acl-id': (acl) => acl.metadata.name!,
  'vpc-id': (acl) => acl.spec.vpcId,
  default: (acl) => String(acl.spec.isDefault),
  'association.subnet-id': (acl) => acl.spec.associations.map((one) => one.subnetId),
};

const gatewayFilters: FilterValues<InternetGateway> = {
  'internet-gateway-id': (gateway) => gateway.metadata.name!,
  'attachment.vpc-id': (gateway) => gateway.spec.vpcId,
  'attachment.state': (gateway) => (gateway.spec.vpcId ? 'available' : undefined),
};

/** What there is of routes, ACLs, gateways and interfaces. */
export function routingOperations(environment: Environment): Operations {
  const { account, region } = environment;
  return {
    DescribeRouteTables: async (input) => {
      const found = applyFilters(
        await selectByIds(environment, routeTableKind, input.RouteTableIds),
        input.Filters,
        tableFilters,
      );
      const { page, next } = paginate(found, input);
      return { RouteTables: page.map((table) => routeTableView(table, account)), NextToken: next };
    },
    DescribeNetworkAcls: async (input) => {
      const found = applyFilters(
        await selectByIds(environment, networkAclKind, input.NetworkAclIds),
        input.Filters,
        aclFilters,
      );
      const { page, next } = paginate(found, input);
      return { NetworkAcls: page.map((acl) => aclView(acl, account)), NextToken: next };
    },
    DescribeInternetGateways: async (input) => {
      const all = await selectByIds(environment, internetGatewayKind, input.InternetGatewayIds);
      const { page, next } = paginate(applyFilters(all, input.Filters, gatewayFilters), input);
      const views = page.map(({ metadata, spec }) => ({
        InternetGatewayId: metadata.name,
        OwnerId: account,
        Attachments: spec.vpcId ? [{ State: 'available', VpcId: spec.vpcId }] : [],
        Tags: tagViews(spec.tags),
      }));
      return { InternetGateways: views, NextToken: next };
    },
    DescribeNetworkInterfaces: async (input) => {
      const all = await selectByIds(environment, networkInterfaceKind, input.NetworkInterfaceIds);
      const { page, next } = paginate(applyFilters(all, input.Filters, interfaceFilters), input);
      return { NetworkInterfaces: page.map((one) => interfaceView(one, account)), NextToken: next };
    },
    DescribeDhcpOptions: async (input) => {
      const unknown = input.DhcpOptionsIds?.find((id: string) => id !== defaultDhcpOptions);
      if (unknown) throw new AwsError('InvalidDhcpOptionID.NotFound', `The dhcpOption ID '${unknown}' does not exist`);
      const configurations = [
        { Key: 'domain-name', Values: [{ Value: `${region}.compute.internal` }] },
        { Key: 'domain-name-servers', Values: [{ Value: 'AmazonProvidedDNS' }] },
      ];
      return {
        DhcpOptions: [
          { DhcpOptionsId: defaultDhcpOptions, OwnerId: account, DhcpConfigurations: configurations, Tags: [] },
        ],
      };
    },
  };
}

import { AwsError } from '@keelson/aws-protocol';
import { awsId } from '@keelson/base';
import { networkAcls, networkInterfaces, subnets } from '@keelson/client/region-resources/index.ts';
import type { NetworkInterface, Subnet } from '@keelson/model/region/object-types.ts';
import { availableAddresses, containsCidr, overlaps, parseCidr } from '@keelson/network';
import { dependencyViolation, invalidValue, missingParameter } from '../errors.ts';
import { applyFilters, type FilterValues, paginate } from '../filters.ts';
import { specifiedTags, tagViews } from '../tags.ts';
import { planSubnet } from '../vpc-plan.ts';
import {
  type Environment,
  getById,
  type Input,
  type Operations,
  retryOnConflict,
  selectByIds,
  stopIfDryRun,
} from './environment.ts';
import { subnetKind, vpcKind } from './id-kinds.ts';
import { requireCidr } from './vpc-operations.ts';

function subnetView(
  subnet: Subnet,
  environment: Environment,
  interfaces: readonly NetworkInterface[],
): Record<string, unknown> {
  const { spec, metadata } = subnet;
  return {
    SubnetId: metadata.name,
    SubnetArn: `arn:aws:ec2:${environment.region}:${environment.account}:subnet/${metadata.name}`,
    OwnerId: environment.account,
    VpcId: spec.vpcId,
    CidrBlock: spec.cidrBlock,
    AvailabilityZone: spec.availabilityZone,
    AvailabilityZoneId: spec.availabilityZoneId,
    AvailableIpAddressCount: availableAddresses(subnet, interfaces),
    DefaultForAz: spec.defaultForAz,
    MapPublicIpOnLaunch: spec.mapPublicIpOnLaunch,
    MapCustomerOwnedIpOnLaunch: false,
    AssignIpv6AddressOnCreation: false,
    Ipv6CidrBlockAssociationSet: [],
    EnableDns64: false,
    Ipv6Native: false,
    PrivateDnsNameOptionsOnLaunch: {
      HostnameType: 'ip-name',
      EnableResourceNameDnsARecord: false,
      EnableResourceNameDnsAAAARecord: false,
    },
    State: 'available',
    Tags: tagViews(spec.tags),
  };
}

const filters: FilterValues<Subnet> = {
  'subnet-id': (subnet) => subnet.metadata.name!,
  'vpc-id': (subnet) => subnet.spec.vpcId,
  cidr: (subnet) => subnet.spec.cidrBlock,
  'cidr-block': (subnet) => subnet.spec.cidrBlock,
  'availability-zone': (subnet) => subnet.spec.availabilityZone,
  availabilityZone: (subnet) => subnet.spec.availabilityZone,
  'availability-zone-id': (subnet) => subnet.spec.availabilityZoneId,
  'default-for-az': (subnet) => String(subnet.spec.defaultForAz),
  'map-public-ip-on-launch': (subnet) => String(subnet.spec.mapPublicIpOnLaunch),
  state: () => 'available',
};

async function createSubnet(environment: Environment, input: Input) {
  stopIfDryRun(input);
  const { world, client, zones } = environment;
  const vpc = await getById(environment, vpcKind, input['VpcId'] ?? '');
  if (!input['CidrBlock']) throw missingParameter('cidrBlock');
  requireCidr(input['CidrBlock'], 'InvalidSubnet.Range');
  const cidr = parseCidr(input['CidrBlock'])!;
  if (!containsCidr(parseCidr(vpc.spec.cidrBlock)!, cidr)) {
    throw new AwsError('InvalidSubnet.Range', `The CIDR '${input['CidrBlock']}' is invalid.`);
  }
  const asked = input['AvailabilityZone'] ?? input['AvailabilityZoneId'];
  const zone = asked ? zones.find((one) => one.name === asked || one.id === asked) : zones[0];
  if (!zone)
    throw invalidValue(
      'availabilityZone',
      asked,
      `Subnets can currently only be created in the following availability zones: ${zones.map((one) => one.name).join(', ')}.`,
    );
  const tags = specifiedTags(input['TagSpecifications'], 'subnet');
  const subnet = planSubnet(world.random, {
    vpcId: vpc.metadata.name!,
    cidrBlock: input['CidrBlock'],
    zone,
    isDefault: false,
    tags,
  });
  return retryOnConflict(async () => {
    const others = (await client.resource(subnets).list()).items.filter((one) => one.spec.vpcId === vpc.metadata.name);
    if (others.some((one) => overlaps(parseCidr(one.spec.cidrBlock)!, cidr))) {
      throw new AwsError('InvalidSubnet.Conflict', `The CIDR '${input['CidrBlock']}' conflicts with another subnet`);
    }
    // The network ACL is written with it: two subnets made at once cannot miss each other.
    const acl = (await client.resource(networkAcls).list()).items.find(
      (one) => one.spec.vpcId === vpc.metadata.name && one.spec.isDefault,
    )!;
    acl.spec.associations.push({ id: awsId('aclassoc', world.random), subnetId: subnet.metadata.name! });
    const [made] = await client.transact([
      { verb: 'create', object: subnet },
      { verb: 'update', object: acl },
    ]);
    return { Subnet: subnetView(made as Subnet, environment, []) };
  });
}

async function deleteSubnet(environment: Environment, input: Input) {
  stopIfDryRun(input);
  const { client } = environment;
  return retryOnConflict(async () => {
    const subnet = await getById(environment, subnetKind, input['SubnetId'] ?? '');
    const id = subnet.metadata.name!;
    const inside = (await client.resource(networkInterfaces).list()).items.filter((one) => one.spec.subnetId === id);
    if (inside.length > 0) throw dependencyViolation('subnet', id);
    const acls = (await client.resource(networkAcls).list()).items.filter((acl) =>
      acl.spec.associations.some((one) => one.subnetId === id),
    );
    for (const acl of acls) acl.spec.associations = acl.spec.associations.filter((one) => one.subnetId !== id);
    const preconditions = { resourceVersion: subnet.metadata.resourceVersion! };
    await client.transact([
      { verb: 'delete', apiVersion: subnet.apiVersion!, kind: subnet.kind!, name: id, preconditions },
      ...acls.map((object) => ({ verb: 'update' as const, object })),
    ]);
    return {};
  });
}

export function subnetOperations(environment: Environment): Operations {
  return {
    CreateSubnet: (input) => createSubnet(environment, input),
    DeleteSubnet: (input) => deleteSubnet(environment, input),
    DescribeSubnets: async (input) => {
      const found = applyFilters(await selectByIds(environment, subnetKind, input.SubnetIds), input.Filters, filters);
      const interfaces = (await environment.client.resource(networkInterfaces).list()).items;
      const { page, next } = paginate(found, input);
      return { Subnets: page.map((subnet) => subnetView(subnet, environment, interfaces)), NextToken: next };
    },
    ModifySubnetAttribute: async (input) => {
      const subnet = await getById(environment, subnetKind, input.SubnetId ?? '');
      if (!input.MapPublicIpOnLaunch) throw missingParameter('mapPublicIpOnLaunch');
      const spec = { mapPublicIpOnLaunch: input.MapPublicIpOnLaunch.Value ?? false };
      await environment.client.resource(subnets).patch(subnet.metadata.name!, undefined, { spec }, { type: 'merge' });
      return {};
    },
  };
}

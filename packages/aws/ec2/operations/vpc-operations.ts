import { AwsError } from '@keelson/aws-protocol';
import type { TransactionOperation } from '@keelson/client';
import {
  type instances,
  internetGateways,
  networkAcls,
  networkInterfaces,
  routeTables,
  securityGroups,
  subnets,
  vpcs,
} from '@keelson/client/region-resources/index.ts';
import type { ApiObject } from '@keelson/model';
import type { Vpc } from '@keelson/model/region/object-types.ts';
import { isCanonical, parseCidr } from '@keelson/network';
import { dependencyViolation, missingParameter } from '../errors.ts';
import { applyFilters, type FilterValues, paginate } from '../filters.ts';
import { specifiedTags, tagViews } from '../tags.ts';
import { planVpc } from '../vpc-plan.ts';
import { type Environment, getById, type Input, type Operations, selectByIds, stopIfDryRun } from './environment.ts';
import { vpcKind } from './id-kinds.ts';

/** EC2 takes IPv4 blocks from /16 to /28. @throws AwsError InvalidVpc.Range, InvalidParameterValue */
export function requireCidr(text: string, code: string): void {
  const cidr = parseCidr(text);
  if (!cidr || !isCanonical(text)) {
    throw new AwsError(
      'InvalidParameterValue',
      `Value (${text}) for parameter cidrBlock is invalid. This is not a valid CIDR block.`,
    );
  }
  if (cidr.prefix < 16 || cidr.prefix > 28) throw new AwsError(code, `The CIDR '${text}' is invalid.`);
}

function vpcView(vpc: Vpc, account: string): Record<string, unknown> {
  const { spec, metadata } = vpc;
  const associationId = `vpc-cidr-assoc-${metadata.name!.slice('vpc-'.length)}`;
  return {
    VpcId: metadata.name,
    OwnerId: account,
    CidrBlock: spec.cidrBlock,
    CidrBlockAssociationSet: [
      { AssociationId: associationId, CidrBlock: spec.cidrBlock, CidrBlockState: { State: 'associated' } },
    ],
    DhcpOptionsId: spec.dhcpOptionsId,
    State: 'available',
    InstanceTenancy: spec.instanceTenancy,
    IsDefault: spec.isDefault,
    BlockPublicAccessStates: { InternetGatewayBlockMode: 'off' },
    Tags: tagViews(spec.tags),
  };
}

const filters: FilterValues<Vpc> = {
  'vpc-id': (vpc) => vpc.metadata.name!,
  cidr: (vpc) => vpc.spec.cidrBlock,
  'cidr-block-association.cidr-block': (vpc) => vpc.spec.cidrBlock,
  'dhcp-options-id': (vpc) => vpc.spec.dhcpOptionsId,
  'is-default': (vpc) => String(vpc.spec.isDefault),
  isDefault: (vpc) => String(vpc.spec.isDefault),
  state: () => 'available',
};

async function createVpc(environment: Environment, input: Input) {
  stopIfDryRun(input);
  if (!input['CidrBlock']) throw missingParameter('cidrBlock');
  requireCidr(input['CidrBlock'], 'InvalidVpc.Range');
  const tags = specifiedTags(input['TagSpecifications'], 'vpc');
  const instanceTenancy = input['InstanceTenancy'] ?? 'default';
  const planned = planVpc(environment.world.random, {
    cidrBlock: input['CidrBlock'],
    isDefault: false,
    instanceTenancy,
    tags,
  });
  const made = await environment.client.transact(
    Object.values(planned).map((object: ApiObject): TransactionOperation => ({ verb: 'create', object })),
  );
  return { Vpc: vpcView(made[0] as Vpc, environment.account) };
}

/** What of the VPC must be gone before it can go, and what goes with it. */
async function deleteVpc(environment: Environment, input: Input) {
  stopIfDryRun(input);
  const vpc = await getById(environment, vpcKind, input['VpcId'] ?? '');
  const id = vpc.metadata.name!;
  const { client } = environment;
  const within = async (ref: typeof subnets | typeof instances | typeof internetGateways | typeof networkInterfaces) =>
    (await client.resource(ref as typeof subnets).list()).items.filter((object) => object.spec.vpcId === id);
  for (const ref of [subnets, networkInterfaces, internetGateways]) {
    if ((await within(ref)).length > 0) throw dependencyViolation('vpc', id);
  }
  const groups = (await client.resource(securityGroups).list()).items.filter((group) => group.spec.vpcId === id);
  if (groups.some((group) => group.spec.groupName !== 'default')) throw dependencyViolation('vpc', id);
  const tables = (await client.resource(routeTables).list()).items.filter((table) => table.spec.vpcId === id);
  if (tables.some((table) => !table.spec.associations.some((one) => one.main))) throw dependencyViolation('vpc', id);
  const acls = (await client.resource(networkAcls).list()).items.filter((acl) => acl.spec.vpcId === id);
  if (acls.some((acl) => !acl.spec.isDefault)) throw dependencyViolation('vpc', id);
  await client.transact(
    [vpc, ...groups, ...tables, ...acls].map((object) => ({
      verb: 'delete',
      apiVersion: object.apiVersion!,
      kind: object.kind!,
      name: object.metadata.name!,
      preconditions: { resourceVersion: object.metadata.resourceVersion! },
    })),
  );
  return {};
}

const attributes: Readonly<Record<string, 'enableDnsSupport' | 'enableDnsHostnames'>> = {
  enableDnsSupport: 'enableDnsSupport',
  enableDnsHostnames: 'enableDnsHostnames',
};

async function describeAttribute(environment: Environment, input: Input) {
  const vpc = await getById(environment, vpcKind, input['VpcId'] ?? '');
  const name = input['Attribute'];
  if (name === 'enableNetworkAddressUsageMetrics') {
    return { VpcId: vpc.metadata.name, EnableNetworkAddressUsageMetrics: { Value: false } };
  }
  const field = attributes[name];
  if (!field) throw missingParameter('attribute');
  return { VpcId: vpc.metadata.name, [field[0]!.toUpperCase() + field.slice(1)]: { Value: vpc.spec[field] } };
}

async function modifyAttribute(environment: Environment, input: Input) {
  const vpc = await getById(environment, vpcKind, input['VpcId'] ?? '');
  const spec: Record<string, boolean> = {};
  if (input['EnableDnsSupport']) spec['enableDnsSupport'] = input['EnableDnsSupport'].Value ?? false;
  if (input['EnableDnsHostnames']) spec['enableDnsHostnames'] = input['EnableDnsHostnames'].Value ?? false;
  await environment.client.resource(vpcs).patch(vpc.metadata.name!, undefined, { spec }, { type: 'merge' });
  return {};
}

export function vpcOperations(environment: Environment): Operations {
  return {
    CreateVpc: (input) => createVpc(environment, input),
    DeleteVpc: (input) => deleteVpc(environment, input),
    DescribeVpcAttribute: (input) => describeAttribute(environment, input),
    ModifyVpcAttribute: (input) => modifyAttribute(environment, input),
    DescribeVpcs: async (input) => {
      const found = applyFilters(await selectByIds(environment, vpcKind, input.VpcIds), input.Filters, filters);
      const { page, next } = paginate(found, input);
      return { Vpcs: page.map((vpc) => vpcView(vpc, environment.account)), NextToken: next };
    },
  };
}

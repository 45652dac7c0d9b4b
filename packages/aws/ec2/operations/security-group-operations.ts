import { AwsError } from '@keelson/aws-protocol';
import { awsId } from '@keelson/base';
import { networkInterfaces, securityGroups, vpcs } from '@keelson/client/region-resources/index.ts';
import type { SecurityGroup } from '@keelson/model/region/object-types.ts';
import { missingParameter } from '../errors.ts';
import { applyFilters, type FilterValues, paginate } from '../filters.ts';
import { newObject } from '../new-object.ts';
import { specifiedTags, tagViews } from '../tags.ts';
import {
  type Environment,
  getById,
  type Input,
  type Operations,
  retryOnConflict,
  selectByIds,
  stopIfDryRun,
} from './environment.ts';
import { securityGroupKind, vpcKind } from './id-kinds.ts';
import { addRules, findRules, permissionViews, ruleView } from './security-group-rules.ts';

function groupView(group: SecurityGroup, environment: Environment): Record<string, unknown> {
  const { spec, metadata } = group;
  return {
    GroupId: metadata.name,
    GroupName: spec.groupName,
    Description: spec.description,
    OwnerId: environment.account,
    VpcId: spec.vpcId,
    SecurityGroupArn: `arn:aws:ec2:${environment.region}:${environment.account}:security-group/${metadata.name}`,
    IpPermissions: permissionViews(
      spec.rules.filter((rule) => !rule.egress),
      environment.account,
    ),
    IpPermissionsEgress: permissionViews(
      spec.rules.filter((rule) => rule.egress),
      environment.account,
    ),
    Tags: tagViews(spec.tags),
  };
}

const filters: FilterValues<SecurityGroup> = {
  'group-id': (group) => group.metadata.name!,
  'group-name': (group) => group.spec.groupName,
  'vpc-id': (group) => group.spec.vpcId,
  description: (group) => group.spec.description,
  'ip-permission.group-id': (group) =>
    group.spec.rules.filter((rule) => !rule.egress).flatMap((rule) => rule.referencedGroupId ?? []),
  'ip-permission.cidr': (group) =>
    group.spec.rules.filter((rule) => !rule.egress).flatMap((rule) => rule.cidrIpv4 ?? []),
};

async function defaultVpcId(environment: Environment): Promise<string> {
  const { items } = await environment.client.resource(vpcs).list();
  const vpc = items.find((one) => one.spec.isDefault);
  if (!vpc) throw new AwsError('VPCIdNotSpecified', 'No default VPC for this user');
  return vpc.metadata.name!;
}

async function createGroup(environment: Environment, input: Input) {
  stopIfDryRun(input);
  const { client, world, region, account } = environment;
  const groupName: string = input['GroupName'] ?? '';
  if (groupName === '') throw missingParameter('GroupName');
  if (!input['Description']) throw missingParameter('GroupDescription');
  if (groupName.length > 255 || groupName.startsWith('sg-')) {
    throw new AwsError(
      'InvalidParameterValue',
      `Invalid value '${groupName}' for groupName. Group names may not be in the format sg-*.`,
    );
  }
  const vpcId = input['VpcId'] ?? (await defaultVpcId(environment));
  const vpc = await getById(environment, vpcKind, vpcId);
  if (groupName === 'default')
    throw new AwsError('InvalidParameterValue', 'Cannot use reserved security group name: default');
  const tags = specifiedTags(input['TagSpecifications'], 'security-group');
  const groupId = awsId('sg', world.random);
  const group = newObject<SecurityGroup>(securityGroups, groupId, {
    vpcId,
    groupName,
    description: input['Description'],
    rules: [{ id: awsId('sgr', world.random), egress: true, protocol: '-1', cidrIpv4: '0.0.0.0/0' }],
    tags,
  });
  return retryOnConflict(async () => {
    const present = (await client.resource(securityGroups).list()).items;
    if (present.some((one) => one.spec.vpcId === vpcId && one.spec.groupName === groupName)) {
      throw new AwsError(
        'InvalidGroup.Duplicate',
        `The security group '${groupName}' already exists for VPC '${vpc.metadata.name}'`,
      );
    }
    await client.resource(securityGroups).create(group);
    return {
      GroupId: groupId,
      SecurityGroupArn: `arn:aws:ec2:${region}:${account}:security-group/${groupId}`,
      Tags: tagViews(tags),
    };
  });
}

async function findGroup(environment: Environment, input: Input): Promise<SecurityGroup> {
  if (input['GroupId']) return getById(environment, securityGroupKind, input['GroupId']);
  if (!input['GroupName']) throw missingParameter('GroupId');
  const vpcId = await defaultVpcId(environment);
  const { items } = await environment.client.resource(securityGroups).list();
  const group = items.find((one) => one.spec.vpcId === vpcId && one.spec.groupName === input['GroupName']);
  if (!group)
    throw new AwsError(
      'InvalidGroup.NotFound',
      `The security group '${input['GroupName']}' does not exist in default VPC '${vpcId}'`,
    );
  return group;
}

async function deleteGroup(environment: Environment, input: Input) {
  stopIfDryRun(input);
  const { client } = environment;
  const group = await findGroup(environment, input);
  const id = group.metadata.name!;
  if (group.spec.groupName === 'default') {
    throw new AwsError('CannotDelete', `the specified group: "${id}" name: "default" cannot be deleted by a user`);
  }
  const used = (await client.resource(networkInterfaces).list()).items.some((one) => one.spec.groupIds.includes(id));
  const named = (await client.resource(securityGroups).list()).items.some(
    (one) => one.metadata.name !== id && one.spec.rules.some((rule) => rule.referencedGroupId === id),
  );
  if (used || named) throw new AwsError('DependencyViolation', `resource ${id} has a dependent object`);
  await client.resource(securityGroups).delete(id);
  return { Return: true, GroupId: id };
}

async function authorize(environment: Environment, input: Input, egress: boolean) {
  stopIfDryRun(input);
  return retryOnConflict(async () => {
    const group = await findGroup(environment, input);
    const made = addRules(environment.world.random, group, input, egress);
    for (const rule of made)
      if (rule.referencedGroupId) await getById(environment, securityGroupKind, rule.referencedGroupId);
    const tags = specifiedTags(input['TagSpecifications'], 'security-group-rule');
    group.spec.rules.push(...made.map((rule) => ({ ...rule, tags })));
    await environment.client.resource(securityGroups).update(group);
    return { Return: true, SecurityGroupRules: made.map((rule) => ruleView(rule, group.metadata.name!, environment)) };
  });
}

async function revoke(environment: Environment, input: Input, egress: boolean) {
  stopIfDryRun(input);
  return retryOnConflict(async () => {
    const group = await findGroup(environment, input);
    const gone = findRules(group, input, egress);
    group.spec.rules = group.spec.rules.filter((rule) => !gone.includes(rule));
    await environment.client.resource(securityGroups).update(group);
    return { Return: true };
  });
}

async function describeRules(environment: Environment, input: Input) {
  const groups = await selectByIds(environment, securityGroupKind, undefined);
  const rules = groups.flatMap((group) =>
    group.spec.rules.map((rule) => ({ rule, groupId: group.metadata.name!, spec: { tags: rule.tags ?? [] } })),
  );
  const ids: string[] = input['SecurityGroupRuleIds'] ?? [];
  const missing = ids.find((id) => !rules.some(({ rule }) => rule.id === id));
  if (missing)
    throw new AwsError('InvalidSecurityGroupRuleId.NotFound', `The security group rule ID '${missing}' does not exist`);
  const chosen = ids.length > 0 ? rules.filter(({ rule }) => ids.includes(rule.id)) : rules;
  const found = applyFilters(chosen, input['Filters'], {
    'group-id': ({ groupId }) => groupId,
    'security-group-rule-id': ({ rule }) => rule.id,
  });
  const { page, next } = paginate(found, input);
  return { SecurityGroupRules: page.map(({ rule, groupId }) => ruleView(rule, groupId, environment)), NextToken: next };
}

export function securityGroupOperations(environment: Environment): Operations {
  return {
    CreateSecurityGroup: (input) => createGroup(environment, input),
    DeleteSecurityGroup: (input) => deleteGroup(environment, input),
    AuthorizeSecurityGroupIngress: (input) => authorize(environment, input, false),
    AuthorizeSecurityGroupEgress: (input) => authorize(environment, input, true),
    RevokeSecurityGroupIngress: (input) => revoke(environment, input, false),
    RevokeSecurityGroupEgress: (input) => revoke(environment, input, true),
    DescribeSecurityGroupRules: (input) => describeRules(environment, input),
    DescribeSecurityGroups: async (input) => {
      const all = await selectByIds(environment, securityGroupKind, input.GroupIds);
      const named = input.GroupNames?.length
        ? all.filter((group) => input.GroupNames.includes(group.spec.groupName))
        : all;
      const { page, next } = paginate(applyFilters(named, input.Filters, filters), input);
      return { SecurityGroups: page.map((group) => groupView(group, environment)), NextToken: next };
    },
  };
}

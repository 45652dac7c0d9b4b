import { AwsError } from '@keelson/aws-protocol';
import { awsId, type Random } from '@keelson/base';
import type { SecurityGroup, SecurityGroupRule } from '@keelson/model/region/object-types.ts';
import { isCanonical, parseCidr } from '@keelson/network';
import { invalidValue, missingParameter } from '../errors.ts';
import { tagViews } from '../tags.ts';
import type { Input } from './environment.ts';

/** A rule without its id: what tells two rules of a group apart. */
export type RuleShape = Omit<SecurityGroupRule, 'id' | 'description' | 'tags'>;

const protocolNumbers: Readonly<Record<string, string>> = {
  '1': 'icmp',
  '6': 'tcp',
  '17': 'udp',
  '58': 'icmpv6',
  all: '-1',
};
const portless = new Set(['-1']);

function protocolOf(text: unknown): string {
  const name = String(text ?? '').toLowerCase();
  const known = protocolNumbers[name] ?? name;
  if (['tcp', 'udp', 'icmp', 'icmpv6', '-1'].includes(known) || /^\d{1,3}$/.test(known)) return known;
  throw invalidValue('IpProtocol', text, 'Unsupported IP protocol');
}

function portsOf(protocol: string, permission: Input): { fromPort?: number; toPort?: number } {
  if (portless.has(protocol)) return {};
  const { FromPort: fromPort, ToPort: toPort } = permission;
  if (protocol !== 'tcp' && protocol !== 'udp')
    return fromPort === undefined ? {} : { fromPort, toPort: toPort ?? fromPort };
  if (fromPort === undefined || toPort === undefined)
    throw new AwsError(
      'InvalidParameterValue',
      "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.",
    );
  if (fromPort < 0 || toPort > 65535 || fromPort > toPort) {
    throw new AwsError('InvalidParameterValue', `Invalid value '${fromPort}-${toPort}' for portRange.`);
  }
  return { fromPort, toPort };
}

interface Peer {
  readonly shape: Pick<RuleShape, 'cidrIpv4' | 'cidrIpv6' | 'referencedGroupId'>;
  readonly description: string | undefined;
}

function ipv4Peer(range: Input): Peer {
  const text: string = range['CidrIp'] ?? '';
  if (!parseCidr(text)) throw new AwsError('InvalidParameterValue', `CIDR block ${text} is malformed`);
  if (!isCanonical(text))
    throw new AwsError('InvalidParameterValue', `CIDR block ${text} is malformed: host bits are set`);
  return { shape: { cidrIpv4: text }, description: range['Description'] };
}

/** The rules that one IpPermission stands for: one for each peer that it names. @throws AwsError */
function shapesOf(permission: Input, egress: boolean): { shape: RuleShape; description: string | undefined }[] {
  const protocol = protocolOf(permission['IpProtocol']);
  const ports = portsOf(protocol, permission);
  const peers: Peer[] = [
    ...(permission['IpRanges'] ?? []).map(ipv4Peer),
    ...(permission['Ipv6Ranges'] ?? []).map((range: Input) => ({
      shape: { cidrIpv6: range['CidrIpv6'] },
      description: range['Description'],
    })),
    ...(permission['UserIdGroupPairs'] ?? []).map((pair: Input) => {
      if (!pair['GroupId']) throw missingParameter('groupId');
      return { shape: { referencedGroupId: pair['GroupId'] }, description: pair['Description'] };
    }),
  ];
  return peers.map(({ shape, description }) => ({ shape: { egress, protocol, ...ports, ...shape }, description }));
}

/** The permissions of a call, in the list form or by the older single parameters. */
export function readPermissions(
  input: Input,
  egress: boolean,
): { shape: RuleShape; description: string | undefined }[] {
  const list: Input[] = input['IpPermissions'] ?? [];
  const { IpProtocol, FromPort, ToPort, CidrIp, SourceSecurityGroupName } = input;
  if (SourceSecurityGroupName)
    throw new AwsError('InvalidParameterCombination', 'Use IpPermissions to name a source security group');
  const single = IpProtocol ? [{ IpProtocol, FromPort, ToPort, IpRanges: CidrIp ? [{ CidrIp }] : [] }] : [];
  const shapes = [...list, ...single].flatMap((permission) => shapesOf(permission, egress));
  if (shapes.length === 0) throw missingParameter('ipPermissions');
  return shapes;
}

export function sameRule(one: RuleShape, other: RuleShape): boolean {
  const key = (rule: RuleShape) =>
    [rule.egress, rule.protocol, rule.fromPort, rule.toPort, rule.cidrIpv4, rule.cidrIpv6, rule.referencedGroupId].join(
      '|',
    );
  return key(one) === key(other);
}

function described(rule: RuleShape): string {
  const peer = rule.cidrIpv4 ?? rule.cidrIpv6 ?? rule.referencedGroupId;
  const ports = rule.fromPort === undefined ? 'ALL' : `from port: ${rule.fromPort}, to port: ${rule.toPort}`;
  return `peer: ${peer}, ${rule.protocol.toUpperCase()}, ${ports}, ALLOW`;
}

/** The new rules, with ids. @throws AwsError InvalidPermission.Duplicate, RulesPerSecurityGroupLimitExceeded */
export function addRules(random: Random, group: SecurityGroup, input: Input, egress: boolean): SecurityGroupRule[] {
  const made: SecurityGroupRule[] = readPermissions(input, egress).map(({ shape, description }) => ({
    id: awsId('sgr', random),
    ...shape,
    ...(description === undefined ? {} : { description }),
  }));
  for (const [index, rule] of made.entries()) {
    const others = [...group.spec.rules, ...made.slice(0, index)];
    if (others.some((other) => sameRule(rule, other))) {
      throw new AwsError('InvalidPermission.Duplicate', `the specified rule "${described(rule)}" already exists`);
    }
  }
  const ruleLimit = 60;
  if (group.spec.rules.filter((rule) => rule.egress === egress).length + made.length > ruleLimit) {
    throw new AwsError(
      'RulesPerSecurityGroupLimitExceeded',
      'The maximum number of rules per security group has been reached.',
    );
  }
  return made;
}

/** The rules that a revocation names, by their ids or by what they say. @throws AwsError InvalidPermission.NotFound … */
export function findRules(group: SecurityGroup, input: Input, egress: boolean): SecurityGroupRule[] {
  const ids: string[] = input['SecurityGroupRuleIds'] ?? [];
  if (ids.length > 0) {
    return ids.map((id) => {
      const rule = group.spec.rules.find((one) => one.id === id && one.egress === egress);
      if (!rule)
        throw new AwsError('InvalidSecurityGroupRuleId.NotFound', `The security group rule ID '${id}' does not exist`);
      return rule;
    });
  }
  return readPermissions(input, egress).map(({ shape }) => {
    const rule = group.spec.rules.find((one) => sameRule(one, shape));
    if (!rule)
      throw new AwsError('InvalidPermission.NotFound', 'The specified rule does not exist in this security group.');
    return rule;
  });
}

/** A rule as DescribeSecurityGroupRules shows it. */
export function ruleView(
  rule: SecurityGroupRule,
  groupId: string,
  place: { region: string; account: string },
): Record<string, unknown> {
  return {
    SecurityGroupRuleId: rule.id,
    SecurityGroupRuleArn: `arn:aws:ec2:${place.region}:${place.account}:security-group-rule/${rule.id}`,
    GroupId: groupId,
    GroupOwnerId: place.account,
    IsEgress: rule.egress,
    IpProtocol: rule.protocol,
    FromPort: rule.fromPort ?? -1,
    ToPort: rule.toPort ?? -1,
    CidrIpv4: rule.cidrIpv4,
    CidrIpv6: rule.cidrIpv6,
    ReferencedGroupInfo: rule.referencedGroupId
      ? { GroupId: rule.referencedGroupId, UserId: place.account }
      : undefined,
    Description: rule.description,
    Tags: tagViews(rule.tags),
  };
}

/** Rules in the form of DescribeSecurityGroups: those of one protocol and port range together. */
export function permissionViews(rules: readonly SecurityGroupRule[], account: string): Record<string, unknown>[] {
  const grouped = Map.groupBy(rules, (rule) => [rule.protocol, rule.fromPort, rule.toPort].join('|'));
  return [...grouped.values()].map((same) => {
    const { protocol, fromPort, toPort } = same[0]!;
    return {
      IpProtocol: protocol,
      FromPort: fromPort,
      ToPort: toPort,
      IpRanges: same
        .filter((rule) => rule.cidrIpv4)
        .map((rule) => ({ CidrIp: rule.cidrIpv4, Description: rule.description })),
      Ipv6Ranges: same
        .filter((rule) => rule.cidrIpv6)
        .map((rule) => ({ CidrIpv6: rule.cidrIpv6, Description: rule.description })),
      UserIdGroupPairs: same
        .filter((rule) => rule.referencedGroupId)
        .map((rule) => ({ GroupId: rule.referencedGroupId, UserId: account, Description: rule.description })),
      PrefixListIds: [],
    };
  });
}

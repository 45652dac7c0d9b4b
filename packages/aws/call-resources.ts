import type { AwsService } from './service.ts';

type ResourcesOf = NonNullable<AwsService['resourcesOf']>;
type Input = Readonly<Record<string, unknown>>;

/** Kinds of EKS resources that belong to a cluster, by the member that names one. */
const eksMembers: readonly (readonly [member: string, kind: string])[] = [
  ['nodegroupName', 'nodegroup'],
  ['addonName', 'addon'],
  ['fargateProfileName', 'fargateprofile'],
  ['associationId', 'podidentityassociation'],
  ['principalArn', 'access-entry'],
];

/**
 * The ARN that a call of EKS is about ("Actions, resources, and condition keys for Amazon EKS"). Creating and listing is
 * about the cluster. The last part of a member's ARN is an id that no policy is written with: it stands as `*`.
 */
const eksResources: ResourcesOf = (operation, input: Input, { region, account }) => {
  const arn = (resource: string) => `arn:aws:eks:${region}:${account}:${resource}`;
  if (typeof input['resourceArn'] === 'string') return [input['resourceArn']];
  const cluster =
    input['clusterName'] ??
    (/Cluster|^DescribeUpdate$|^ListUpdates$|Encryption/.test(operation) ? input['name'] : undefined);
  if (typeof cluster !== 'string') return [operation === 'ListClusters' ? arn('cluster/*') : '*'];
  if (!/^(Create|List)/.test(operation))
    for (const [member, kind] of eksMembers) {
      const name = input[member];
      if (typeof name === 'string') return [arn(`${kind}/${cluster}/${memberPath(kind, name)}/*`)];
    }
  return [arn(`cluster/${cluster}`)];
};

/** An access entry's ARN holds its principal's type, account and name; the others' the name alone. */
function memberPath(kind: string, name: string): string {
  if (kind !== 'access-entry') return name;
  const [, , , , principalAccount = '', resource = ''] = name.split(':');
  return `${resource.split('/')[0]}/${principalAccount}/${resource.split('/').at(-1)}`;
}

/** Prefixes of EC2's ids, and what their ARNs call the resource. */
const ec2Kinds: Readonly<Record<string, string>> = {
  i: 'instance',
  vpc: 'vpc',
  subnet: 'subnet',
  sg: 'security-group',
  sgr: 'security-group-rule',
  rtb: 'route-table',
  igw: 'internet-gateway',
  nat: 'natgateway',
  acl: 'network-acl',
  eni: 'network-interface',
  eipalloc: 'elastic-ip',
  vol: 'volume',
  snap: 'snapshot',
  lt: 'launch-template',
  dopt: 'dhcp-options',
};

/** What a call of EC2 creates, by its operation. */
const ec2Created: Readonly<Record<string, string>> = {
  CreateVpc: 'vpc',
  CreateSubnet: 'subnet',
  CreateSecurityGroup: 'security-group',
  CreateRouteTable: 'route-table',
  CreateInternetGateway: 'internet-gateway',
  CreateNatGateway: 'natgateway',
  CreateNetworkInterface: 'network-interface',
  CreateLaunchTemplate: 'launch-template',
  CreateVolume: 'volume',
  AllocateAddress: 'elastic-ip',
  RunInstances: 'instance',
};

/** The ARNs that a call of EC2 is about: of every id that it names, and of what it creates. To describe is about `*`. */
const ec2Resources: ResourcesOf = (operation, input: Input, { region, account }) => {
  if (/^(Describe|Get|Search)/.test(operation)) return ['*'];
  const arn = (kind: string, id: string) => `arn:aws:ec2:${region}:${account}:${kind}/${id}`;
  const found = new Set<string>();
  const created = Object.hasOwn(ec2Created, operation) ? ec2Created[operation] : undefined;
  if (created !== undefined) found.add(arn(created, '*'));
  for (const value of Object.values(input).flat()) {
    const prefix = typeof value === 'string' ? /^([a-z]+)-[0-9a-f]{8,17}$/.exec(value)?.[1] : undefined;
    if (prefix !== undefined && Object.hasOwn(ec2Kinds, prefix)) found.add(arn(ec2Kinds[prefix]!, value as string));
  }
  return found.size === 0 ? ['*'] : [...found];
};

const rules: Readonly<Record<string, ResourcesOf>> = { eks: eksResources, ec2: ec2Resources };

/** The service with the resources of its calls told, when it does not tell them itself. */
export function withCallResources(service: AwsService): AwsService {
  const rule = rules[service.table.name];
  return service.resourcesOf !== undefined || rule === undefined ? service : { ...service, resourcesOf: rule };
}

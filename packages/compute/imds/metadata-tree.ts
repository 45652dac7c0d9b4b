import type { InstanceMetadata, InterfaceMetadata, RoleCredentials } from './instance-metadata.ts';

/** A folder of instance metadata, or the text of a leaf. Names are in the order that a listing shows them. */
export type MetadataNode = string | MetadataFolder;
export interface MetadataFolder {
  readonly [name: string]: MetadataNode;
}

/** Everything under /<version>/. A value that an instance does not have is not in the tree, and answers 404. */
export function metadataTree(
  metadata: InstanceMetadata,
  credentials: RoleCredentials | undefined,
  now: string,
): MetadataFolder {
  return {
    dynamic: {
      'instance-identity': { document: identityDocument(metadata) },
    },
    'meta-data': metaData(metadata, credentials, now),
    ...(metadata.userData === undefined
      ? {}
      : { 'user-data': Buffer.from(metadata.userData, 'base64').toString('latin1') }),
  };
}

function metaData(metadata: InstanceMetadata, credentials: RoleCredentials | undefined, now: string): MetadataFolder {
  const primary = metadata.interfaces[0];
  const address = primary?.addresses[0];
  return {
    'ami-id': metadata.imageId,
    'ami-launch-index': '0',
    'ami-manifest-path': '(unknown)',
    'block-device-mapping': { ami: '/dev/xvda', root: '/dev/xvda' },
    hostname: metadata.hostName,
    ...iam(metadata, credentials, now),
    'instance-action': 'none',
    'instance-id': metadata.instanceId,
    'instance-life-cycle': metadata.lifecycle,
    'instance-type': metadata.instanceType,
    'local-hostname': metadata.hostName,
    ...(address === undefined ? {} : { 'local-ipv4': address }),
    ...(primary === undefined ? {} : { mac: primary.macAddress }),
    network: { interfaces: { macs: interfaceFolders(metadata) } },
    placement: {
      'availability-zone': metadata.availabilityZone,
      'availability-zone-id': metadata.availabilityZoneId,
      region: metadata.region,
    },
    profile: 'default-hvm',
    'reservation-id': metadata.reservationId,
    ...(primary === undefined ? {} : { 'security-groups': primary.securityGroups.map(({ name }) => name).join('\n') }),
    services: { domain: 'amazonaws.com', partition: 'aws' },
    system: 'nitro',
  };
}

function iam(
  { profile }: InstanceMetadata,
  credentials: RoleCredentials | undefined,
  now: string,
): { readonly iam?: MetadataFolder } {
  if (profile === undefined) return {};
  const info = {
    Code: profile.roleName === undefined ? 'InstanceProfileNotFound' : 'Success',
    LastUpdated: credentials?.lastUpdated ?? now,
    InstanceProfileArn: profile.arn,
    InstanceProfileId: profile.id,
  };
  const role = profile.roleName;
  if (role === undefined || credentials === undefined) return { iam: { info: document(info) } };
  const text = document({
    Code: 'Success',
    LastUpdated: credentials.lastUpdated,
    Type: 'AWS-HMAC',
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    Token: credentials.sessionToken,
    Expiration: credentials.expiration,
  });
  return { iam: { info: document(info), 'security-credentials': { [role]: text } } };
}

function interfaceFolders({ interfaces, accountId }: InstanceMetadata): MetadataFolder {
  return Object.fromEntries(interfaces.map((one) => [one.macAddress, interfaceFolder(one, accountId)]));
}

function interfaceFolder(one: InterfaceMetadata, ownerId: string): MetadataFolder {
  return {
    'device-number': String(one.deviceIndex),
    'interface-id': one.interfaceId,
    'local-hostname': one.hostName,
    'local-ipv4s': one.addresses.join('\n'),
    mac: one.macAddress,
    'network-card': '0',
    'owner-id': ownerId,
    'security-group-ids': one.securityGroups.map(({ id }) => id).join('\n'),
    'security-groups': one.securityGroups.map(({ name }) => name).join('\n'),
    'subnet-id': one.subnetId,
    'subnet-ipv4-cidr-block': one.subnetCidrBlock,
    'vpc-id': one.vpcId,
    'vpc-ipv4-cidr-block': one.vpcCidrBlocks[0] ?? '',
    'vpc-ipv4-cidr-blocks': one.vpcCidrBlocks.join('\n'),
  };
}

function identityDocument(metadata: InstanceMetadata): string {
  return document({
    accountId: metadata.accountId,
    architecture: metadata.architecture,
    availabilityZone: metadata.availabilityZone,
    billingProducts: null,
    devpayProductCodes: null,
    marketplaceProductCodes: null,
    imageId: metadata.imageId,
    instanceId: metadata.instanceId,
    instanceType: metadata.instanceType,
    kernelId: null,
    pendingTime: `${metadata.launchTime.slice(0, 19)}Z`,
    privateIp: metadata.interfaces[0]?.addresses[0] ?? null,
    ramdiskId: null,
    region: metadata.region,
    version: '2017-09-30',
  });
}

/** JSON as instance metadata writes it: a field to a line, with a space on both sides of the colon. */
function document(fields: Readonly<Record<string, string | null>>): string {
  const lines = Object.entries(fields).map(([name, value]) => `  ${JSON.stringify(name)} : ${JSON.stringify(value)}`);
  return `{\n${lines.join(',\n')}\n}`;
}

/**
 * What is at the path: a leaf's text, or a folder's listing, in which folders end with a slash. Undefined when there is
 * nothing.
 */
export function lookUp(tree: MetadataFolder, path: readonly string[]): string | undefined {
  let node: MetadataNode | undefined = tree;
  for (const name of path) {
    if (typeof node === 'string' || node === undefined) return undefined;
    node = Object.hasOwn(node, name) ? node[name] : undefined;
  }
  if (typeof node !== 'object') return node;
  return Object.entries(node)
    .map(([name, child]) => (typeof child === 'string' ? name : `${name}/`))
    .join('\n');
}

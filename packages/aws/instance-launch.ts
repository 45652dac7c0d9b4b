import { createHash } from 'node:crypto';
import { AwsError } from '@keelson/aws-protocol';
import { awsId, randomHex, randomInteger, type World } from '@keelson/base';
import { type Client, isConflict, isNotFound, type TransactionOperation } from '@keelson/client';
import { instances, networkInterfaces, securityGroups, subnets } from '@keelson/client/region-resources/index.ts';
import { instanceTypes } from '@keelson/model/region/instance-types.ts';
import type { Instance, NetworkInterface, ResourceTag, Subnet } from '@keelson/model/region/object-types.ts';
import { takeAddresses } from '@keelson/network';

/** What is to be launched: RunInstances' request, as far as an instance depends on it. */
export interface LaunchRequest {
  readonly count: number;
  readonly instanceType: string;
  readonly imageId: string;
  readonly subnetId: string;
  readonly securityGroupIds: readonly string[];
  readonly iamInstanceProfile?: string;
  readonly keyName?: string;
  /** Base64. */
  readonly userData?: string;
  readonly lifecycle: 'on-demand' | 'spot';
  readonly metadataOptions: Instance['spec']['metadataOptions'];
  readonly tags: readonly ResourceTag[];
  readonly interfaceTags?: readonly ResourceTag[];
  readonly clientToken?: string;
}

export interface LaunchEnvironment {
  readonly client: Client;
  readonly world: World;
  readonly region: string;
}

export const defaultMetadataOptions = { httpTokens: 'required', httpPutResponseHopLimit: 2, httpEndpoint: 'enabled' };
const maximumTries = 20;

/** `ip-172-31-1-100.ap-northeast-2.compute.internal`; in us-east-1 the domain is `ec2.internal`. */
export function privateDnsName(address: string, region: string): string {
  const domain = region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`;
  return `ip-${address.replaceAll('.', '-')}.${domain}`;
}

/**
 * Makes the instances with their primary interfaces, pending, in one step: all of them, or none.
 * @throws AwsError InvalidInstanceType-like InvalidParameterValue, InvalidSubnetID.NotFound, InvalidGroup.NotFound, InsufficientFreeAddressesInSubnet
 */
export async function launchInstances(environment: LaunchEnvironment, request: LaunchRequest): Promise<Instance[]> {
  const { client, world } = environment;
  if (!instanceTypes.has(request.instanceType)) {
    throw new AwsError('InvalidParameterValue', `Invalid value '${request.instanceType}' for InstanceType.`);
  }
  for (let tries = 1; ; tries++) {
    const subnet = await findSubnet(client, request.subnetId);
    await requireGroups(client, request.securityGroupIds, subnet.spec.vpcId);
    const interfaces = (await client.resource(networkInterfaces).list()).items;
    // A start by chance, so that addresses given back are not given out again at once.
    const taken = takeAddresses(subnet, interfaces, request.count, randomInteger(world.random, 2 ** 16));
    if (taken === undefined) {
      throw new AwsError(
        'InsufficientFreeAddressesInSubnet',
        `There are not enough free addresses in subnet '${request.subnetId}' to satisfy the requested number of instances.`,
      );
    }
    const made = plan(environment, request, subnet, taken.addresses);
    const operations: TransactionOperation[] = [
      { verb: 'update', object: taken.subnet },
      ...made.flatMap(({ instance, networkInterface }): TransactionOperation[] => [
        { verb: 'create', object: instance },
        { verb: 'create', object: networkInterface },
      ]),
    ];
    try {
      const written = await client.transact(operations);
      return written.filter((object) => object.kind === 'Instance') as Instance[];
    } catch (error) {
      if (!isConflict(error) || tries === maximumTries) throw error;
    }
  }
}

async function findSubnet(client: Client, id: string): Promise<Subnet> {
  try {
    return await client.resource(subnets).get(id);
  } catch (error) {
    throw isNotFound(error) ? new AwsError('InvalidSubnetID.NotFound', `The subnet ID '${id}' does not exist`) : error;
  }
}

async function requireGroups(client: Client, ids: readonly string[], vpcId: string): Promise<void> {
  for (const id of ids) {
    const missing = new AwsError(
      'InvalidGroup.NotFound',
      `The security group '${id}' does not exist in VPC '${vpcId}'`,
    );
    try {
      const group = await client.resource(securityGroups).get(id);
      if (group.spec.vpcId !== vpcId) throw missing;
    } catch (error) {
      throw isNotFound(error) ? missing : error;
    }
  }
}

interface Planned {
  readonly instance: Instance;
  readonly networkInterface: NetworkInterface;
}

function plan(
  environment: LaunchEnvironment,
  request: LaunchRequest,
  subnet: Subnet,
  addresses: readonly string[],
): Planned[] {
  const { world, region } = environment;
  const launchTime = new Date(world.clock.now()).toISOString();
  const reservationId = awsId('r', world.random);
  return addresses.map((address) => {
    const instanceId = awsId('i', world.random);
    const interfaceId = awsId('eni', world.random);
    const place = {
      vpcId: subnet.spec.vpcId,
      subnetId: subnet.metadata.name!,
      availabilityZone: subnet.spec.availabilityZone,
    };
    const { iamInstanceProfile, keyName, userData, clientToken } = request;
    const instance = {
      apiVersion: 'ec2.keelson.dev/v1',
      kind: 'Instance',
      metadata: { name: instanceId },
      spec: {
        instanceType: request.instanceType,
        imageId: request.imageId,
        ...place,
        privateIpAddress: address,
        privateDnsName: privateDnsName(address, region),
        networkInterfaceIds: [interfaceId],
        ...(iamInstanceProfile ? { iamInstanceProfile } : {}),
        ...(keyName ? { keyName } : {}),
        ...(userData ? { userData } : {}),
        ...(clientToken ? { clientToken } : {}),
        reservationId,
        launchTime,
        lifecycle: request.lifecycle,
        desiredState: 'running',
        metadataOptions: { ...request.metadataOptions },
        tags: [...request.tags],
      },
      status: { state: 'pending' },
    } satisfies Instance;
    const networkInterface = {
      apiVersion: 'ec2.keelson.dev/v1',
      kind: 'NetworkInterface',
      metadata: { name: interfaceId },
      spec: {
        ...place,
        description: '',
        interfaceType: 'interface',
        macAddress: ['02', ...randomHex(world.random, 10).match(/../g)!].join(':'),
        privateIpAddress: address,
        secondaryPrivateIpAddresses: [],
        groupIds: [...request.securityGroupIds],
        sourceDestCheck: true,
        attachment: {
          id: attachmentId(interfaceId),
          instanceId,
          deviceIndex: 0,
          deleteOnTermination: true,
          attachTime: launchTime,
        },
        tags: [...(request.interfaceTags ?? [])],
      },
    } satisfies NetworkInterface;
    return { instance, networkInterface };
  });
}

function attachmentId(interfaceId: string): string {
  return `eni-attach-0${createHash('sha256').update(interfaceId).digest('hex').slice(0, 16)}`;
}

/** Instances of an earlier call with the same client token: RunInstances is idempotent by it. */
export async function launchedWithToken(client: Client, token: string): Promise<Instance[]> {
  return (await client.resource(instances).list()).items.filter((instance) => instance.spec.clientToken === token);
}

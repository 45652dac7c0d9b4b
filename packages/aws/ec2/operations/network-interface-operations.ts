import { AwsError } from '@keelson/aws-protocol';
import { awsId, randomHex, randomInteger } from '@keelson/base';
import type { TransactionOperation } from '@keelson/client';
import { instances, networkInterfaces, securityGroups, subnets } from '@keelson/client/region-resources/index.ts';
import { type InstanceType, instanceTypes } from '@keelson/model/region/instance-types.ts';
import type { Instance, NetworkInterface, Subnet } from '@keelson/model/region/object-types.ts';
import {
  containsAddress,
  parseAddress,
  parseCidr,
  reservedAddresses,
  takeAddresses,
  takenAddresses,
} from '@keelson/network';
import { invalidValue, missingParameter } from '../errors.ts';
import { newObject } from '../new-object.ts';
import { specifiedTags } from '../tags.ts';
import {
  type Environment,
  getById,
  type Input,
  type Operations,
  retryOnConflict,
  stopIfDryRun,
} from './environment.ts';
import { instanceKind, networkInterfaceKind, securityGroupKind, subnetKind } from './id-kinds.ts';
import { instanceState } from './instance-operations.ts';
import { interfaceView } from './routing-operations.ts';

/** Addresses of an interface that is attached to nothing yet. */
const addressesWithoutInstance = 50;

const update = (object: NetworkInterface | Subnet | Instance): TransactionOperation => ({ verb: 'update', object });

function findInterface(environment: Environment, input: Input): Promise<NetworkInterface> {
  if (!input['NetworkInterfaceId']) throw missingParameter('networkInterfaceId');
  return getById(environment, networkInterfaceKind, input['NetworkInterfaceId']);
}

async function allInterfaces({ client }: Environment): Promise<NetworkInterface[]> {
  return (await client.resource(networkInterfaces).list()).items;
}

async function typeOf({ client }: Environment, instanceId: string): Promise<InstanceType | undefined> {
  return instanceTypes.get((await client.resource(instances).get(instanceId)).spec.instanceType);
}

async function requireAddressLimit(environment: Environment, object: NetworkInterface, more: number): Promise<void> {
  const { attachment, secondaryPrivateIpAddresses } = object.spec;
  const type = attachment && (await typeOf(environment, attachment.instanceId));
  const limit = type?.addressesPerInterface ?? addressesWithoutInstance;
  if (1 + secondaryPrivateIpAddresses.length + more > limit)
    throw new AwsError('PrivateIpAddressLimitExceeded', 'Number of private addresses will exceed limit.');
}

/** Takes `count` addresses that nobody has. @throws AwsError InsufficientFreeAddressesInSubnet */
function takeAny(environment: Environment, subnet: Subnet, interfaces: readonly NetworkInterface[], count: number) {
  const taken = takeAddresses(subnet, interfaces, count, randomInteger(environment.world.random, 2 ** 16));
  if (taken !== undefined) return taken;
  throw new AwsError(
    'InsufficientFreeAddressesInSubnet',
    'The specified subnet does not have enough free addresses to satisfy the request.',
  );
}

/** Takes these very addresses of the subnet. @throws AwsError for one that is not the subnet's to give, or has an owner */
function takeThese(subnet: Subnet, interfaces: readonly NetworkInterface[], addresses: readonly string[]) {
  const cidr = parseCidr(subnet.spec.cidrBlock)!;
  const reserved = reservedAddresses(cidr);
  const taken = takenAddresses(subnet.metadata.name!, interfaces);
  for (const text of addresses) {
    const address = parseAddress(text);
    if (address === undefined) throw invalidValue('privateIpAddress', text, 'Invalid IPv4 address');
    if (!containsAddress(cidr, address) || reserved.has(address))
      throw invalidValue('privateIpAddress', text, `Address does not fall within the subnet's address range`);
    if (taken.has(address))
      throw new AwsError(
        'InvalidParameterValue',
        `Some of [${addresses.join(', ')}] are assigned, but move is not allowed.`,
      );
  }
  if (new Set(addresses).size !== addresses.length)
    throw invalidValue('privateIpAddress', addresses.join(', '), 'An address is given twice');
  const spec = { ...subnet.spec, addressEpoch: subnet.spec.addressEpoch + 1 };
  return { addresses, subnet: { ...subnet, spec } };
}

async function assignAddresses(environment: Environment, input: Input) {
  const { client } = environment;
  const these: string[] = input['PrivateIpAddresses'] ?? [];
  const count: number | undefined = input['SecondaryPrivateIpAddressCount'];
  if (these.length > 0 && count !== undefined)
    throw new AwsError(
      'InvalidParameterCombination',
      'The parameters privateIpAddress and secondaryPrivateIpAddressCount cannot be used together',
    );
  if (these.length === 0 && count === undefined) throw missingParameter('secondaryPrivateIpAddressCount');
  if (count !== undefined && count < 1) throw invalidValue('secondaryPrivateIpAddressCount', count);
  return retryOnConflict(async () => {
    const object = await findInterface(environment, input);
    await requireAddressLimit(environment, object, count ?? these.length);
    const subnet = await client.resource(subnets).get(object.spec.subnetId);
    const others = await allInterfaces(environment);
    const moved = input['AllowReassignment'] ? movedFrom(others, object, these) : [];
    const present = others.map((one) => moved.find((change) => change.metadata.name === one.metadata.name) ?? one);
    const taken =
      count === undefined ? takeThese(subnet, present, these) : takeAny(environment, subnet, present, count);
    const secondaryPrivateIpAddresses = [...object.spec.secondaryPrivateIpAddresses, ...taken.addresses];
    const changed = { ...object, spec: { ...object.spec, secondaryPrivateIpAddresses } };
    await client.transact([taken.subnet, changed, ...moved].map(update));
    return {
      NetworkInterfaceId: object.metadata.name,
      AssignedPrivateIpAddresses: taken.addresses.map((address) => ({ PrivateIpAddress: address })),
    };
  });
}

/** The interfaces that lose secondary addresses, as they are without them. */
function movedFrom(all: readonly NetworkInterface[], to: NetworkInterface, addresses: readonly string[]) {
  return all.flatMap((one) => {
    const before = one.spec.secondaryPrivateIpAddresses;
    const kept = before.filter((address) => !addresses.includes(address));
    if (kept.length === before.length || one.metadata.name === to.metadata.name) return [];
    return [{ ...one, spec: { ...one.spec, secondaryPrivateIpAddresses: kept } }];
  });
}

async function unassignAddresses(environment: Environment, input: Input) {
  const addresses: string[] = input['PrivateIpAddresses'] ?? [];
  if (addresses.length === 0) throw missingParameter('privateIpAddress');
  return retryOnConflict(async () => {
    const object = await findInterface(environment, input);
    const before = object.spec.secondaryPrivateIpAddresses;
    if (!addresses.every((address) => before.includes(address)))
      throw new AwsError(
        'InvalidParameterValue',
        `Some of [${addresses.join(', ')}] are not assigned to interface ${object.metadata.name}`,
      );
    const secondaryPrivateIpAddresses = before.filter((address) => !addresses.includes(address));
    await environment.client
      .resource(networkInterfaces)
      .update({ ...object, spec: { ...object.spec, secondaryPrivateIpAddresses } });
    return {};
  });
}

async function createInterface(environment: Environment, input: Input) {
  stopIfDryRun(input);
  const { client, world, account } = environment;
  if (!input['SubnetId']) throw missingParameter('subnetId');
  const type = input['InterfaceType'] ?? 'interface';
  if (type !== 'interface') throw invalidValue('interfaceType', type);
  const listed: { PrivateIpAddress?: string; Primary?: boolean }[] = input['PrivateIpAddresses'] ?? [];
  const primary = input['PrivateIpAddress'] ?? listed.find((one) => one.Primary)?.PrivateIpAddress;
  const secondary = listed.filter((one) => one.PrivateIpAddress !== primary).map((one) => one.PrivateIpAddress ?? '');
  const count: number = input['SecondaryPrivateIpAddressCount'] ?? 0;
  if (count < 0) throw invalidValue('secondaryPrivateIpAddressCount', count);
  if (secondary.length + count >= addressesWithoutInstance)
    throw new AwsError('PrivateIpAddressLimitExceeded', 'Number of private addresses will exceed limit.');
  const tags = specifiedTags(input['TagSpecifications'], 'network-interface');
  const name = awsId('eni', world.random);
  const macAddress = ['02', ...randomHex(world.random, 10).match(/../g)!].join(':');
  return retryOnConflict(async () => {
    const subnet = await getById(environment, subnetKind, input['SubnetId']);
    const groupIds = await groupsFor(environment, subnet, input['Groups'] ?? []);
    const others = await allInterfaces(environment);
    const named = [...(primary ? [primary] : []), ...secondary];
    const first = takeThese(subnet, others, named);
    const holder = {
      spec: { subnetId: subnet.metadata.name, privateIpAddress: '', secondaryPrivateIpAddresses: named },
    };
    const rest = takeAny(
      environment,
      subnet,
      [...others, holder as unknown as NetworkInterface],
      count + (primary ? 0 : 1),
    );
    const any = [...rest.addresses];
    const object = newObject<NetworkInterface>(networkInterfaces, name, {
      vpcId: subnet.spec.vpcId,
      subnetId: subnet.metadata.name!,
      availabilityZone: subnet.spec.availabilityZone,
      description: input['Description'] ?? '',
      interfaceType: type,
      macAddress,
      privateIpAddress: primary ?? any.shift()!,
      secondaryPrivateIpAddresses: [...secondary, ...any],
      groupIds,
      sourceDestCheck: true,
      tags,
    });
    await client.transact([update(first.subnet), { verb: 'create', object }]);
    return {
      NetworkInterface: { ...interfaceView(object, account), Status: 'pending' },
      ClientToken: input['ClientToken'],
    };
  });
}

async function groupsFor(environment: Environment, subnet: Subnet, ids: readonly string[]): Promise<string[]> {
  const { vpcId } = subnet.spec;
  if (ids.length === 0) {
    const all = (await environment.client.resource(securityGroups).list()).items;
    return all
      .filter(({ spec }) => spec.vpcId === vpcId && spec.groupName === 'default')
      .map((one) => one.metadata.name!);
  }
  for (const id of ids) {
    const group = await getById(environment, securityGroupKind, id);
    if (group.spec.vpcId !== vpcId)
      throw new AwsError('InvalidGroup.NotFound', `The security group '${id}' does not exist in VPC '${vpcId}'`);
  }
  return [...ids];
}

async function attachInterface(environment: Environment, input: Input) {
  stopIfDryRun(input);
  const { client, world } = environment;
  const index: number | undefined = input['DeviceIndex'];
  if (index === undefined) throw missingParameter('deviceIndex');
  if (index < 0) throw invalidValue('deviceIndex', index);
  const id = awsId('eni-attach', world.random);
  return retryOnConflict(async () => {
    const object = await findInterface(environment, input);
    const instance = await getById(environment, instanceKind, input['InstanceId'] ?? '');
    const attached = (await allInterfaces(environment)).filter(
      (one) => one.spec.attachment?.instanceId === instance.metadata.name,
    );
    requireAttachable(object, instance, attached, index);
    const attachment = {
      id,
      instanceId: instance.metadata.name!,
      deviceIndex: index,
      deleteOnTermination: false,
      attachTime: new Date(world.clock.now()).toISOString(),
    };
    // The instance is written with it, so that of two who attach at once one sees the other.
    const networkInterfaceIds = [...instance.spec.networkInterfaceIds, object.metadata.name!];
    await client.transact([
      update({ ...object, spec: { ...object.spec, attachment } }),
      update({ ...instance, spec: { ...instance.spec, networkInterfaceIds } }),
    ]);
    return { AttachmentId: id, NetworkCardIndex: 0 };
  });
}

/** @throws AwsError when the interface cannot become this instance's at this index */
function requireAttachable(
  { metadata, spec }: NetworkInterface,
  instance: Instance,
  attached: readonly NetworkInterface[],
  index: number,
): void {
  const name = instance.metadata.name;
  const type = instanceTypes.get(instance.spec.instanceType);
  const state = instanceState(instance);
  if (spec.attachment || spec.requesterId)
    throw new AwsError('InvalidNetworkInterface.InUse', `Interface: [${metadata.name}] in use.`);
  if (state === 'shutting-down' || state === 'terminated')
    throw new AwsError('IncorrectState', `The instance '${name}' is not in a valid state for this operation.`);
  if (spec.availabilityZone !== instance.spec.availabilityZone)
    throw new AwsError(
      'InvalidParameterCombination',
      'You may not attach a network interface to an instance if they are not in the same availability zone',
    );
  if (attached.some((one) => one.spec.attachment!.deviceIndex === index))
    throw new AwsError(
      'InvalidParameterValue',
      `Instance '${name}' already has an interface attached at device index '${index}'.`,
    );
  if (type && attached.length >= type.networkInterfaces)
    throw new AwsError(
      'AttachmentLimitExceeded',
      `Interface count ${attached.length + 1} exceeds the limit for ${type.name}`,
    );
  if (type && 1 + spec.secondaryPrivateIpAddresses.length > type.addressesPerInterface)
    throw new AwsError('PrivateIpAddressLimitExceeded', 'Number of private addresses will exceed limit.');
}

async function detachInterface(environment: Environment, input: Input) {
  stopIfDryRun(input);
  const { client } = environment;
  const id: string = input['AttachmentId'] ?? '';
  if (id === '') throw missingParameter('attachmentId');
  return retryOnConflict(async () => {
    const object = (await allInterfaces(environment)).find((one) => one.spec.attachment?.id === id);
    if (object === undefined)
      throw new AwsError('InvalidAttachmentID.NotFound', `The attachment ID '${id}' does not exist`);
    const { attachment, ...spec } = object.spec;
    if (attachment!.deviceIndex === 0)
      throw new AwsError('OperationNotPermitted', 'The network interface at device index 0 cannot be detached.');
    const instance = await client.resource(instances).get(attachment!.instanceId);
    const networkInterfaceIds = instance.spec.networkInterfaceIds.filter((one) => one !== object.metadata.name);
    await client.transact([
      update({ ...object, spec }),
      update({ ...instance, spec: { ...instance.spec, networkInterfaceIds } }),
    ]);
    return {};
  });
}

async function deleteInterface(environment: Environment, input: Input) {
  stopIfDryRun(input);
  return retryOnConflict(async () => {
    const object = await findInterface(environment, input);
    const { metadata, spec } = object;
    if (spec.attachment || spec.requesterId)
      throw new AwsError('InvalidParameterValue', `Network interface '${metadata.name}' is currently in use.`);
    const preconditions = { resourceVersion: metadata.resourceVersion! };
    await environment.client.resource(networkInterfaces).delete(metadata.name!, undefined, { preconditions });
    return {};
  });
}

async function modifyInterface(environment: Environment, input: Input) {
  stopIfDryRun(input);
  const { client } = environment;
  return retryOnConflict(async () => {
    const object = await findInterface(environment, input);
    const spec = { ...object.spec };
    if (input['Description']) spec.description = input['Description'].Value ?? '';
    if (input['SourceDestCheck']) spec.sourceDestCheck = input['SourceDestCheck'].Value ?? true;
    if (input['Groups']?.length) {
      const subnet = await client.resource(subnets).get(spec.subnetId);
      spec.groupIds = await groupsFor(environment, subnet, input['Groups']);
    }
    const attachment = input['Attachment'];
    if (attachment) {
      if (spec.attachment === undefined || spec.attachment.id !== attachment.AttachmentId)
        throw new AwsError(
          'InvalidAttachmentID.NotFound',
          `The attachment ID '${attachment.AttachmentId}' does not exist`,
        );
      const deleteOnTermination = attachment.DeleteOnTermination ?? spec.attachment.deleteOnTermination;
      spec.attachment = { ...spec.attachment, deleteOnTermination };
    }
    await client.resource(networkInterfaces).update({ ...object, spec });
    return {};
  });
}

/** Network interfaces and their addresses; what the VPC CNI lives by. */
export function networkInterfaceOperations(environment: Environment): Operations {
  return {
    AssignPrivateIpAddresses: (input) => assignAddresses(environment, input),
    UnassignPrivateIpAddresses: (input) => unassignAddresses(environment, input),
    CreateNetworkInterface: (input) => createInterface(environment, input),
    AttachNetworkInterface: (input) => attachInterface(environment, input),
    DetachNetworkInterface: (input) => detachInterface(environment, input),
    DeleteNetworkInterface: (input) => deleteInterface(environment, input),
    ModifyNetworkInterfaceAttribute: (input) => modifyInterface(environment, input),
  };
}

import { AwsError } from '@keelson/aws-protocol';
import {
  instanceProfiles,
  instances,
  networkInterfaces,
  securityGroups,
  subnets,
} from '@keelson/client/region-resources/index.ts';
import { instanceTypes } from '@keelson/model/region/instance-types.ts';
import type { Instance, NetworkInterface, SecurityGroup } from '@keelson/model/region/object-types.ts';
import { defaultMetadataOptions, launchedWithToken, launchInstances } from '../../instance-launch.ts';
import { missingParameter } from '../errors.ts';
import { applyFilters, type FilterValues, paginate } from '../filters.ts';
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
import { instanceKind, subnetKind } from './id-kinds.ts';

const stateCodes: Readonly<Record<string, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

/** What is to be told of the instance's state: it is on its way from the moment it was asked to go somewhere else. */
export function instanceState(instance: Instance): string {
  const state = instance.status?.state ?? 'pending';
  const { desiredState } = instance.spec;
  if (desiredState === 'terminated' && state !== 'terminated') return 'shutting-down';
  if (desiredState === 'stopped' && (state === 'running' || state === 'pending')) return 'stopping';
  if (desiredState === 'running' && state === 'stopped') return 'pending';
  return state;
}

const stateView = (name: string) => ({ Code: stateCodes[name], Name: name });

interface Surroundings {
  /** The unique ids of instance profiles by their names. */
  readonly profileIds: ReadonlyMap<string, string>;
  readonly interfaces: readonly NetworkInterface[];
  readonly groups: ReadonlyMap<string, SecurityGroup>;
  readonly account: string;
}

function attachedInterfaces(
  instance: Instance,
  { interfaces, groups, account }: Surroundings,
): Record<string, unknown>[] {
  const mine = interfaces.filter((one) => one.spec.attachment?.instanceId === instance.metadata.name);
  return mine.map(({ metadata, spec }) => ({
    NetworkInterfaceId: metadata.name,
    SubnetId: spec.subnetId,
    VpcId: spec.vpcId,
    OwnerId: account,
    Description: spec.description,
    MacAddress: spec.macAddress,
    InterfaceType: spec.interfaceType,
    Status: 'in-use',
    SourceDestCheck: spec.sourceDestCheck,
    PrivateIpAddress: spec.privateIpAddress,
    PrivateIpAddresses: [spec.privateIpAddress, ...spec.secondaryPrivateIpAddresses].map((address, index) => ({
      PrivateIpAddress: address,
      Primary: index === 0,
    })),
    Groups: spec.groupIds.map((id) => ({ GroupId: id, GroupName: groups.get(id)?.spec.groupName })),
    Attachment: spec.attachment && {
      AttachmentId: spec.attachment.id,
      DeviceIndex: spec.attachment.deviceIndex,
      DeleteOnTermination: spec.attachment.deleteOnTermination,
      AttachTime: new Date(spec.attachment.attachTime),
      Status: 'attached',
    },
  }));
}

function instanceView(instance: Instance, surroundings: Surroundings): Record<string, unknown> {
  const { spec, status, metadata } = instance;
  const state = instanceState(instance);
  const gone = state === 'terminated';
  const attached = gone ? [] : attachedInterfaces(instance, surroundings);
  return {
    InstanceId: metadata.name,
    ImageId: spec.imageId,
    InstanceType: spec.instanceType,
    State: stateView(state),
    StateTransitionReason: status?.stateTransitionReason ?? '',
    StateReason: status?.stateReasonCode
      ? { Code: status.stateReasonCode, Message: status.stateReasonMessage }
      : undefined,
    LaunchTime: new Date(spec.launchTime),
    AmiLaunchIndex: 0,
    Placement: { AvailabilityZone: spec.availabilityZone, GroupName: '', Tenancy: 'default' },
    Monitoring: { State: 'disabled' },
    PrivateDnsName: gone ? '' : spec.privateDnsName,
    PublicDnsName: '',
    PrivateIpAddress: gone ? undefined : spec.privateIpAddress,
    SubnetId: gone ? undefined : spec.subnetId,
    VpcId: gone ? undefined : spec.vpcId,
    Architecture: instanceTypes.get(spec.instanceType)?.architecture,
    RootDeviceType: 'ebs',
    RootDeviceName: '/dev/xvda',
    VirtualizationType: 'hvm',
    Hypervisor: 'xen',
    EnaSupport: true,
    EbsOptimized: false,
    ClientToken: spec.clientToken ?? '',
    KeyName: spec.keyName,
    InstanceLifecycle: spec.lifecycle === 'spot' ? 'spot' : undefined,
    IamInstanceProfile: spec.iamInstanceProfile
      ? {
          Arn: spec.iamInstanceProfile,
          Id: surroundings.profileIds.get(spec.iamInstanceProfile.split('/').at(-1) ?? ''),
        }
      : undefined,
    NetworkInterfaces: attached,
    SecurityGroups: attached.flatMap((one) => one['Groups'] as object[]),
    SourceDestCheck: true,
    MetadataOptions: {
      State: 'applied',
      HttpTokens: spec.metadataOptions.httpTokens,
      HttpPutResponseHopLimit: spec.metadataOptions.httpPutResponseHopLimit,
      HttpEndpoint: spec.metadataOptions.httpEndpoint,
      HttpProtocolIpv6: 'disabled',
      InstanceMetadataTags: 'disabled',
    },
    PrivateDnsNameOptions: {
      HostnameType: 'ip-name',
      EnableResourceNameDnsARecord: false,
      EnableResourceNameDnsAAAARecord: false,
    },
    Tags: tagViews(spec.tags),
  };
}

const filters: FilterValues<Instance> = {
  'instance-id': (one) => one.metadata.name!,
  'instance-state-name': instanceState,
  'instance-state-code': (one) => String(stateCodes[instanceState(one)]),
  'instance-type': (one) => one.spec.instanceType,
  'vpc-id': (one) => one.spec.vpcId,
  'subnet-id': (one) => one.spec.subnetId,
  'availability-zone': (one) => one.spec.availabilityZone,
  'private-dns-name': (one) => one.spec.privateDnsName,
  'private-ip-address': (one) => one.spec.privateIpAddress,
  'image-id': (one) => one.spec.imageId,
  'reservation-id': (one) => one.spec.reservationId,
  'instance-lifecycle': (one) => (one.spec.lifecycle === 'spot' ? 'spot' : undefined),
};

async function surroundingsOf(environment: Environment): Promise<Surroundings> {
  const [interfaces, groups, profiles] = await Promise.all([
    environment.client.resource(networkInterfaces).list(),
    environment.client.resource(securityGroups).list(),
    environment.client.resource(instanceProfiles).list(),
  ]);
  const profileIds = new Map(profiles.items.map(({ spec }) => [spec.instanceProfileName, spec.instanceProfileId]));
  const byId = new Map(groups.items.map((group) => [group.metadata.name!, group]));
  return { interfaces: interfaces.items, groups: byId, account: environment.account, profileIds };
}

function reservations(found: readonly Instance[], surroundings: Surroundings): Record<string, unknown>[] {
  return [...Map.groupBy(found, (one) => one.spec.reservationId)].map(([id, members]) => ({
    ReservationId: id,
    OwnerId: surroundings.account,
    Groups: [],
    Instances: members.map((one) => instanceView(one, surroundings)),
  }));
}

/** The subnet named, or the default one of the zone asked for. @throws AwsError */
async function subnetFor(environment: Environment, input: Input): Promise<string> {
  const named = input['SubnetId'] ?? input['NetworkInterfaces']?.[0]?.SubnetId;
  if (named) return named;
  const zone = input['Placement']?.AvailabilityZone ?? environment.zones[0]!.name;
  const { items } = await environment.client.resource(subnets).list();
  const subnet = items.find((one) => one.spec.defaultForAz && one.spec.availabilityZone === zone);
  if (!subnet) throw new AwsError('MissingInput', `No default subnet for availability zone: '${zone}'.`);
  return subnet.metadata.name!;
}

async function runInstances(environment: Environment, input: Input) {
  const { client } = environment;
  if (!input['ImageId']) throw missingParameter('ImageId');
  const count: number = input['MaxCount'] ?? 0;
  if (count < 1 || (input['MinCount'] ?? 1) > count)
    throw new AwsError('InvalidParameterValue', 'Invalid value for MinCount or MaxCount.');
  stopIfDryRun(input);
  const token: string | undefined = input['ClientToken'];
  let made = token ? await launchedWithToken(client, token) : [];
  if (made.length === 0) {
    const subnetId = await subnetFor(environment, input);
    const groupIds: string[] = input['SecurityGroupIds'] ?? input['NetworkInterfaces']?.[0]?.Groups ?? [];
    const { vpcId } = (await getById(environment, subnetKind, subnetId)).spec;
    const fallback = (await client.resource(securityGroups).list()).items.filter(
      (one) => one.spec.vpcId === vpcId && one.spec.groupName === 'default',
    );
    made = await launchInstances(environment, {
      count,
      instanceType: input['InstanceType'] ?? 'm5.large',
      imageId: input['ImageId'],
      subnetId,
      securityGroupIds: groupIds.length > 0 ? groupIds : fallback.map((group) => group.metadata.name!),
      iamInstanceProfile: profileArn(environment, input['IamInstanceProfile']),
      keyName: input['KeyName'],
      userData: input['UserData'],
      lifecycle: input['InstanceMarketOptions']?.MarketType === 'spot' ? 'spot' : 'on-demand',
      metadataOptions: {
        httpTokens: input['MetadataOptions']?.HttpTokens ?? defaultMetadataOptions.httpTokens,
        httpPutResponseHopLimit:
          input['MetadataOptions']?.HttpPutResponseHopLimit ?? defaultMetadataOptions.httpPutResponseHopLimit,
        httpEndpoint: input['MetadataOptions']?.HttpEndpoint ?? defaultMetadataOptions.httpEndpoint,
      },
      tags: specifiedTags(input['TagSpecifications'], 'instance'),
      interfaceTags: specifiedTags(input['TagSpecifications'], 'network-interface'),
      clientToken: token,
    });
  }
  return reservations(made, await surroundingsOf(environment))[0];
}

function profileArn(
  environment: Environment,
  profile: { Arn?: string; Name?: string } | undefined,
): string | undefined {
  if (profile?.Arn) return profile.Arn;
  return profile?.Name ? `arn:aws:iam::${environment.account}:instance-profile/${profile.Name}` : undefined;
}

/** Asks instances to go to another state; answers with each one's state before and now. */
async function changeState(environment: Environment, input: Input, desired: 'running' | 'stopped' | 'terminated') {
  stopIfDryRun(input);
  const ids: string[] = input['InstanceIds'] ?? [];
  if (ids.length === 0) throw missingParameter('instanceId');
  const found = await selectByIds(environment, instanceKind, ids);
  for (const instance of found) {
    const state = instanceState(instance);
    const final = state === 'terminated' || state === 'shutting-down';
    if (final && desired !== 'terminated') {
      throw new AwsError(
        'IncorrectInstanceState',
        `The instance '${instance.metadata.name}' is not in a state from which it can be ${desired === 'running' ? 'started' : 'stopped'}.`,
      );
    }
  }
  const changes = [];
  for (const { metadata } of found) {
    changes.push(
      await retryOnConflict(async () => {
        const before = await getById(environment, instanceKind, metadata.name!);
        const after = { ...before, spec: { ...before.spec, desiredState: desired } };
        if (before.spec.desiredState !== desired) await environment.client.resource(instances).update(after);
        const previous = instanceState(before);
        return {
          InstanceId: metadata.name,
          PreviousState: stateView(previous),
          CurrentState: stateView(instanceState(after)),
        };
      }),
    );
  }
  return {
    [desired === 'running'
      ? 'StartingInstances'
      : desired === 'stopped'
        ? 'StoppingInstances'
        : 'TerminatingInstances']: changes,
  };
}

function statusView(instance: Instance): Record<string, unknown> {
  const state = instanceState(instance);
  const health = state === 'running' ? 'ok' : 'not-applicable';
  const check = { Status: health, Details: state === 'running' ? [{ Name: 'reachability', Status: 'passed' }] : [] };
  return {
    InstanceId: instance.metadata.name,
    AvailabilityZone: instance.spec.availabilityZone,
    InstanceState: stateView(state),
    InstanceStatus: check,
    SystemStatus: check,
    Events: [],
  };
}

export function instanceOperations(environment: Environment): Operations {
  return {
    RunInstances: (input) => runInstances(environment, input),
    StartInstances: (input) => changeState(environment, input, 'running'),
    StopInstances: (input) => changeState(environment, input, 'stopped'),
    TerminateInstances: (input) => changeState(environment, input, 'terminated'),
    DescribeInstances: async (input) => {
      const found = applyFilters(
        await selectByIds(environment, instanceKind, input.InstanceIds),
        input.Filters,
        filters,
      );
      const { page, next } = paginate(found, input);
      return { Reservations: reservations(page, await surroundingsOf(environment)), NextToken: next };
    },
    DescribeInstanceStatus: async (input) => {
      const all = await selectByIds(environment, instanceKind, input.InstanceIds);
      const shown = input.IncludeAllInstances ? all : all.filter((one) => instanceState(one) === 'running');
      const { page, next } = paginate(applyFilters(shown, input.Filters, filters), input);
      return { InstanceStatuses: page.map(statusView), NextToken: next };
    },
  };
}

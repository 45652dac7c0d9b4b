import { AwsError } from '@keelson/aws-protocol';
import { type InstanceType, instanceTypes } from '@keelson/model/region/instance-types.ts';
import { invalidValue } from '../errors.ts';
import { applyFilters, type FilterValues, paginate } from '../filters.ts';
import type { Zone } from '../zones.ts';
import type { Environment, Operations } from './environment.ts';

interface Untagged<T> {
  readonly value: T;
  readonly spec: Record<string, never>;
}

const wrap = <T>(value: T): Untagged<T> => ({ value, spec: {} });

const zoneFilters = (region: string): FilterValues<Untagged<Zone>> => ({
  'region-name': () => region,
  'zone-name': ({ value }) => value.name,
  'zone-id': ({ value }) => value.id,
  'zone-type': () => 'availability-zone',
  state: () => 'available',
  'opt-in-status': () => 'opt-in-not-required',
  'group-name': () => `${region}-zg-1`,
});

function zoneView(zone: Zone, region: string): Record<string, unknown> {
  return {
    ZoneName: zone.name,
    ZoneId: zone.id,
    ZoneType: 'availability-zone',
    RegionName: region,
    State: 'available',
    OptInStatus: 'opt-in-not-required',
    GroupName: `${region}-zg-1`,
    NetworkBorderGroup: region,
    Messages: [],
  };
}

const typeFilters: FilterValues<Untagged<InstanceType>> = {
  'instance-type': ({ value }) => value.name,
  'current-generation': ({ value }) => String(!value.name.startsWith('t2.')),
  'bare-metal': () => 'false',
  'burstable-performance-supported': ({ value }) => String(value.burstable),
  'processor-info.supported-architecture': ({ value }) => value.architecture,
  'vcpu-info.default-vcpus': ({ value }) => String(value.vcpus),
  'memory-info.size-in-mib': ({ value }) => String(value.memoryMiB),
  'supported-usage-class': () => ['on-demand', 'spot'],
};

function typeView(type: InstanceType): Record<string, unknown> {
  const threads = type.architecture === 'arm64' || type.vcpus === 1 ? 1 : 2;
  return {
    InstanceType: type.name,
    CurrentGeneration: !type.name.startsWith('t2.'),
    FreeTierEligible: type.name === 't2.micro' || type.name === 't3.micro',
    SupportedUsageClasses: ['on-demand', 'spot'],
    SupportedRootDeviceTypes: ['ebs'],
    SupportedVirtualizationTypes: ['hvm'],
    BareMetal: false,
    Hypervisor: type.name.startsWith('t2.') ? 'xen' : 'nitro',
    ProcessorInfo: { SupportedArchitectures: [type.architecture] },
    VCpuInfo: { DefaultVCpus: type.vcpus, DefaultCores: type.vcpus / threads, DefaultThreadsPerCore: threads },
    MemoryInfo: { SizeInMiB: type.memoryMiB },
    InstanceStorageSupported: false,
    NetworkInfo: {
      MaximumNetworkInterfaces: type.networkInterfaces,
      MaximumNetworkCards: 1,
      DefaultNetworkCardIndex: 0,
      NetworkCards: [{ NetworkCardIndex: 0, MaximumNetworkInterfaces: type.networkInterfaces }],
      Ipv4AddressesPerInterface: type.addressesPerInterface,
      Ipv6AddressesPerInterface: type.addressesPerInterface,
      Ipv6Supported: true,
      EnaSupport: 'required',
    },
    PlacementGroupInfo: { SupportedStrategies: ['partition', 'spread'] },
    HibernationSupported: false,
    BurstablePerformanceSupported: type.burstable,
    DedicatedHostsSupported: !type.burstable,
    AutoRecoverySupported: true,
  };
}

function describeTypes(input: Record<string, any>) {
  const asked: string[] | undefined = input['InstanceTypes']?.length ? input['InstanceTypes'] : undefined;
  const unknown = (asked ?? []).filter((name) => !instanceTypes.has(name));
  if (unknown.length > 0) {
    throw new AwsError(
      'InvalidInstanceType',
      `The following supplied instance types do not exist: [${unknown.join(', ')}]`,
    );
  }
  const types = asked ? asked.map((name) => instanceTypes.get(name)!) : [...instanceTypes.values()];
  const found = applyFilters(types.map(wrap), input['Filters'], typeFilters);
  const { page, next } = paginate(found, input);
  return { InstanceTypes: page.map(({ value }) => typeView(value)), NextToken: next };
}

function describeOfferings(environment: Environment, input: Record<string, any>) {
  const locationType: string = input['LocationType'] ?? 'region';
  const locations: Record<string, readonly string[]> = {
    region: [environment.region],
    'availability-zone': environment.zones.map((zone) => zone.name),
    'availability-zone-id': environment.zones.map((zone) => zone.id),
  };
  const places = locations[locationType];
  if (!places) throw invalidValue('locationType', locationType);
  const offerings = [...instanceTypes.keys()].flatMap((name) => places.map((location) => wrap({ name, location })));
  const found = applyFilters(offerings, input['Filters'], {
    'instance-type': ({ value }) => value.name,
    location: ({ value }) => value.location,
  });
  const { page, next } = paginate(found, input);
  const views = page.map(({ value }) => ({
    InstanceType: value.name,
    LocationType: locationType,
    Location: value.location,
  }));
  return { InstanceTypeOfferings: views, NextToken: next };
}

/** Regions, zones and what instances there are to be had. */
export function regionOperations(environment: Environment): Operations {
  const { region, zones } = environment;
  return {
    DescribeRegions: async (input) => {
      if (input.RegionNames?.some((name: string) => name !== region))
        throw invalidValue('RegionName', input.RegionNames.join(', '));
      return {
        Regions: [{ RegionName: region, Endpoint: `ec2.${region}.amazonaws.com`, OptInStatus: 'opt-in-not-required' }],
      };
    },
    DescribeAvailabilityZones: async (input) => {
      const asked: string[] = [...(input.ZoneNames ?? []), ...(input.ZoneIds ?? [])];
      const unknown = asked.find((name) => !zones.some((zone) => zone.name === name || zone.id === name));
      if (unknown) throw new AwsError('InvalidParameterValue', `Invalid availability zone: [${unknown}]`);
      const chosen =
        asked.length > 0 ? zones.filter((zone) => asked.includes(zone.name) || asked.includes(zone.id)) : zones;
      const found = applyFilters(chosen.map(wrap), input.Filters, zoneFilters(region));
      return { AvailabilityZones: found.map(({ value }) => zoneView(value, region)) };
    },
    DescribeInstanceTypes: async (input) => describeTypes(input),
    DescribeInstanceTypeOfferings: async (input) => describeOfferings(environment, input),
  };
}

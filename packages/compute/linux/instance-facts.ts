import type { CacheSource, SharedCache } from '@keelson/client';
import { instanceProfiles, securityGroups, subnets, vpcs } from '@keelson/client/region-resources/index.ts';
import { instanceTypes } from '@keelson/model/region/instance-types.ts';
import type {
  Instance,
  InstanceProfile,
  NetworkInterface,
  SecurityGroup,
  Subnet,
  Vpc,
} from '@keelson/model/region/object-types.ts';
import type { InstanceMetadata, InterfaceMetadata, ProfileMetadata } from '../imds/instance-metadata.ts';

export interface RegionFacts {
  readonly accountId: string;
  readonly region: string;
}

/** Makes what an instance's metadata says from the region's objects. */
export class InstanceFacts {
  readonly #region: RegionFacts;
  readonly #vpcs: SharedCache<Vpc>;
  readonly #subnets: SharedCache<Subnet>;
  readonly #groups: SharedCache<SecurityGroup>;
  readonly #profiles: SharedCache<InstanceProfile>;

  constructor(region: RegionFacts, caches: CacheSource) {
    this.#region = region;
    this.#vpcs = caches.of(vpcs);
    this.#subnets = caches.of(subnets);
    this.#groups = caches.of(securityGroups);
    this.#profiles = caches.of(instanceProfiles);
  }

  /** Resolves when everything that facts are made from has been listed. */
  get synced(): Promise<unknown> {
    return Promise.all([this.#vpcs, this.#subnets, this.#groups, this.#profiles].map((cache) => cache.synced));
  }

  /** `interfaces` are the instance's, by device index. */
  metadataOf(instance: Instance, interfaces: readonly NetworkInterface[]): InstanceMetadata {
    const { spec, metadata } = instance;
    return {
      ...this.#region,
      availabilityZone: spec.availabilityZone,
      availabilityZoneId: this.#subnets.get(undefined, spec.subnetId)?.spec.availabilityZoneId ?? '',
      instanceId: metadata.name!,
      instanceType: spec.instanceType,
      architecture: instanceTypes.get(spec.instanceType)?.architecture ?? 'x86_64',
      imageId: spec.imageId,
      reservationId: spec.reservationId,
      launchTime: spec.launchTime,
      lifecycle: spec.lifecycle,
      hostName: spec.privateDnsName,
      interfaces: interfaces.map((one) => this.#interface(one, spec.privateDnsName)),
      profile: this.#profile(spec.iamInstanceProfile),
      userData: spec.userData,
      options: spec.metadataOptions,
    };
  }

  #interface({ metadata, spec }: NetworkInterface, hostName: string): InterfaceMetadata {
    const vpc = this.#vpcs.get(undefined, spec.vpcId);
    return {
      interfaceId: metadata.name!,
      macAddress: spec.macAddress,
      deviceIndex: spec.attachment?.deviceIndex ?? 0,
      addresses: [spec.privateIpAddress, ...spec.secondaryPrivateIpAddresses],
      hostName,
      subnetId: spec.subnetId,
      subnetCidrBlock: this.#subnets.get(undefined, spec.subnetId)?.spec.cidrBlock ?? '',
      vpcId: spec.vpcId,
      vpcCidrBlocks: vpc === undefined ? [] : [vpc.spec.cidrBlock],
      securityGroups: spec.groupIds.map((id) => ({
        id,
        name: this.#groups.get(undefined, id)?.spec.groupName ?? id,
      })),
    };
  }

  /** `name` is the profile's, or its ARN. */
  #profile(name: string | undefined): ProfileMetadata | undefined {
    const profile = name === undefined ? undefined : this.#profiles.get(undefined, name.split('/').at(-1)!);
    if (profile === undefined) return undefined;
    const { path, instanceProfileName, instanceProfileId, roles = [] } = profile.spec;
    return {
      arn: `arn:aws:iam::${this.#region.accountId}:instance-profile${path}${instanceProfileName}`,
      id: instanceProfileId,
      roleName: roles[0],
    };
  }
}

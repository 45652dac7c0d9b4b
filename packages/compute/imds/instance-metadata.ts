/** What an instance's metadata says, as data: made from the region's objects by whoever runs the instance. */
export interface InstanceMetadata {
  readonly accountId: string;
  readonly region: string;
  readonly availabilityZone: string;
  readonly availabilityZoneId: string;
  readonly instanceId: string;
  readonly instanceType: string;
  /** `x86_64` or `arm64`. */
  readonly architecture: string;
  readonly imageId: string;
  readonly reservationId: string;
  /** RFC 3339. */
  readonly launchTime: string;
  /** `on-demand` or `spot`. */
  readonly lifecycle: string;
  readonly hostName: string;
  /** By device index; the first is the primary one. */
  readonly interfaces: readonly InterfaceMetadata[];
  readonly profile: ProfileMetadata | undefined;
  /** Base64. */
  readonly userData: string | undefined;
  readonly options: {
    readonly httpTokens: string;
    readonly httpPutResponseHopLimit: number;
    readonly httpEndpoint: string;
  };
}

export interface InterfaceMetadata {
  readonly interfaceId: string;
  readonly macAddress: string;
  readonly deviceIndex: number;
  /** The primary address first. */
  readonly addresses: readonly string[];
  readonly hostName: string;
  readonly subnetId: string;
  readonly subnetCidrBlock: string;
  readonly vpcId: string;
  readonly vpcCidrBlocks: readonly string[];
  readonly securityGroups: readonly { readonly id: string; readonly name: string }[];
}

export interface ProfileMetadata {
  readonly arn: string;
  readonly id: string;
  readonly roleName: string | undefined;
}

/** Credentials of an instance's role. Times are RFC 3339. */
export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly lastUpdated: string;
  readonly expiration: string;
}

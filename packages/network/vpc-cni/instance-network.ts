/** A network interface of the own instance. */
export interface AttachedInterface {
  readonly id: string;
  readonly attachmentId: string;
  readonly deviceIndex: number;
  readonly macAddress: string;
  readonly subnetId: string;
  readonly groupIds: readonly string[];
  readonly primaryAddress: string;
  /** The addresses that pods can have. */
  readonly secondaryAddresses: readonly string[];
}

/** What the type of the instance allows, and where it is. */
export interface InstancePlace {
  readonly instanceId: string;
  readonly maximumInterfaces: number;
  /** Of each interface, its primary one among them. */
  readonly addressesPerInterface: number;
  /** Blocks of the VPC. */
  readonly vpcCidrs: readonly string[];
}

/** An EC2 call that was refused, by EC2's code. */
export class InstanceNetworkError extends Error {
  override readonly name = 'InstanceNetworkError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

/** The instance's network as EC2 has it. Each method rejects with InstanceNetworkError when EC2 refuses. */
export interface InstanceNetwork {
  place(): Promise<InstancePlace>;
  /** By device index. */
  interfaces(): Promise<AttachedInterface[]>;
  /** Gives an interface `count` more secondary addresses. */
  assign(interfaceId: string, count: number): Promise<void>;
  unassign(interfaceId: string, addresses: readonly string[]): Promise<void>;
  /** Makes an interface like `like` with `count` secondary addresses and attaches it, to be deleted with the instance. */
  attach(like: AttachedInterface, deviceIndex: number, count: number): Promise<void>;
  /** Detaches and deletes an interface. */
  detach(gone: AttachedInterface): Promise<void>;
  /** True once the instance's own link of the interface is up. */
  isLinked(one: AttachedInterface): Promise<boolean>;
}

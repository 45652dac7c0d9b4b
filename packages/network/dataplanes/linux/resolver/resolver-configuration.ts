import type { VpcNames } from '../../../vpc-dns/vpc-names.ts';

/** What one resolver process does, in its configuration.json. It is read at the start and at each SIGHUP. */
export interface ResolverConfiguration {
  /** Addresses of the VPC's router at which it answers, on port 53. */
  readonly listen: readonly string[];
  readonly names: VpcNames;
  /** Where the process listens that asks resolvers outside; without it, what the VPC does not know does not exist. */
  readonly outsideSocket?: string;
}

/** What the process does that asks the host's resolvers, in its configuration.json. */
export interface OutsideConfiguration {
  /** The path that it listens on; at most 107 bytes. */
  readonly socket: string;
  /** The file that names the resolvers, looked at with each question. */
  readonly resolvConf: string;
}

/** What the process says of itself, in its state.json. */
export interface ResolverState {
  /** The digest of the configuration that is in force. */
  readonly configuration: string;
  /** Where it listens by now. */
  readonly listening: readonly string[];
  /** Why some address is not listened on. */
  readonly problem?: string;
}

import type { VpcNames } from '../../../vpc-dns/vpc-names.ts';

/** What one resolver process does, in its configuration.json. It is read at the start and at each SIGHUP. */
export interface ResolverConfiguration {
  /** Addresses of the VPC's router at which it answers, on port 53. */
  readonly listen: readonly string[];
  readonly names: VpcNames;
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

/** Where a connection may go. */
export interface ForwarderTarget {
  readonly address: string;
  readonly port: number;
}

export interface ForwarderListener {
  readonly port: number;
  /** A listening socket of the host's network that the process inherited. */
  readonly descriptor: number | undefined;
  readonly targets: readonly ForwarderTarget[];
  /** Where targets are asked whether they are well; their own port when undefined. */
  readonly healthCheckPort: number | undefined;
}

/** What one forwarder process does, in its configuration.json. It is read at the start and at each SIGHUP. */
export interface ForwarderConfiguration {
  /** Addresses in the VPC at which every listener answers too; the first is where connections to targets come from. */
  readonly addresses: readonly string[];
  readonly listeners: readonly ForwarderListener[];
}

export interface TargetHealth extends ForwarderTarget {
  /** As Elastic Load Balancing has it: `initial` until the first checks are through. */
  readonly state: 'initial' | 'healthy' | 'unhealthy';
  /** `Target.Timeout`, `Target.FailedHealthChecks`, `Elb.RegistrationInProgress`. */
  readonly reason?: string;
}

/** What the process says of itself, in its state.json. */
export interface ForwarderState {
  /** The digest of the configuration that is in force. */
  readonly configuration: string;
  readonly targetHealth: readonly TargetHealth[];
  /** Why some address is not listened on. */
  readonly problem?: string;
}

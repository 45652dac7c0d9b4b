import type { Client } from '@keelson/client';
import type { ClusterKeys } from './cluster-keys.ts';

/** Everything that one cluster's control plane is started with. */
export interface ControlPlaneStart {
  readonly clusterName: string;
  /** Of the ControlPlane object: a cluster of the same name that is made later is another one. */
  readonly uid: string;
  readonly region: string;
  readonly minor: number;
  readonly keys: ClusterKeys;
  /** On the loopback address of this machine. */
  readonly port: number;
  readonly endpoint: string;
  /** Where nodes reach it. */
  readonly nodeEndpoint: string;
  readonly serviceCidr: string;
  readonly vpcId: string;
  /** Of its interfaces in the VPC. */
  readonly privateAddresses: readonly string[];
  readonly networkInterfaceIds: readonly string[];
  readonly issuer: string;
  readonly bootstrapAddons: boolean;
}

/** Where control planes run: a process for each, or this process in tests. All methods are idempotent. */
export interface ControlPlaneHost {
  /** A port that is free now and in none of `taken`. It is kept for the cluster from then on. */
  allocatePort(taken: ReadonlySet<number>): Promise<number>;
  /** Where nodes will reach a control plane with this port and these addresses in the VPC. */
  nodeEndpoint(port: number, privateAddresses: readonly string[]): string;
  /** Has the control plane run with these settings: one that runs with others is replaced. It may not be ready yet. */
  start(start: ControlPlaneStart): Promise<void>;
  /** Whether it answers /readyz with ok now. */
  ready(start: ControlPlaneStart): Promise<boolean>;
  /** Ends it and removes its store. Resolves also when there is none. */
  remove(clusterName: string): Promise<void>;
  /** An RSA key of 2048 bits as PEM, made ahead; absent where there is no hurry. */
  serviceAccountKey?(): Promise<string>;
  /** A client of it as the AWS side's administrator, or undefined when it does not run. */
  administrator(start: ControlPlaneStart): Client;
  /** Calls `listener` when a control plane has ended by itself. Returns what ends it. */
  onExit(listener: (clusterName: string) => void): () => void;
}

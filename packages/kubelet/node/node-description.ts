import type { Taint } from '@keelson/model/generated/types/core-v1.ts';

/** What a kubelet is told of the machine that it runs on. */
export interface NodeDescription {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Taints at registration. */
  readonly taints?: readonly Taint[];
  /** `aws:///ap-northeast-2a/i-…`. */
  readonly providerID?: string;
  readonly addresses: readonly NodeAddress[];
  /** By resource, as quantities: cpu, memory, ephemeral-storage, pods, … */
  readonly capacity: Readonly<Record<string, string>>;
  /** What is left for pods after what the system reserves. */
  readonly allocatable: Readonly<Record<string, string>>;
  readonly info: NodeInfo;
  /** The port of the kubelet's own server; 0 when it has none. */
  readonly port: number;
}

export interface NodeAddress {
  readonly type: 'InternalIP' | 'ExternalIP' | 'Hostname' | 'InternalDNS' | 'ExternalDNS';
  readonly address: string;
}

export interface NodeInfo {
  readonly machineID: string;
  readonly systemUUID: string;
  readonly bootID: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  /** `v1.36.0-eks-…`. */
  readonly kubeletVersion: string;
  readonly operatingSystem: string;
  readonly architecture: string;
}

import type { Node, NodeAddress } from '@keelson/model/generated/types/core-v1.ts';

/** What the cloud says of the instance behind a node. */
export interface InstanceMetadata {
  /** `aws:///ap-northeast-2a/i-0123456789abcdef0`. */
  readonly providerID: string;
  /** `t3.medium`. */
  readonly instanceType: string;
  readonly zone: string;
  readonly region: string;
  readonly addresses: readonly NodeAddress[];
  /** Further labels, which the node gets when it is initialized. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** The cloud that nodes run in. Each method rejects when the cloud cannot tell; nothing is deleted on a guess. */
export interface Instances {
  /** False only when the cloud is sure that there is no such instance any more. */
  exists(node: Node): Promise<boolean>;
  /** True for an instance that is stopped. */
  isShutDown(node: Node): Promise<boolean>;
  /** undefined when there is no such instance (yet). */
  metadata(node: Node): Promise<InstanceMetadata | undefined>;
}

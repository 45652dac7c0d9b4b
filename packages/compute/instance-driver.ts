import type { NodeImage } from '@keelson/model/region/images.ts';
import type { InstanceType } from '@keelson/model/region/instance-types.ts';
import type { NodeConfig } from '@keelson/model/region/node-config.ts';
import type { Instance, NetworkInterface } from '@keelson/model/region/object-types.ts';

/** An instance with everything around it that its machine is made from. */
export interface InstancePlan {
  readonly instance: Instance;
  /** Attached to it, by device index. */
  readonly interfaces: readonly NetworkInterface[];
  readonly type: InstanceType;
  /** Undefined when the image is none that nodes are launched from. */
  readonly image: NodeImage | undefined;
  /** The cluster that its user data tells it to join, if any. */
  readonly node: NodeConfig | undefined;
}

/**
 * What machines are made of. Each method is idempotent and rejects with what went wrong, in words for a status. A driver
 * keeps no record of what should be: that is the Instance objects' part; it can always tell what is.
 */
export interface InstanceDriver {
  /** Told in the instance's status. */
  readonly name: 'linux' | 'simulated';
  /** Resolves when the machine runs, or ran already. */
  start(plan: InstancePlan): Promise<void>;
  /** Resolves when nothing of it runs any more. Its disk stays. */
  stop(instanceId: string): Promise<void>;
  /** Stops it and removes its disk. Resolves also when there was none. */
  terminate(instanceId: string): Promise<void>;
  /** The ids of the machines that run now, of this region alone. */
  running(): Promise<readonly string[]>;
  /** Calls `listener` when a machine has ended that nobody asked to. Returns what ends it. */
  onExit(listener: (instanceId: string) => void): () => void;
  /** Lets go: what runs goes on where the driver can let it, and is found again by the next driver. */
  close(): Promise<void>;
}

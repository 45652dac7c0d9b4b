import type { World } from '@keelson/base';
import type { Client } from '@keelson/client';
import type { EventRecorder } from '@keelson/controller-kit';
import type { Node, Pod, Service } from '@keelson/model/generated/types/core-v1.ts';
import type { ImagePuller } from './images/image-puller.ts';
import type { NodeResolver } from './network/resolver-plan.ts';
import type { ObjectSource } from './object-source.ts';
import type { ResizeRefusal } from './pods/pod-allocation.ts';
import type { StatusWriter } from './pods/status-writer.ts';
import type { Prober } from './probes/prober.ts';
import type { Runtime, RuntimeCondition } from './runtime.ts';
import type { PodFiles } from './volumes/pod-files.ts';

/** What the parts of one kubelet share. */
export interface KubeletContext {
  readonly world: World;
  readonly client: Client;
  readonly runtime: Runtime;
  /** The scheme of container ids in statuses: `containerd`. */
  readonly runtimeScheme: string;
  readonly files: PodFiles;
  readonly recorder: EventRecorder;
  readonly images: ImagePuller;
  readonly objects: ObjectSource;
  readonly prober: Prober;
  readonly statuses: StatusWriter;
  readonly resolver: NodeResolver;
  readonly nodeName: string;
  /** The Kubernetes minor whose texts are used. */
  readonly minor: number;
  readonly logRoot: string;
  /** Under which cgroup pods have theirs: `/kubepods`. */
  readonly cgroupRoot: string;
  /** Why a pod of the node cannot have the resources that its spec says; undefined when it can. */
  resizeRefusal(pod: Pod): ResizeRefusal | undefined;
  /** The services that pods are told of by variables. */
  services(): readonly Service[];
  /** The node as the API has it, or as it will be registered. */
  node(): Node;
  hostAddresses(): readonly string[];
  networkStatus(): RuntimeCondition;
}

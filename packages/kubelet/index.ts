/**
 * The agent of one node: takes the pods that are bound to it through their states on a container runtime, keeps their
 * files, probes and statuses, and keeps the node's own objects. It decides nothing about where pods go, and it makes no
 * network: addresses come with the sandbox. The runtime for containerd is imported by its own path
 * (`@keelson/kubelet/runtimes/cri/cri-runtime.ts`), so that whoever simulates does not load gRPC.
 */
export { createKubelet, type Kubelet, type KubeletOptions } from './kubelet.ts';
export type { NodeResolver } from './network/resolver-plan.ts';
export { parseResolvConf } from './network/resolver-plan.ts';
export type { NodeAddress, NodeDescription, NodeInfo } from './node/node-description.ts';
export { ObjectSource } from './object-source.ts';
export { type PodSource, sharedPods, watchedPods } from './pods/pod-source.ts';
export type { ProbeOutcome, Prober, ProbeTarget } from './probes/prober.ts';
export * from './runtime.ts';
export { SimulatedProber } from './runtimes/simulated/simulated-prober.ts';
export {
  addressesFrom,
  type SimulatedAddresses,
  type SimulatedDelays,
  SimulatedRuntime,
  type SimulatedRuntimeOptions,
} from './runtimes/simulated/simulated-runtime.ts';
export type { KubeletListenOptions, KubeletServer } from './server/kubelet-server.ts';
export { DiskPodFiles } from './volumes/disk-pod-files.ts';
export { MemoryPodFiles } from './volumes/memory-pod-files.ts';
export type { HostPathType, PodFiles, VolumeFile, VolumePayload } from './volumes/pod-files.ts';

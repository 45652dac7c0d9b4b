/**
 * Gives pods nodes. Placement is pure: rules over a snapshot of the cluster that is held in columns of numbers; a thin
 * loop around it takes pods from a queue and binds them through the API. It starts no container, evicts only to make
 * room for a pod of higher priority, and never moves a pod that has a node.
 */
export { ClusterSnapshot } from './cluster-snapshot.ts';
export { defaultPlugins } from './default-plugins.ts';
export { failureMessage, nodesMessage } from './failure-message.ts';
export { type Placement, type PlacementFailure, Placer } from './placement.ts';
export { type PodFacts, podFacts } from './pod-facts.ts';
export { createScheduler, type Scheduler, type SchedulerOptions } from './scheduler.ts';

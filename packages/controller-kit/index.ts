/**
 * What every controller stands on: a queue of keys, the contract of a reconcile, the runner with its leader election,
 * Events, owners, conditions, and what all workloads say of pods. It writes no kind beyond Event and Lease, and decides
 * nothing about any other object.
 */
export * from './change-batches.ts';
export * from './claim.ts';
export * from './conditions.ts';
export * from './controller.ts';
export * from './event-broadcaster.ts';
export * from './event-recorder.ts';
export * from './expectations.ts';
export * from './int-or-percent.ts';
export * from './leader-election.ts';
export * from './owner-references.ts';
export * from './pod-from-template.ts';
export * from './pod-state.ts';
export * from './run-controllers.ts';
export * from './service-endpoints.ts';
export * from './slow-start.ts';
export * from './template-hash.ts';
export * from './terminating-namespace.ts';
export * from './token-bucket.ts';
export * from './work-queue.ts';

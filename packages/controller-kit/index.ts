/**
 * What every controller stands on: a queue of keys, the contract of a reconcile, the runner with its leader election,
 * Events, owners, conditions, and what all workloads say of and do with pods. It knows no kind beyond Event, Lease and
 * Pod: what wants pods, and how many, it is told.
 */
export * from './change-batches.ts';
export * from './claim.ts';
export * from './conditions.ts';
export * from './controller.ts';
export * from './controller-revisions.ts';
export * from './deletion-ranking.ts';
export * from './event-broadcaster.ts';
export * from './event-recorder.ts';
export * from './expectations.ts';
export * from './int-or-percent.ts';
export * from './leader-election.ts';
export * from './node-selector.ts';
export * from './owned-pods.ts';
export * from './owner-references.ts';
export * from './pod-from-template.ts';
export * from './pod-state.ts';
export * from './replica-controller.ts';
export * from './run-controllers.ts';
export * from './service-endpoints.ts';
export * from './slow-start.ts';
export * from './template-hash.ts';
export * from './terminating-namespace.ts';
export * from './token-bucket.ts';
export * from './work-queue.ts';

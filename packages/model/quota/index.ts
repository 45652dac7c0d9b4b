/**
 * What objects use of quotas: how each resource counts, which quotas it counts for, and whether a write fits. Pure; both
 * the admission of writes and the controller that counts anew read it here.
 */
export * from './check-write.ts';
export { type CountedWrite, countName, type Evaluator, type ScopeRequirement } from './evaluator.ts';
export { countedBy, evaluatorOf } from './evaluators.ts';
export * from './resource-list.ts';

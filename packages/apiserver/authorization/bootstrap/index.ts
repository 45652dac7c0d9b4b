/** The policy that every cluster starts with, as data, and how a stored policy is brought up to it. Writes nothing. */
export { autoUpdateAnnotation, bootstrapPolicy, nodeRules } from './bootstrap-policy.ts';
export { type PolicyStep, reconcilePolicy } from './reconcile-policy.ts';

/**
 * Who may do what: roles and bindings, nodes, grants that came with the user, system:masters; and the reviews that ask
 * it. Keeps its indexes in memory beside the server's cache, writes nothing, and never denies on its own.
 */
export * from './access-policy-authorizer.ts';
export * from './access-review.ts';
export * from './authorizer-chain.ts';
export * from './bootstrap/index.ts';
export { effectiveRules } from './cluster-role-aggregation.ts';
export type * from './contract.ts';
export * from './node-authorizer.ts';
export * from './node-identity.ts';
export { type PolicyRule, ruleAllows } from './policy-rule.ts';
export * from './rbac-authorizer.ts';
export { RbacIndex } from './rbac-index.ts';
export { reviewHandlers } from './review-handlers.ts';

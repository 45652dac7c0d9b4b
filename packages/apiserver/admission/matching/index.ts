/**
 * Which requests a webhook or an admission policy is for: rules, selectors, and the match policy, in one place for both.
 * Conditions in CEL are their own callers' to ask.
 */
export * from './match-request.ts';
export type { Rule, RuleAttributes } from './rule.ts';

/**
 * What packets may do, as pure plans: addresses of subnets, rules and routes. Planners return what should be; the
 * drivers in dataplanes/ make it so. Nothing here reads the machine's own network.
 */
export * from './ipv4.ts';
export * from './subnet-addresses.ts';
export * from './vpc-plan.ts';
export type { PlannedRoute, PlannedRule } from './vpc-routes.ts';

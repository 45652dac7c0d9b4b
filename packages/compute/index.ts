/**
 * Machines for instances: reconciles the region's Instance objects to what a driver runs. Drivers are `linux` (an
 * instance is a container with a containerd of its own) and `simulated` (a node without containers); which one is the
 * composition root's choice.
 */
export * from './instance-controller.ts';
export type * from './instance-driver.ts';
export * from './node-capacity.ts';
export * from './node-description.ts';
export * from './node-shutdown.ts';
export * from './simulated/simulated-instances.ts';

/** Kubernetes' own resources, each as the reference that a Client takes; one file for a group. */
export * from './admissionregistration.ts';
export * from './apps.ts';
export * from './authentication.ts';
export * from './authorization.ts';
export * from './autoscaling.ts';
export * from './batch.ts';
export * from './certificates.ts';
export * from './coordination.ts';
export * from './core.ts';
export * from './discovery.ts';
export * from './networking.ts';
export * from './node.ts';
export * from './policy.ts';
export * from './rbac.ts';
export * from './scheduling.ts';
export * from './storage.ts';

/**
 * What is looked at or filled in before a write is stored, beyond the kind's own validation: kube-apiserver's plug-ins by
 * their names. They read other objects in the server's memory alone, and ask nobody but the webhooks of configurations.
 */
export * from './cluster-gates.ts';
export * from './contract.ts';
export * from './default-plugins.ts';
export * from './default-toleration-seconds.ts';
export * from './namespace-lifecycle.ts';
export * from './node-restriction.ts';
export { defaultPodSecurity, PodSecurity, type PodSecurityConfiguration } from './pod-security/pod-security.ts';
export * from './priority.ts';
export * from './rbac-escalation-check.ts';
export * from './service-account.ts';
export * from './taint-nodes-by-condition.ts';

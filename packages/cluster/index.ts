/**
 * Puts a cluster together: its keys, its API server with EKS' ways in, its controllers and scheduler, its add-ons. A
 * control plane is a value: given a store and a world it runs in any process, on any clock. It starts no process and
 * opens no socket.
 */
export * from './cloud/aws-instances.ts';
export * from './cloud/aws-load-balancers.ts';
export * from './cluster-keys.ts';
export * from './control-plane.ts';
export * from './control-plane-controller.ts';
export type * from './control-plane-host.ts';
export type * from './eks-authentication/identity.ts';
export { createAuthority, issueCertificate, type KeyPair } from './pki/certificate.ts';

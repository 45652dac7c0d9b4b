/**
 * Who is asking: client certificates, callers inside the process, bearer tokens, and service account tokens, which are
 * also issued here. Decides nothing about what anyone may do; keeps no state but bounded caches; knows no cloud.
 */
export * from './authenticator-chain.ts';
export * from './bearer-token-authenticator.ts';
export * from './certificate-authenticator.ts';
export type * from './contract.ts';
export * from './in-process-authenticator.ts';
export * from './openid-configuration.ts';
export * from './request-authenticator.ts';
export * from './service-account-key.ts';
export * from './service-account-token-authenticator.ts';
export * from './token-request.ts';
export * from './token-review.ts';
export * from './token-subresource.ts';
export * from './well-known-users.ts';

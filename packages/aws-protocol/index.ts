/**
 * The AWS wire, server side: signatures (SigV4), the five protocols, and the facts of each service's API in tables.
 * Requests become inputs with the members' own names, outputs and errors become bytes. Knows no operation by name, keeps
 * no state, does no I/O; whose keys they are and what operations do is packages/aws.
 */
export * from './aws-error.ts';
export * from './eks-token.ts';
export * from './input-validation.ts';
export * from './protocol.ts';
export * from './protocols.ts';
export * from './query-form.ts';
export * from './service-table.ts';
export * from './sigv4/canonical-request.ts';
export * from './sigv4/sign.ts';
export * from './sigv4/signature.ts';
export * from './sigv4/signed-request.ts';
export * from './sigv4/verify.ts';
export * from './tables.ts';
export * from './timestamps.ts';

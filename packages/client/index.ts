/**
 * The API as components use it: a typed client over an HttpHandler or over TLS, and watch caches that stay current by
 * themselves. It decides nothing: what may be written is the server's business, what should be is a controller's.
 */
export * from './api-error.ts';
export * from './client.ts';
export * from './create-client.ts';
export type { Send } from './exchange.ts';
export * as kubernetesResources from './kubernetes-resources/index.ts';
export { type ChangeHandler, keyOf, splitKey } from './object-cache.ts';
export { type IndexFunction, ObjectIndex } from './object-index.ts';
export type { Selection } from './reflector.ts';
export { apiVersionOf } from './resource-client.ts';
export { type CacheSource, SharedCache, SharedCaches, type SharedCachesOptions } from './shared-caches.ts';
export { type TlsTransport, type TlsTransportOptions, tlsTransport } from './tls-transport.ts';

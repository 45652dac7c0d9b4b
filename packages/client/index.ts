/**
 * The API as components use it: a typed client over an HttpHandler or over TLS, and watch caches that stay current by
 * themselves. It decides nothing: what may be written is the server's business, what should be is a controller's.
 */
export * from './api-error.ts';
export * from './client.ts';

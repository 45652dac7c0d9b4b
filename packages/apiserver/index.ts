/**
 * A Kubernetes API server: a function from request to response over a store. It authenticates, authorises, admits,
 * validates and stores objects of the kinds that a catalogue names, and answers reads and watches from bytes in memory.
 *
 * It knows no kind by name: what is special about one is its Strategy, its hooks or a sub-resource's handler; only
 * custom-resources/ looks after CustomResourceDefinitions, which say what else is served. It starts no controllers, dials
 * nobody but kubelets through a connector that it is given and what its objects and settings name (webhooks, extension
 * servers, OpenID providers), and opens no sockets of its own: `listen` drives a handler. docs/request-flow.md follows one
 * request through it.
 */
export * from './admission/index.ts';
export * from './api-server.ts';
export * from './api-server-options.ts';
export * from './authentication/index.ts';
export * from './authorization/index.ts';
export type { ApiServerSettings } from './configuration/api-server-settings.ts';
export { type ConfiguredEncryption, configuredEncryption } from './configuration/configured-encryption.ts';
export { listenerSettings } from './configuration/listener-settings.ts';
export { readSettings } from './configuration/read-settings.ts';
export { ConfigurationError } from './configuration/shape.ts';
export { type Listener, type ListenerOptions, type ListenerTls, listen } from './listener/listen.ts';
export type { HealthCheck } from './observe/health.ts';
export { StatusError } from './request/status-error.ts';
export type { PendingWrite, Reservation, ResourceHooks } from './resources/resource-hooks.ts';
export { defaultNodePorts, ServiceHooks, type ServiceNetwork } from './services/service-hooks.ts';
export { ResourceCaches } from './storage/resource-caches.ts';
export { type WatchCacheLimits, watchCacheLimits } from './storage/watch-cache.ts';
export type { NodeConnector } from './subresources/node-connector.ts';
export type {
  ReviewHandler,
  SubresourceHandler,
  UpgradedConnection,
} from './subresources/subresource-handler.ts';
export * from './webhook/index.ts';

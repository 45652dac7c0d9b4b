/**
 * Revisions, keys and bytes. Knows nothing of Kubernetes; a driver is imported by its path, and only by the composition
 * root and tests.
 */
export { compareKeys, inRange } from './key-order.ts';
export * from './store.ts';

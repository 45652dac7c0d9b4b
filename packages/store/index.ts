/** Revisions, keys and bytes. Knows nothing of Kubernetes; a driver is named only by the composition root. */
export * from './store.ts';

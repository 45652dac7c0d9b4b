/**
 * An image registry for the nodes: the OCI distribution specification 1.1 over a content-addressed store on the disk,
 * with a cache in front of the public registries, so that every image is fetched once and nodes need no internet.
 * Images that were loaded from an archive are served under their own names without any network.
 *
 * It refuses: Docker's schema 1 manifests, credentials for upstreams (it fetches what is public), serving anything
 * whose digest it has not verified, and writes by anyone whom it was not told to let write.
 */
export * from './archive/archive-error.ts';
export { type LoadedImage, type LoadOptions, loadArchive } from './archive/load-archive.ts';
export * from './archive/write-layout.ts';
export * from './errors/registry-error.ts';
export * from './hosts-toml.ts';
export * from './listener.ts';
export * from './names/image-name.ts';
export * from './registry.ts';
export * from './server/access.ts';
export { ImageStore, type ImageStoreOptions, type StoredManifest } from './store/image-store.ts';
export * from './upstream/upstreams.ts';

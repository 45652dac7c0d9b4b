/** Media types of the OCI image specification and of Docker's image manifest version 2, schema 2. */
export const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
export const ociIndex = 'application/vnd.oci.image.index.v1+json';
export const ociConfig = 'application/vnd.oci.image.config.v1+json';
export const ociLayer = 'application/vnd.oci.image.layer.v1.tar';
export const ociLayerGzip = 'application/vnd.oci.image.layer.v1.tar+gzip';
export const ociLayerZstd = 'application/vnd.oci.image.layer.v1.tar+zstd';
export const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json';
export const dockerManifestList = 'application/vnd.docker.distribution.manifest.list.v2+json';

export const isManifestType = (type: string): boolean => type === ociManifest || type === dockerManifest;
export const isIndexType = (type: string): boolean => type === ociIndex || type === dockerManifestList;

/** What is asked of an upstream: everything that this registry can keep. */
export const acceptManifests = [ociIndex, ociManifest, dockerManifestList, dockerManifest].join(', ');

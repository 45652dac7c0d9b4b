/** Of this program. */
export const version = '0.1.0';

/** The image of pods' sandboxes. */
export const pauseImage = 'registry.k8s.io/pause:3.10';

/** The image that the networking add-ons run from. */
export const addonImage = `keelson.internal/node:${version}`;

/** Of this program. */
export const version = '0.1.0';

/** The image that the networking add-ons run from. */
export const addonImage = `keelson.internal/node:${version}`;

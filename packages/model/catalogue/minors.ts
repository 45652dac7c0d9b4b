/** The minors of Kubernetes 1 that Keelson serves. */
export const oldestMinor = 33;
export const newestMinor = 36;

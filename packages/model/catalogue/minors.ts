/**
 * The minors of Kubernetes 1 whose stable versions Keelson serves. Which of them a cluster can be created with is EKS' to
 * say. Types are those of 1.33 in all minors below it.
 */
export const oldestMinor = 24;
export const newestMinor = 36;

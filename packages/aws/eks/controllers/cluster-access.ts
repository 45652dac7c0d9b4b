import type { Client } from '@keelson/client';

/**
 * How EKS reaches into a cluster, as its own administrator: to see whether nodes have joined, to label and drain them,
 * to write aws-auth. Undefined while the cluster's control plane is not ready.
 */
export type ClusterAccess = (clusterName: string) => Promise<Client | undefined>;

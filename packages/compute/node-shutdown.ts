import { type Clock, rfc3339, sleep } from '@keelson/base';
import type { Client } from '@keelson/client';
import { nodes } from '@keelson/client/kubernetes-resources/index.ts';

/** How long a machine that shuts down waits for its cluster to hear of it, in milliseconds. */
const patience = 2_000;

/**
 * The last word of a node that shuts down as it should: it is not ready, so that nobody counts on it until its lease
 * has run out. Never rejects; a cluster that does not answer in time finds out by itself.
 */
export async function announceShutdown(cluster: Client, clock: Clock, nodeName: string): Promise<void> {
  const now = rfc3339(clock.now());
  const ready = {
    type: 'Ready',
    status: 'False',
    reason: 'KubeletNotReady',
    message: 'node is shutting down',
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  };
  const told = cluster
    .resource(nodes)
    .patch(nodeName, undefined, { status: { conditions: [ready] } }, { type: 'strategic', subresource: 'status' })
    .catch(() => {});
  await Promise.race([told, sleep(clock, patience)]);
}

import { type Client, hasReason, isNotFound } from '@keelson/client';
import { nodes, pods } from '@keelson/client/kubernetes-resources/index.ts';

/** How long a node is given to become empty before its pods are deleted against their budgets, as EKS does by force. */
export const drainLimit = 15 * 60_000;

/**
 * One step of draining: no new pods, and every pod that is not a DaemonSet's asked to leave through the eviction API.
 * Resolves to true when nothing is left that has to go. `force` deletes what disruption budgets hold back.
 */
export async function drainStep(cluster: Client, nodeName: string, force: boolean): Promise<boolean> {
  try {
    await cluster.resource(nodes).patch(nodeName, undefined, { spec: { unschedulable: true } }, { type: 'merge' });
  } catch (error) {
    if (isNotFound(error)) return true;
    throw error;
  }
  const { items } = await cluster.resource(pods).list({ fieldSelector: `spec.nodeName=${nodeName}` });
  const leaving = items.filter((pod) => {
    const finished = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    const daemon = pod.metadata?.ownerReferences?.some((owner) => owner.controller && owner.kind === 'DaemonSet');
    return !finished && !daemon && !pod.metadata?.annotations?.['kubernetes.io/config.mirror'];
  });
  for (const pod of leaving) {
    if (pod.metadata?.deletionTimestamp) continue;
    const { name, namespace } = pod.metadata as { name: string; namespace: string };
    try {
      if (force) await cluster.resource(pods).delete(name, namespace);
      else {
        const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } };
        await cluster.resource(pods).createSubresource(name, namespace, 'eviction', eviction);
      }
    } catch (error) {
      // A budget that allows no disruption now: the next step asks again.
      if (!isNotFound(error) && !hasReason(error, 'TooManyRequests')) throw error;
    }
  }
  return leaving.length === 0;
}

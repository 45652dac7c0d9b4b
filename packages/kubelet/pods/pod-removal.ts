import { isNotFound, kubernetesResources } from '@keelson/client';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import type { KubeletContext } from '../kubelet-context.ts';
import type { RuntimePod } from '../runtime.ts';
import { identityOf, logDirectory, podCgroup } from './sandbox-spec.ts';

/** Removes what a stopped pod left on the node. Everything in it must have ended. */
export async function removeRemains(pod: Pod, runtimePod: RuntimePod, context: KubeletContext): Promise<void> {
  const { runtime, files } = context;
  for (const { id } of runtimePod.containers) await runtime.removeContainer(id);
  for (const { id } of runtimePod.sandboxes) await runtime.removeSandbox(id);
  await files.removePod(runtimePod.uid);
  await files.removeLogs(logDirectory(identityOf(pod), context));
  await runtime.removeCgroup(podCgroup(pod, context));
}

/** Of the containers of one name that have ended, so many are kept: the one before the present one has its log read. */
const keptContainers = 2;

/** Removes ended containers that are older than the last two of their name, and sandboxes that hold none of the others. */
export async function pruneEnded(runtimePod: RuntimePod, { runtime, files }: KubeletContext): Promise<void> {
  const counts = new Map<string, number>();
  const kept = new Set<string>();
  for (const { id, name, state, sandboxId, logPath } of runtimePod.containers) {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    if (count <= keptContainers || state === 'running') kept.add(sandboxId);
    else {
      await runtime.removeContainer(id);
      await files.removeLogs(logPath);
    }
  }
  for (const { id, ready } of runtimePod.sandboxes.slice(1))
    if (!ready && !kept.has(id)) await runtime.removeSandbox(id);
}

/** Takes a pod that was deleted and has ended out of the API; one of another uid that has its name stays. */
export async function finalizeDeletion(pod: Pod, { client }: KubeletContext): Promise<void> {
  const { name = '', namespace, uid } = pod.metadata ?? {};
  try {
    const options = { gracePeriodSeconds: 0, preconditions: { uid } };
    await client.resource(kubernetesResources.pods).delete(name, namespace, options);
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown;
  }
}

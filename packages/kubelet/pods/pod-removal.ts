import { isNotFound, kubernetesResources } from '@keelson/client';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import type { KubeletContext } from '../kubelet-context.ts';
import type { RuntimePod } from '../runtime.ts';

/** Removes what a stopped pod left on the node. Everything in it must have ended. */
export async function removeRemains(runtimePod: RuntimePod, { runtime, files }: KubeletContext): Promise<void> {
  for (const { id } of runtimePod.containers) await runtime.removeContainer(id);
  for (const { id } of runtimePod.sandboxes) await runtime.removeSandbox(id);
  await files.removePod(runtimePod.uid);
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

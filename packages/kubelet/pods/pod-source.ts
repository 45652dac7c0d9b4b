import { kubernetesResources, type SharedCaches } from '@keelson/client';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';

/** Told of a pod of one node: new, changed, or gone (`now` is undefined, `before` its last state). */
export type PodHandler = (before: Pod | undefined, now: Pod | undefined) => void;

/** Where a kubelet learns which pods are its own. */
export interface PodSource {
  /** Calls `handler` for every pod that is bound to `nodeName`, now and later; the returned function ends it. */
  subscribe(nodeName: string, handler: PodHandler): () => void;
  /** Resolves when the pods that are there at first have been told. */
  synced(nodeName: string): Promise<void>;
}

/** A watch of one node's pods only: all that a node's credentials allow. */
export function watchedPods(caches: SharedCaches): PodSource {
  const cacheOf = (nodeName: string) =>
    caches.of(kubernetesResources.pods, { fieldSelector: `spec.nodeName=${nodeName}` });
  return {
    subscribe: (nodeName, handler) => cacheOf(nodeName).onChange(handler),
    synced: (nodeName) => cacheOf(nodeName).synced,
  };
}

/** One watch of all pods for many kubelets in one process: simulated nodes, by the thousand. */
export function sharedPods(caches: SharedCaches): PodSource {
  const cache = caches.of(kubernetesResources.pods);
  const byNode = new Map<string, Map<string, Pod>>();
  const handlers = new Map<string, PodHandler>();
  cache.onChange((before, now) => {
    const pod = (now ?? before)!;
    const nodeName = pod.spec?.nodeName;
    if (!nodeName) return;
    let pods = byNode.get(nodeName);
    if (pods === undefined) byNode.set(nodeName, (pods = new Map()));
    const key = `${pod.metadata?.namespace}/${pod.metadata?.name}`;
    const known = pods.get(key);
    if (now === undefined) pods.delete(key);
    else pods.set(key, now);
    if (pods.size === 0) byNode.delete(nodeName);
    handlers.get(nodeName)?.(known, now);
  });
  return {
    subscribe(nodeName, handler) {
      handlers.set(nodeName, handler);
      for (const pod of byNode.get(nodeName)?.values() ?? []) handler(undefined, pod);
      return () => handlers.delete(nodeName);
    },
    synced: () => cache.synced,
  };
}

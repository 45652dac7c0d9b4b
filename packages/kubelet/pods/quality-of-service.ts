import { parseQuantity } from '@keelson/model';
import type { Container, Pod } from '@keelson/model/generated/types/core-v1.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

/** Every container that takes part in a pod's resources. */
export function allContainers(pod: Pod): Container[] {
  return [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
}

/** The pod's class as Kubernetes tells it from cpu and memory: how soon it has to go when memory is short. */
export function qosClass(pod: Pod): QosClass {
  let any = false;
  let guaranteed = true;
  const lists = pod.spec?.resources ? [pod.spec.resources] : allContainers(pod).map(({ resources }) => resources ?? {});
  for (const { requests = {}, limits = {} } of lists) {
    for (const resource of ['cpu', 'memory']) {
      const request = positive(requests[resource]);
      const limit = positive(limits[resource]);
      if (request !== undefined || limit !== undefined) any = true;
      if (limit === undefined || (request ?? limit) !== limit) guaranteed = false;
    }
  }
  if (!any) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

/** The canonical text of a quantity that is not zero. */
function positive(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const quantity = parseQuantity(text);
  return quantity.nano > 0n ? quantity.nano.toString() : undefined;
}

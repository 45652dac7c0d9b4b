import { keyOf, kubernetesResources, type ResourceRef, type SharedCache, splitKey } from '@keelson/client';
import {
  type Controller,
  type ControllerContext,
  canonicalJson,
  controllerOf,
  isPodFinished,
} from '@keelson/controller-kit';
import type { ApiObject } from '@keelson/model';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import type { PodDisruptionBudget } from '@keelson/model/generated/types/policy-v1.ts';
import { selectorFromObject } from '@keelson/model/selectors/label-selector.ts';
import { budgetStatus, evictionPatience } from './status.ts';

const { deployments, podDisruptionBudgets, pods, replicaSets, replicationControllers, statefulSets } =
  kubernetesResources;

/** What says in spec.replicas how many pods it wants, of its own or through another of these. */
interface Scaled extends ApiObject {
  readonly spec?: { readonly replicas?: number };
}
const scaledKinds: readonly ResourceRef<Scaled>[] = [replicaSets, deployments, statefulSets, replicationControllers];

/** Counts for each PodDisruptionBudget how many of its pods may be evicted now. */
export class DisruptionController implements Controller {
  readonly name = 'disruption-controller';
  #context!: ControllerContext;
  #budgets!: SharedCache<PodDisruptionBudget>;
  #pods!: SharedCache<Pod>;
  /** The caches of what is scaled, by kind. */
  readonly #scaled = new Map<string, SharedCache<Scaled>>();

  start(context: ControllerContext): void {
    this.#context = context;
    this.#budgets = context.caches.of(podDisruptionBudgets);
    this.#pods = context.caches.of(pods);
    this.#budgets.onChange((_, now) => {
      if (now !== undefined) context.queue.add(keyOf(now));
    });
    this.#pods.onChange((before, now) => {
      for (const budget of this.#budgets.list((now ?? before)!.metadata?.namespace))
        if ([before, now].some((pod) => pod !== undefined && selects(budget, pod))) context.queue.add(keyOf(budget));
    });
    for (const ref of scaledKinds) {
      const cache = context.caches.of(ref);
      this.#scaled.set(ref.kind, cache);
      cache.onChange((before, now) => {
        if (before?.spec?.replicas === now?.spec?.replicas) return;
        for (const budget of this.#budgets.list((now ?? before)!.metadata?.namespace)) context.queue.add(keyOf(budget));
      });
    }
  }

  async reconcile(key: string): Promise<number | undefined> {
    const { namespace, name } = splitKey(key);
    const budget = this.#budgets.get(namespace, name);
    if (budget === undefined || budget.metadata?.deletionTimestamp !== undefined) return undefined;
    const selected = this.#pods.list(namespace).filter((pod) => selects(budget, pod) && !isPodFinished(pod));
    const status = budgetStatus(budget, selected, this.#expected(budget, selected), this.#context.world.clock.now());
    if (canonicalJson(status) !== canonicalJson(budget.status))
      await this.#context.client.resource(podDisruptionBudgets).updateStatus({ ...budget, status });
    return status.disruptedPods === undefined ? undefined : evictionPatience;
  }

  /** An absolute minAvailable counts the pods there are; everything else what their owners want. */
  #expected({ spec }: PodDisruptionBudget, selected: readonly Pod[]): number {
    if (spec?.maxUnavailable === undefined && typeof spec?.minAvailable === 'number') return selected.length;
    const scales = new Map<string, number>();
    let loose = 0;
    for (const pod of selected) {
      const owner = this.#scaleOf(pod);
      if (owner === undefined) loose++;
      else scales.set(owner.uid, owner.replicas);
    }
    return [...scales.values()].reduce((sum, replicas) => sum + replicas, loose);
  }

  /** What wants the pod, and how many of it: its owner, or (of a ReplicaSet) the owner of that. */
  #scaleOf(pod: Pod): { readonly uid: string; readonly replicas: number } | undefined {
    const owner = this.#scaledOwner(pod);
    const wanting = owner && (this.#scaledOwner(owner) ?? owner);
    return wanting && { uid: wanting.metadata!.uid!, replicas: wanting.spec?.replicas ?? 1 };
  }

  #scaledOwner(object: ApiObject): Scaled | undefined {
    const reference = controllerOf(object);
    const owner = reference && this.#scaled.get(reference.kind)?.get(object.metadata?.namespace, reference.name);
    return owner?.metadata?.uid === reference?.uid ? owner : undefined;
  }
}

/** A budget without a selector selects nothing, one with an empty selector everything (policy/v1). */
function selects({ spec }: PodDisruptionBudget, pod: Pod): boolean {
  return spec?.selector !== undefined && selectorFromObject(spec.selector).matches(pod.metadata?.labels);
}

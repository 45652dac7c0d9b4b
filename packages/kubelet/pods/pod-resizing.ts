import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import { nodeMemory } from '../containers/resource-limits.ts';
import { RunningLimits } from '../containers/running-limits.ts';
import type { KubeletContext } from '../kubelet-context.ts';
import type { RuntimeContainer, RuntimePod } from '../runtime.ts';
import { PodAllocation, type ResizeRefusal } from './pod-allocation.ts';

/** What keeps a pod from having the resources that its spec says. */
export interface ResizeOutcome {
  readonly refusal: ResizeRefusal | undefined;
  readonly error: string | undefined;
}

/** One pod's resources while it runs: what the node gives it of what it should have, and that its containers have that. */
export class PodResizing {
  readonly #context: KubeletContext;
  readonly #allocation: PodAllocation;
  readonly #limits: RunningLimits;
  #error: string | undefined;

  constructor(pod: Pod, context: KubeletContext) {
    this.#context = context;
    this.#allocation = new PodAllocation(pod);
    this.#limits = new RunningLimits(context.runtime);
  }

  get outcome(): ResizeOutcome {
    return { refusal: this.#allocation.refusal, error: this.#error };
  }

  /** The pod with the resources that it has been given. */
  applied(pod: Pod): Pod {
    return this.#allocation.applied(pod);
  }

  /** Gives the pod the resources that its spec says, if the node has them. Returns it with those that it has then. */
  allocated(pod: Pod): Pod {
    this.#allocation.reconsider(pod, (wanted) => this.#context.resizeRefusal(wanted));
    return this.#allocation.applied(pod);
  }

  /** Holds running containers to what they have been given. True when one had to be stopped for that. */
  async hold(
    pod: Pod,
    runtimePod: RuntimePod,
    stop: (container: RuntimeContainer, message: string) => Promise<void>,
  ): Promise<boolean> {
    const { restart, error } = await this.#limits.hold(pod, runtimePod, nodeMemory(this.#context.node()));
    this.#error = error;
    for (const container of restart) await stop(container, `Container ${container.name} resize requires restart`);
    return restart.length > 0;
  }
}

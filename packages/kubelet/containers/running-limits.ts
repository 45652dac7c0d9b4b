import type { Container, Pod } from '@keelson/model/generated/types/core-v1.ts';
import { resizable } from '../pods/pod-allocation.ts';
import { newestContainer } from '../pods/pod-plan.ts';
import { type ResourceSpec, type Runtime, type RuntimeContainer, type RuntimePod, runtimeMessage } from '../runtime.ts';
import { resourceLimits } from './resource-limits.ts';

/** The annotation under which a container keeps the limits that it was made with. */
export const limitsAnnotation = 'io.keelson.container.limits';

/** What came of holding running containers to their limits. */
export interface LimitsOutcome {
  /** Containers that only get other limits by being started again. */
  readonly restart: readonly RuntimeContainer[];
  /** Why a container has not its limits. */
  readonly error: string | undefined;
}

/**
 * Holds the containers of one pod that run to the limits that the pod has now (CRI UpdateContainerResources). The runtime
 * remembers what a container was made with; what was changed since is known only to the kubelet that did it, and is
 * said again by the next one.
 */
export class RunningLimits {
  readonly #runtime: Runtime;
  readonly #applied = new Map<string, string>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** @param nodeMemory in bytes */
  async hold(pod: Pod, runtimePod: RuntimePod, nodeMemory: number): Promise<LimitsOutcome> {
    const restart: RuntimeContainer[] = [];
    let error: string | undefined;
    for (const container of resizable(pod)) {
      const running = newestContainer(runtimePod, container.name);
      if (running?.state !== 'running') continue;
      const wanted = resourceLimits(pod, container, nodeMemory);
      const has = this.#applied.get(running.id) ?? running.annotations[limitsAnnotation];
      if (has === undefined || has === JSON.stringify(wanted)) continue;
      if (needsRestart(container, JSON.parse(has), wanted)) restart.push(running);
      else error ??= await this.#update(running, wanted);
    }
    this.#forget(runtimePod);
    return { restart, error };
  }

  async #update({ id, name }: RuntimeContainer, wanted: ResourceSpec): Promise<string | undefined> {
    try {
      await this.#runtime.updateContainer(id, wanted);
      this.#applied.set(id, JSON.stringify(wanted));
      return undefined;
    } catch (thrown) {
      return `failed to resize container ${name}: ${runtimeMessage(thrown)}`;
    }
  }

  #forget({ containers }: RuntimePod): void {
    for (const id of this.#applied.keys())
      if (!containers.some((container) => container.id === id)) this.#applied.delete(id);
  }
}

function needsRestart({ resizePolicy = [] }: Container, has: ResourceSpec, wanted: ResourceSpec): boolean {
  const restarts = (resource: string) =>
    resizePolicy.some(
      ({ resourceName, restartPolicy }) => resourceName === resource && restartPolicy === 'RestartContainer',
    );
  const cpu = has.cpuQuota !== wanted.cpuQuota || has.cpuShares !== wanted.cpuShares;
  return (cpu && restarts('cpu')) || (has.memoryLimit !== wanted.memoryLimit && restarts('memory'));
}

import { messageOf, rfc3339, type World } from '@keelson/base';
import { type Client, isNotFound, kubernetesResources, type ResourceClient } from '@keelson/client';
import { conditionOf, type EventRecorder } from '@keelson/controller-kit';
import type { ApiObject } from '@keelson/model';
import type { Pod, PodCondition } from '@keelson/model/generated/types/core-v1.ts';
import type { PodFacts } from './pod-facts.ts';
import type { Preemption } from './preemption.ts';

/** Where a pod could not be placed, and what to tell its owner. */
export interface FailureReport {
  readonly reason: 'Unschedulable' | 'SchedulerError';
  readonly message: string;
  /** The node on which room is being made; '' takes a former promise back, undefined leaves it. */
  readonly nominatedNode?: string;
}

/** What the scheduler writes: bindings, conditions, Events, and the end of those who have to make room. */
export class PlacementWriter {
  readonly #pods: ResourceClient<Pod>;
  readonly #world: World;
  readonly #recorder: EventRecorder;

  constructor(client: Client, world: World, recorder: EventRecorder) {
    this.#pods = client.resource(kubernetesResources.pods);
    this.#world = world;
    this.#recorder = recorder;
  }

  /** Binds `pod` to `node` and says so. Rejects when the API server refuses. */
  async bind(pod: Pod, node: string): Promise<void> {
    const { name, namespace, uid } = pod.metadata!;
    const binding: ApiObject = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace, uid },
      target: { apiVersion: 'v1', kind: 'Node', name: node },
    };
    await this.#pods.createSubresource(name!, namespace, 'binding', binding);
    this.#recorder.event(
      { ...pod, apiVersion: 'v1', kind: 'Pod' },
      'Normal',
      'Scheduled',
      `Successfully assigned ${namespace}/${name} to ${node}`,
    );
  }

  /** Sets the PodScheduled condition and records the Event. Does not reject: the pod is tried again anyway. */
  async report(pod: Pod, { reason, message, nominatedNode }: FailureReport): Promise<void> {
    this.#recorder.event({ ...pod, apiVersion: 'v1', kind: 'Pod' }, 'Warning', 'FailedScheduling', message);
    const present = conditionOf(pod.status?.conditions, 'PodScheduled');
    const told = present?.status === 'False' && present.reason === reason && present.message === message;
    const renominated = nominatedNode !== undefined && nominatedNode !== (pod.status?.nominatedNodeName ?? '');
    if (told && !renominated) return;
    const condition = this.#condition(pod, 'PodScheduled', 'False', reason, message);
    if (present?.status === 'False' && present.lastTransitionTime)
      condition.lastTransitionTime = present.lastTransitionTime;
    const nomination = renominated ? { nominatedNodeName: nominatedNode || null } : {};
    await this.#patchStatus(pod, { conditions: [condition], ...nomination });
  }

  /** Makes the victims of `preemption` leave. Rejects when one of them could not be told. */
  async evict(preemptor: Pod, preemption: Preemption, objectOf: (victim: PodFacts) => Pod | undefined): Promise<void> {
    for (const facts of preemption.victims) {
      const victim = objectOf(facts);
      if (victim === undefined || victim.metadata?.deletionTimestamp !== undefined) continue;
      const message = `${preemptor.spec?.schedulerName}: preempting to accommodate a higher priority pod`;
      const condition = this.#condition(victim, 'DisruptionTarget', 'True', 'PreemptionByScheduler', message);
      await this.#patchStatus(victim, { conditions: [condition] });
      try {
        const { name, namespace, uid } = victim.metadata!;
        await this.#pods.delete(name!, namespace, { preconditions: { uid } });
      } catch (thrown) {
        if (!isNotFound(thrown)) throw thrown;
      }
      this.#recorder.event(
        { ...victim, apiVersion: 'v1', kind: 'Pod' },
        'Normal',
        'Preempted',
        `Preempted by pod ${preemptor.metadata?.uid} on node ${preemption.node}`,
      );
    }
  }

  async #patchStatus(pod: Pod, status: object): Promise<void> {
    const { name, namespace, uid } = pod.metadata!;
    try {
      await this.#pods.patch(
        name!,
        namespace,
        { metadata: { uid }, status },
        { type: 'strategic', subresource: 'status' },
      );
    } catch (thrown) {
      if (!isNotFound(thrown))
        this.#world.log.warn('a pod status was not written', { namespace, name, error: messageOf(thrown) });
    }
  }

  #condition(pod: Pod, type: string, status: string, reason: string, message: string): PodCondition {
    const { generation } = pod.metadata!;
    return {
      type,
      status,
      reason,
      message,
      lastTransitionTime: rfc3339(this.#world.clock.now()),
      ...(generation !== undefined && { observedGeneration: generation }),
    };
  }
}

import { messageOf, sleep, type World } from '@keelson/base';
import { type CacheSource, type Client, isNotFound, kubernetesResources } from '@keelson/client';
import type { EventRecorder } from '@keelson/controller-kit';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import { ClusterSnapshot } from './cluster-snapshot.ts';
import { type ClusterState, watchCluster } from './cluster-watch.ts';
import { defaultPlugins } from './default-plugins.ts';
import { failureMessage } from './failure-message.ts';
import { NominatedPods } from './nominations.ts';
import { type PlacementFailure, Placer } from './placement.ts';
import { PlacementWriter } from './placement-writer.ts';
import type { PodFacts } from './pod-facts.ts';
import { planPreemption } from './preemption.ts';
import { type QueuedPod, SchedulingQueue } from './scheduling-queue.ts';
import { SiblingSelectors } from './sibling-selectors.ts';

export interface SchedulerOptions {
  readonly client: Client;
  readonly caches: CacheSource;
  readonly world: World;
  /** Names the scheduler (`default-scheduler`) as the source of its Events. */
  readonly recorder: EventRecorder;
  /** Pods that name another scheduler are left alone. Default `default-scheduler`. */
  readonly schedulerName?: string;
  /** The Kubernetes minor whose texts are used. Default 36. */
  readonly minor?: number;
  /** So many writes may be under way at once; placement waits when there are more. Default 64. */
  readonly writesAtOnce?: number;
}

/** A scheduler that runs from `start` to `stop`. */
export interface Scheduler {
  /** Resolves when the cluster is known and placement has begun, or `stop` was called. */
  start(): Promise<void>;
  /** Places nothing more; resolves when the writes under way have ended. */
  stop(): Promise<void>;
}

const discoveryRetry = 1_000;

/** Gives pods nodes: decides from its own snapshot, one pod after the other, and binds through the API. */
export function createScheduler(options: SchedulerOptions): Scheduler {
  return new SchedulingLoop(options);
}

class SchedulingLoop implements Scheduler {
  readonly #options: SchedulerOptions;
  readonly #state: ClusterState;
  readonly #placer: Placer;
  readonly #writer: PlacementWriter;
  readonly #minor: number;
  readonly #writesAtOnce: number;
  readonly #writes = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #wake: () => void = () => {};
  #endWatch: () => void = () => {};
  #running: Promise<void> = Promise.resolve();

  constructor(options: SchedulerOptions) {
    const { client, world, recorder } = options;
    this.#options = options;
    this.#minor = options.minor ?? 36;
    this.#writesAtOnce = options.writesAtOnce ?? 64;
    const siblings = new SiblingSelectors();
    this.#state = {
      snapshot: new ClusterSnapshot(),
      queue: new SchedulingQueue(world.clock, () => this.#wake()),
      nominated: new NominatedPods(),
      siblings,
      budgets: new Map(),
      schedulerName: options.schedulerName ?? 'default-scheduler',
    };
    this.#placer = new Placer(
      defaultPlugins(this.#minor, (pod) => siblings.siblingsOf(pod)),
      world.random,
    );
    this.#writer = new PlacementWriter(client, world, recorder);
  }

  async start(): Promise<void> {
    const { client, caches, world } = this.#options;
    while (!this.#stop.signal.aborted) {
      try {
        this.#endWatch = await watchCluster(client, caches, this.#state);
        break;
      } catch (thrown) {
        world.log.warn('the API server does not say what it serves', { error: messageOf(thrown) });
        await sleep(world.clock, discoveryRetry, this.#stop.signal);
      }
    }
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#endWatch();
    this.#state.queue.close();
    this.#wake();
    await this.#running;
    await Promise.allSettled([...this.#writes]);
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      if (this.#writes.size >= this.#writesAtOnce) await Promise.race(this.#writes);
      const next = this.#state.queue.take();
      if (next !== undefined) this.#schedule(next);
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  #schedule(queued: QueuedPod): void {
    const { snapshot, nominated } = this.#state;
    const { pod, facts } = queued;
    const promised = snapshot.table.slotOf(nominated.nodeOf(facts.key));
    if (promised !== undefined && this.#placer.fits(facts, snapshot, promised)) {
      this.#assign(pod, facts, snapshot.table.names[promised]!);
      return;
    }
    const placement = this.#placer.place(facts, snapshot, nominated);
    if (placement.node !== undefined) this.#assign(pod, facts, placement.node);
    else this.#refuse(pod, facts, placement.failure);
  }

  #assign(pod: Pod, facts: PodFacts, node: string): void {
    const { snapshot, queue, nominated } = this.#state;
    const assumed: PodFacts = { ...facts, nodeName: node };
    snapshot.setPod(assumed);
    nominated.remove(facts.key);
    const bind = async (): Promise<void> => {
      try {
        await this.#writer.bind(pod, node);
      } catch (thrown) {
        // A watch event may have told of the pod's true place in the meantime.
        if (snapshot.pod(facts.key) === assumed) {
          snapshot.removePod(facts.key);
          queue.happened('podGone');
        }
        if (isNotFound(thrown)) return;
        const message = `binding rejected: running Bind plugin "DefaultBinder": ${messageOf(thrown)}`;
        await this.#writer.report(pod, { reason: 'SchedulerError', message });
        queue.failed(facts.key);
      }
    };
    this.#write(bind());
  }

  #refuse(pod: Pod, facts: PodFacts, failure: PlacementFailure): void {
    const { snapshot, queue, nominated, budgets } = this.#state;
    const before = nominated.nodeOf(facts.key);
    const outcome =
      failure.nodeCount === 0
        ? { plan: undefined, message: '' }
        : planPreemption(facts, before, failure, snapshot, this.#placer, [...budgets.values()]);
    queue.refused(facts.key, failure.plugins);
    if (outcome.plan === undefined) {
      const message = failureMessage(failure, outcome.message, this.#minor);
      this.#write(this.#writer.report(pod, { reason: 'Unschedulable', message }));
      return;
    }
    const { plan } = outcome;
    nominated.set(facts, plan.node);
    const message = failureMessage(failure, '', this.#minor);
    const cache = this.#options.caches.of(kubernetesResources.pods);
    const makeRoom = async (): Promise<void> => {
      await this.#writer.report(pod, { reason: 'Unschedulable', message, nominatedNode: plan.node });
      try {
        await this.#writer.evict(pod, plan, (victim) => cache.get(victim.namespace, victim.name));
      } catch (thrown) {
        this.#options.world.log.warn('a pod could not be preempted', { pod: facts.key, error: messageOf(thrown) });
        nominated.remove(facts.key);
        queue.happened('podGone');
      }
    };
    this.#write(makeRoom());
  }

  #write(writing: Promise<void>): void {
    const ended = writing
      .catch((thrown) => this.#options.world.log.error('scheduling failed', { error: messageOf(thrown) }))
      .finally(() => this.#writes.delete(ended));
    this.#writes.add(ended);
  }
}

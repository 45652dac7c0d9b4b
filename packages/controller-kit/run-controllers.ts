import { setMaxListeners } from 'node:events';
import { messageOf, type World } from '@keelson/base';
import {
  type CacheSource,
  type Client,
  isConflict,
  isNotFound,
  type ResourceRef,
  type Selection,
  type SharedCache,
  SharedCaches,
} from '@keelson/client';
import type { ApiObject } from '@keelson/model';
import type { Controller, ControllerContext } from './controller.ts';
import { EventBroadcaster } from './event-broadcaster.ts';
import { type LeaderElection, runElected } from './leader-election.ts';
import { WorkQueue } from './work-queue.ts';

export interface RunControllersOptions {
  /** Each is called for every term of leadership, so that no state outlives one. */
  readonly controllers: readonly (() => Controller)[];
  readonly client: Client;
  readonly world: World;
  /** Whose client a controller writes with, by its name; `client` when absent. */
  readonly clientFor?: (name: string) => Client;
  /** Runs the controllers only while this process holds the Lease. Absent: at once, for processes that are alone. */
  readonly leaderElection?: LeaderElection;
  /** Passed on to SharedCaches. */
  readonly freeze?: boolean;
  /** Where Events say that they were written: `source.host`. */
  readonly host?: string;
}

export interface RunningControllers {
  /** Ends everything; resolves when no reconcile is under way any more. */
  stop(): Promise<void>;
  /** Resolves when the controllers of the first term have synced their caches and work. */
  readonly started: Promise<void>;
  /** True when no controller has a key that is ready or being worked on; for tests that wait for rest. */
  idle(): boolean;
}

/** Runs controllers over one set of caches until they are stopped. */
export function runControllers(options: RunControllersOptions): RunningControllers {
  const stop = new AbortController();
  let queues: readonly WorkQueue[] = [];
  let begun: () => void = () => {};
  const started = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const term = (signal: AbortSignal) =>
    runTerm(options, signal, (running) => {
      queues = running;
      begun();
    });
  const finished = options.leaderElection
    ? runElected({ ...options.leaderElection, client: options.client, world: options.world }, stop.signal, term)
    : term(stop.signal);
  return {
    started,
    idle: () => queues.every((queue) => queue.idle),
    stop: async () => {
      stop.abort();
      await finished;
      begun();
    },
  };
}

interface Member {
  readonly controller: Controller;
  readonly queue: WorkQueue;
  readonly context: ControllerContext;
  /** The caches that it asked for: what it has to wait for, whatever others ask for. */
  readonly caches: RecordedCaches;
}

class RecordedCaches implements CacheSource {
  readonly #source: CacheSource;
  readonly #asked = new Set<Promise<void>>();

  constructor(source: CacheSource) {
    this.#source = source;
  }

  of<T extends ApiObject>(ref: ResourceRef<T>, selection?: Selection): SharedCache<T> {
    const cache = this.#source.of(ref, selection);
    this.#asked.add(cache.synced);
    return cache;
  }

  drop(ref: ResourceRef, selection?: Selection): void {
    this.#source.drop(ref, selection);
  }

  async synced(): Promise<void> {
    await Promise.all(this.#asked);
  }
}

async function runTerm(
  options: RunControllersOptions,
  signal: AbortSignal,
  running: (queues: readonly WorkQueue[]) => void,
): Promise<void> {
  const { world, client } = options;
  setMaxListeners(0, signal);
  const caches = new SharedCaches({ client, world, freeze: options.freeze });
  const events = new EventBroadcaster({ client, world, host: options.host });
  const members = options.controllers.map((make): Member => {
    const controller = make();
    const queue = new WorkQueue({ clock: world.clock });
    const recorded = new RecordedCaches(caches);
    const context: ControllerContext = {
      client: options.clientFor?.(controller.name) ?? client,
      caches: recorded,
      world: { ...world, log: world.log.with({ controller: controller.name }) },
      recorder: events.recorder(controller.name),
      queue,
      signal,
    };
    return { controller, queue, context, caches: recorded };
  });
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const ready = members.map((member) => begin(member, aborted));
  void Promise.all(ready).then(() => running(members.map(({ queue }) => queue)));
  await aborted;
  for (const { queue } of members) queue.close();
  await Promise.all((await Promise.all(ready)).flat());
  for (const { controller } of members) await controller.stop?.();
  caches.stop();
  await events.stop();
}

/** Starts one controller and, once its caches are there, its workers; resolves to them as promises of their ends. */
async function begin({ controller, queue, context, caches }: Member, aborted: Promise<void>): Promise<Promise<void>[]> {
  try {
    await controller.start(context);
  } catch (thrown) {
    context.world.log.error('a controller did not start', { error: messageOf(thrown) });
    return [];
  }
  await Promise.race([caches.synced(), aborted]);
  return Array.from({ length: controller.workers ?? 5 }, () => work(controller, queue, context));
}

async function work(controller: Controller, queue: WorkQueue, context: ControllerContext): Promise<void> {
  for (;;) {
    const key = await queue.take();
    if (key === undefined) return;
    try {
      const again = await controller.reconcile(key);
      queue.forget(key);
      if (typeof again === 'number') queue.addAfter(key, again);
    } catch (thrown) {
      if (!context.signal.aborted) {
        // Conflicts are the ordinary way of learning that the cache was behind.
        const level = isConflict(thrown) || isNotFound(thrown) ? 'debug' : 'warn';
        context.world.log[level]('a reconcile failed', { key, error: messageOf(thrown) });
        queue.addRateLimited(key);
      }
    } finally {
      queue.done(key);
    }
  }
}

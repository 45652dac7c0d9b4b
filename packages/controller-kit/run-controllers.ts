import { messageOf, type World } from '@keelson/base';
import { type Client, isConflict, isNotFound, SharedCaches } from '@keelson/client';
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

async function runTerm(
  options: RunControllersOptions,
  signal: AbortSignal,
  running: (queues: readonly WorkQueue[]) => void,
): Promise<void> {
  const { world, client } = options;
  const caches = new SharedCaches({ client, world, freeze: options.freeze });
  const events = new EventBroadcaster({ client, world, host: options.host });
  const members = options.controllers.map((make) => {
    const controller = make();
    const queue = new WorkQueue({ clock: world.clock });
    const context: ControllerContext = {
      client: options.clientFor?.(controller.name) ?? client,
      caches,
      world: { ...world, log: world.log.with({ controller: controller.name }) },
      recorder: events.recorder(controller.name),
      queue,
      signal,
    };
    return { controller, queue, context };
  });
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  for (const { controller, context } of members) {
    try {
      await controller.start(context);
    } catch (thrown) {
      context.world.log.error('a controller did not start', { error: messageOf(thrown) });
    }
  }
  await Promise.race([caches.synced(), aborted]);
  const loops = members.flatMap(({ controller, queue, context }) =>
    Array.from({ length: controller.workers ?? 5 }, () => work(controller, queue, context)),
  );
  running(members.map(({ queue }) => queue));
  await aborted;
  for (const { queue } of members) queue.close();
  await Promise.all(loops);
  for (const { controller } of members) await controller.stop?.();
  caches.stop();
  await events.stop();
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

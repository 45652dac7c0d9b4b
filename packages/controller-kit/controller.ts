import type { World } from '@keelson/base';
import type { CacheSource, Client } from '@keelson/client';
import type { EventRecorder } from './event-recorder.ts';
import type { WorkQueue } from './work-queue.ts';

/** What a controller is given. It reaches for nothing else. */
export interface ControllerContext {
  readonly client: Client;
  /** Shared by all controllers of the process. */
  readonly caches: CacheSource;
  readonly world: World;
  /** Writes Events that name this controller as their source. */
  readonly recorder: EventRecorder;
  /** The keys of this controller; a key is whatever its `reconcile` understands, mostly `namespace/name`. */
  readonly queue: WorkQueue;
  /** Aborts when the controller has to end. */
  readonly signal: AbortSignal;
}

/**
 * A loop that makes the world what one kind of object says. Everything that it decides, it decides in `reconcile`, from
 * what is at that time; the events only say which key needs a look.
 */
export interface Controller {
  /** As the upstream controller calls itself in Events: `deployment-controller`. */
  readonly name: string;
  /** How many keys are worked on at a time. Default 5. */
  readonly workers?: number;
  /**
   * Asks for its caches and registers what adds keys to the queue. No reconcile comes before the caches that were asked
   * for here have synced.
   */
  start(context: ControllerContext): void | Promise<void>;
  /**
   * Brings one key a step closer to what should be. Must be idempotent. When it rejects, the key comes again later and
   * later; when it resolves to a number, in so many milliseconds.
   */
  reconcile(key: string): Promise<number | undefined>;
  /** Ends what `start` began beyond queue and caches. */
  stop?(): void | Promise<void>;
}

import { type BackoffPolicy, backoffDelay, jitter, messageOf, sleep, type World } from '@keelson/base';
import type { ApiObject } from '@keelson/model';
import { ApiError, isExpired } from './api-error.ts';
import type { Client, ResourceRef } from './client.ts';
import type { ObjectCache } from './object-cache.ts';

/** Which objects of a resource; all of them when nothing is set. */
export interface Selection {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

const backoff: BackoffPolicy = { initial: 800, longest: 30_000 };
/** A watch that ends sooner than this, in milliseconds, without having said anything counts as a failure. */
const shortWatch = 1000;
const pageSize = 500;

/**
 * Keeps a cache the same as the server: lists, watches from the list's revision, goes on from the last revision it saw
 * when a watch ends or the server is away, and lists again only when that revision is gone.
 */
export class Reflector<T extends ApiObject> {
  readonly #client: Client;
  readonly #ref: ResourceRef<T>;
  readonly #selection: Selection;
  readonly #cache: ObjectCache<T>;
  readonly #world: World;
  readonly #listed: () => void;
  #revision = '';
  #failures = 0;

  /** `listed` is called each time the cache has become what a list said. */
  constructor(
    from: { readonly client: Client; readonly ref: ResourceRef<T>; readonly selection: Selection },
    cache: ObjectCache<T>,
    world: World,
    listed: () => void,
  ) {
    this.#client = from.client;
    this.#ref = from.ref;
    this.#selection = from.selection;
    this.#cache = cache;
    this.#world = world;
    this.#listed = listed;
  }

  /** The revision up to which the cache is current; '' before the first list. */
  get revision(): string {
    return this.#revision;
  }

  /** Runs until `signal` aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#revision === '') await this.#list(signal);
        else await this.#watch(signal);
      } catch (thrown) {
        if (signal.aborted) return;
        this.#lost(thrown);
      }
      if (this.#failures > 0) {
        const delay = jitter(this.#world.random, backoffDelay(backoff, this.#failures), 1);
        await sleep(this.#world.clock, delay, signal);
      }
    }
  }

  /** What a failure means for the next turn: whether to go on from the same revision or to list again. */
  #lost(thrown: unknown): void {
    this.#failures++;
    const refused = thrown instanceof ApiError;
    // The server went back in time (a restored store): what it calls the future, it may never reach.
    const ahead = refused && thrown.details?.causes?.some((cause) => cause.reason === 'ResourceVersionTooLarge');
    if (isExpired(thrown)) {
      this.#revision = '';
      this.#failures = Math.max(this.#failures - 1, 0);
    } else if (ahead || (refused && thrown.code < 500 && thrown.code !== 429)) this.#revision = '';
    this.#world.log.warn('a watch cache lost its server', {
      resource: this.#ref.resource,
      group: this.#ref.group,
      failures: this.#failures,
      error: messageOf(thrown),
    });
  }

  async #list(signal: AbortSignal): Promise<void> {
    const resource = this.#client.resource(this.#ref);
    const items: T[] = [];
    let from: string | undefined;
    let revision = '';
    do {
      const page = await resource.list({ ...this.#selection, limit: pageSize, continue: from });
      if (signal.aborted) return;
      for (const item of page.items) items.push(item);
      revision = page.metadata?.resourceVersion ?? '';
      from = page.metadata?.continue;
    } while (from);
    if (revision === '') throw new Error('the server sent a list without a resourceVersion');
    this.#cache.replace(items);
    this.#revision = revision;
    this.#failures = 0;
    this.#listed();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const begun = this.#world.clock.monotonic();
    let heard = false;
    const options = { ...this.#selection, resourceVersion: this.#revision, signal };
    for await (const event of this.#client.resource(this.#ref).watch(options)) {
      if (signal.aborted) return;
      heard = true;
      this.#failures = 0;
      const object = event.object;
      if (event.type === 'ADDED' || event.type === 'MODIFIED') this.#cache.set(object);
      else if (event.type === 'DELETED') this.#cache.remove(object);
      this.#revision = object.metadata?.resourceVersion ?? this.#revision;
    }
    if (!heard && this.#world.clock.monotonic() - begun < shortWatch) this.#failures++;
    else this.#failures = 0;
  }
}

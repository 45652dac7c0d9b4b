import type { ServiceError } from '@grpc/grpc-js';
import type { Change } from '../../store.ts';
import { StoreError } from '../../store.ts';
import type { Endpoints } from './endpoints.ts';
import { storeErrorOf } from './etcd-failure.ts';
import type { KeySpace } from './key-space.ts';
import type { Event, WatchResponse } from './rpc.ts';

export interface WatchStreamHandler {
  /** The stream stands; the server's revision and the cluster it belongs to. */
  created(revision: number, cluster: number): void;
  /** All changes of one revision: none when only the fence was written. Revisions rise. */
  revision(changes: readonly Change[], revision: number): void;
  /** The revisions after which it was asked to watch are gone. */
  compacted(compactedRevision: number): void;
  /** Anything else that ended it. */
  failed(error: StoreError): void;
}

/**
 * A watch of the whole key space from the revision after `after` on. Since everything is watched, the fence included,
 * each revision of the store is seen, and a revision that was seen says that all before it were: etcd has no other
 * reliable sign of it before 3.4.25 (a progress notice may overtake changes there).
 */
export class WatchStream {
  readonly #space: KeySpace;
  readonly #after: number;
  readonly #handler: WatchStreamHandler;
  readonly #stream: ReturnType<Endpoints['watch']>['stream'];
  readonly #lost: () => void;
  #events: Event[] = [];
  #done = false;

  constructor(endpoints: Endpoints, space: KeySpace, after: number, handler: WatchStreamHandler) {
    this.#space = space;
    this.#after = after;
    this.#handler = handler;
    const { stream, lost } = endpoints.watch();
    this.#stream = stream;
    this.#lost = lost;
    stream.on('data', (response: WatchResponse) => this.#received(response));
    stream.on('error', (error: ServiceError) => this.#failed(storeErrorOf(error)));
    stream.on('end', () => this.#failed(new StoreError('unavailable', 'etcd ended the watch')));
    // From `after` itself, whose changes are skipped: when that is still there, so is all that follows. etcd 3.4 keeps
    // no deletion made at exactly the compacted revision, so starting after it could miss one.
    const start_revision = Math.max(after, 1);
    stream.write({ create_request: { ...space.all, start_revision, prev_kv: true, fragment: true } });
  }

  cancel(): void {
    if (this.#done) return;
    this.#done = true;
    this.#stream.cancel();
  }

  #received(response: WatchResponse): void {
    if (this.#done) return;
    if (response.canceled) {
      this.cancel();
      if (response.compact_revision > 0) this.#handler.compacted(response.compact_revision);
      else this.#handler.failed(new StoreError('unavailable', `etcd cancelled the watch: ${response.cancel_reason}`));
      return;
    }
    if (response.created) this.#handler.created(response.header.revision, response.header.cluster_id);
    for (const event of response.events) {
      if (this.#events.length > 0 && this.#events[0]!.kv.mod_revision !== event.kv.mod_revision) this.#flush();
      this.#events.push(event);
    }
    if (!response.fragment) this.#flush();
  }

  #flush(): void {
    const events = this.#events;
    this.#events = [];
    const revision = events[0]?.kv.mod_revision ?? 0;
    if (this.#done || revision <= this.#after) return;
    const changes = events.map((event) => this.#space.change(event)).filter((change) => change !== undefined);
    this.#handler.revision(changes, revision);
  }

  #failed(error: StoreError): void {
    if (this.#done) return;
    this.#done = true;
    this.#lost();
    this.#handler.failed(error);
  }
}

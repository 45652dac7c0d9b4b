import type { CachedObject } from './cached-object.ts';

export type WatchItemType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** Makes the bytes of one watch event. Encoders with the same id make the same bytes; without one they are not shared. */
export interface FrameEncoder {
  readonly id: string | undefined;
  frame(item: WatchItem): Uint8Array;
}

/** One event as a watcher sees it; its bytes are made once for each media type and shared among all watchers. */
export class WatchItem {
  readonly type: WatchItemType;
  readonly object: CachedObject;
  /** The resourceVersion it is sent with: for a deletion that of the deletion. */
  readonly revision: number;
  readonly #frames = new Map<string, Uint8Array>();

  constructor(type: WatchItemType, object: CachedObject, revision: number) {
    this.type = type;
    this.object = object;
    this.revision = revision;
  }

  frame(encoder: FrameEncoder): Uint8Array {
    if (encoder.id === undefined) return encoder.frame(this);
    let frame = this.#frames.get(encoder.id);
    if (frame === undefined) {
      frame = encoder.frame(this);
      this.#frames.set(encoder.id, frame);
    }
    return frame;
  }

  /** Lets go of the bytes; who comes late makes them again. */
  forget(): void {
    this.#frames.clear();
  }
}

/** One change of one object in a cache: what it was and what it is. */
export class CacheEvent {
  readonly revision: number;
  readonly current: CachedObject | undefined;
  readonly previous: CachedObject | undefined;
  readonly #items: Partial<Record<WatchItemType, WatchItem>> = {};

  constructor(revision: number, current: CachedObject | undefined, previous: CachedObject | undefined) {
    this.revision = revision;
    this.current = current;
    this.previous = previous;
  }

  /** The bytes that it keeps alive. */
  get size(): number {
    return (this.current?.bytes.length ?? 0) + (this.previous?.bytes.length ?? 0);
  }

  /**
   * What this change is to someone who sees only what `wants` accepts: an object that enters the selection is ADDED,
   * one that leaves it DELETED, as it last was and with the revision of the change.
   */
  itemFor(wants: (object: CachedObject) => boolean): WatchItem | undefined {
    const was = this.previous !== undefined && wants(this.previous);
    const is = this.current !== undefined && wants(this.current);
    if (is) return this.#item(was ? 'MODIFIED' : 'ADDED', this.current!);
    return was ? this.#item('DELETED', this.previous!) : undefined;
  }

  /** Lets go of the bytes made for watchers. */
  forget(): void {
    for (const item of Object.values(this.#items)) item.forget();
  }

  #item(type: WatchItemType, object: CachedObject): WatchItem {
    return (this.#items[type] ??= new WatchItem(type, object, this.revision));
  }
}

import { type HttpBody, type HttpResponse, randomInteger, type World } from '@keelson/base';
import type { ListOptions } from '../request/list-options.ts';
import { parseRevision } from '../request/list-options.ts';
import { watchType } from '../request/media-type.ts';
import { bytesResponse } from '../request/respond.ts';
import { StatusError } from '../request/status-error.ts';
import type { CacheWatcher, WatcherMessage } from '../storage/cache-watcher.ts';
import type { CachedObject } from '../storage/cached-object.ts';
import type { LatestRevision } from '../storage/latest-revision.ts';
import type { WatchCache } from '../storage/watch-cache.ts';
import { type FrameEncoder, WatchItem } from '../storage/watch-item.ts';
import { awaitRevision } from './list-objects.ts';
import type { Rendering } from './rendering.ts';

/** How long a watch lasts when the client does not say, in seconds: this and up to as much again. */
const shortestTimeout = 1800;
/** Bytes gathered before they are handed on. */
const chunkLimit = 64 << 10;

export interface WatchRequestOptions {
  readonly world: World;
  readonly latest: LatestRevision;
  readonly cache: WatchCache;
  readonly namespace: string;
  readonly options: ListOptions;
  readonly rendering: Rendering;
  readonly signal: AbortSignal;
}

/** Answers a watch: a stream of events, one line each. @throws StatusError for what is wrong before it begins */
export async function watchObjects(request: WatchRequestOptions): Promise<HttpResponse> {
  const { world, latest, cache, namespace, options, rendering } = request;
  const contentType = watchType(rendering.form);
  const revision = parseRevision(options.resourceVersion);
  // Without a revision, or with 0, the present objects come first; so do they when the client asks for them.
  const initial = options.sendInitialEvents ?? revision === 0;
  if (initial || options.resourceVersion === '') await awaitRevision(cache, latest, options.resourceVersion, revision);
  const { selection, bookmarks } = options;
  const after = initial || revision === 0 ? cache.revision : revision;
  let watcher: CacheWatcher;
  try {
    watcher = cache.watch({ selection, bookmarks, after });
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return bytesResponse(200, contentType, [rendering.errorFrame(error)]);
  }
  const present = initial ? selected(cache.list(namespace), options) : [];
  const seconds = options.timeoutSeconds || shortestTimeout + randomInteger(world.random, shortestTimeout);
  const timer = world.clock.setTimer(seconds * 1000, () => watcher.close());
  const close = () => {
    timer.cancel();
    watcher.close();
  };
  if (request.signal.aborted) close();
  else request.signal.addEventListener('abort', close, { once: true });
  const ended = initial && bookmarks ? after : undefined;
  const stream = eventStream(watcher, present, ended, rendering, () => {
    close();
    request.signal.removeEventListener('abort', close);
  });
  return bytesResponse(200, contentType, stream);
}

function selected(objects: readonly CachedObject[], { selection }: ListOptions): readonly CachedObject[] {
  if (selection.labels === undefined && selection.fields === undefined) return objects;
  return objects.filter((object) => object.matches(selection));
}

async function* eventStream(
  watcher: CacheWatcher,
  present: readonly CachedObject[],
  initialEnd: number | undefined,
  rendering: Rendering,
  done: () => void,
): AsyncGenerator<Uint8Array> {
  try {
    const frames = rendering.frames();
    yield* initialFrames(present, initialEnd, rendering, frames);
    for (let message = await watcher.take(); message !== undefined; message = await watcher.take()) {
      const pieces: Uint8Array[] = [];
      let size = 0;
      const add = (piece: Uint8Array) => {
        pieces.push(piece);
        size += piece.length;
      };
      // All events of one revision go out together: a client that resumes from it has seen all of them.
      for (let next: WatcherMessage | undefined = message; next !== undefined; ) {
        if (next.type === 'bookmark') add(rendering.bookmark(next.revision, false));
        else for (const item of next.items) add(item.frame(frames));
        next = size < chunkLimit ? watcher.poll() : undefined;
      }
      yield pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, size);
    }
  } finally {
    done();
  }
}

function* initialFrames(
  present: readonly CachedObject[],
  initialEnd: number | undefined,
  rendering: Rendering,
  frames: FrameEncoder,
): Generator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let size = 0;
  for (const object of present) {
    const piece = frames.frame(new WatchItem('ADDED', object, object.revision));
    pieces.push(piece);
    size += piece.length;
    if (size < chunkLimit) continue;
    yield Buffer.concat(pieces, size);
    pieces = [];
    size = 0;
  }
  if (initialEnd !== undefined) pieces.push(rendering.bookmark(initialEnd, true));
  if (pieces.length > 0) yield Buffer.concat(pieces);
}

/** The events of a watch one by one, without what separates them in a stream. @param isText they are lines of JSON */
export async function* eventsOf(body: HttpBody, isText: boolean): AsyncGenerator<Uint8Array> {
  for await (const piece of body instanceof Uint8Array ? [body] : body) {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    for (let at = 0; at < bytes.length; ) {
      const start = isText ? at : at + 4;
      const end = isText ? bytes.indexOf(0x0a, at) + 1 || bytes.length : start + bytes.readUInt32BE(at);
      yield bytes.subarray(start, end);
      at = end;
    }
  }
}

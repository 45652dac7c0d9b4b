import { sleep, type World } from '@keelson/base';
import { type Authorize, type RegistryHandler, readOnly } from './server/access.ts';
import { registryHandler } from './server/registry-handler.ts';
import { UploadSessions } from './server/upload-sessions.ts';
import { type Collected, collectGarbage, makeRoom } from './store/garbage-collection.ts';
import { ImageStore } from './store/image-store.ts';
import { PullThrough } from './upstream/pull-through.ts';
import { SingleFlight } from './upstream/single-flight.ts';
import { nodeTransport, type Transport, type TransportLimits } from './upstream/transport.ts';
import { publicUpstreams, type Upstreams } from './upstream/upstreams.ts';

export interface RegistryOptions {
  /** The image store's folder. */
  readonly directory: string;
  readonly world: World;
  /** Registries to fetch from, by the host in images' names; none for a registry that stays offline. Default: the public ones. */
  readonly upstreams?: Upstreams;
  /** Who may do what. Default: everyone may pull and nobody may write. */
  readonly authorize?: Authorize;
  /** The most bytes that images may take. Default 64 GiB. */
  readonly storageQuotaBytes?: number;
  /** After how many milliseconds a fetched tag is looked up again. Default five minutes. */
  readonly tagFreshness?: number;
  /** How upstreams are reached. Default: node:http and node:https with `limits`. */
  readonly transport?: Transport;
  readonly limits?: TransportLimits;
}

/** A registry that answers requests; put a listener before it. */
export interface Registry {
  readonly handler: RegistryHandler;
  readonly store: ImageStore;
  /** Removes what nothing refers to; `grace` in milliseconds protects what is younger (default an hour). */
  collectGarbage(grace?: number): Promise<Collected>;
  /** Ends uploads and downloads that are under way. */
  close(): Promise<void>;
}

const collectionInterval = 3600_000;

/** Collects garbage every hour until it is ended. */
function collectRegularly(store: ImageStore): { end(): Promise<void> } {
  const { clock, log } = store.world;
  const ended = new AbortController();
  const loop = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      await sleep(clock, collectionInterval, ended.signal);
      if (ended.signal.aborted) return;
      try {
        const { blobs, bytes } = await collectGarbage(store);
        if (blobs > 0) log.info('unused image contents were removed', { blobs, bytes });
      } catch (error) {
        log.warn('unused image contents could not be removed', { error });
      }
    }
  };
  const running = loop();
  return {
    end: () => {
      ended.abort();
      return running;
    },
  };
}

/** Opens the store and puts the registry together. @throws Error when the folder cannot be used */
export async function createRegistry(options: RegistryOptions): Promise<Registry> {
  const { directory, world, storageQuotaBytes, tagFreshness, upstreams = publicUpstreams } = options;
  const store = await ImageStore.open({
    directory,
    world,
    ...(storageQuotaBytes === undefined ? {} : { storageQuotaBytes }),
  });
  const clearing = new SingleFlight<void>();
  store.files.makeRoom = (bytes) => clearing.do('', () => makeRoom(store, bytes));
  const own = options.transport ? undefined : nodeTransport(world.clock, options.limits);
  const pullThrough = new PullThrough(store, {
    upstreams,
    send: options.transport ?? own!.send,
    ...(tagFreshness === undefined ? {} : { tagFreshness }),
  });
  const uploads = new UploadSessions(store.files, world);
  const collection = collectRegularly(store);
  return {
    handler: registryHandler({ store, uploads, pullThrough }, options.authorize ?? readOnly),
    store,
    collectGarbage: (grace) => collectGarbage(store, grace),
    close: async () => {
      await collection.end();
      await pullThrough.close();
      await uploads.endAll();
      own?.close();
    },
  };
}

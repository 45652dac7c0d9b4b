import { messageOf } from '@keelson/base';
import { RegistryError } from '../errors/registry-error.ts';
import { manifestLimit } from '../manifests/manifest.ts';
import { acceptManifests } from '../manifests/media-types.ts';
import { isDigest } from '../names/digest.ts';
import { splitRepository } from '../names/image-name.ts';
import type { ByteRange } from '../server/byte-range.ts';
import type { ImageStore, StoredManifest } from '../store/image-store.ts';
import { BlobDownload } from './blob-download.ts';
import { NegativeCache } from './negative-cache.ts';
import { SingleFlight } from './single-flight.ts';
import { type Transport, UpstreamAway, type UpstreamResponse } from './transport.ts';
import { UpstreamClient } from './upstream-client.ts';
import type { Upstreams } from './upstreams.ts';

export interface PullThroughOptions {
  readonly upstreams: Upstreams;
  readonly send: Transport;
  /** After how many milliseconds a cached tag is looked up again. Default five minutes. */
  readonly tagFreshness?: number;
}

/** A blob that can be read: from the store, or while it comes. */
export interface ReadableBlob {
  /** In bytes; undefined while the upstream has not said. */
  readonly size: number | undefined;
  read(range?: ByteRange): AsyncIterable<Uint8Array>;
}

const downloadLimit = 64;
const defaultFreshness = 5 * 60_000;

/**
 * Answers from the store, and from an image's own registry what the store does not have. A digest is asked for once in
 * the store's life; a tag again when its time is over, and kept as it is while its registry is away. What was loaded or
 * pushed here goes before what a registry says.
 */
export class PullThrough {
  readonly #store: ImageStore;
  readonly #options: PullThroughOptions;
  readonly #clients = new Map<string, UpstreamClient>();
  readonly #manifests = new SingleFlight<StoredManifest>();
  readonly #starts = new SingleFlight<BlobDownload>();
  readonly #downloads = new Map<string, BlobDownload>();
  /** Of each download: its blob is kept and linked, or it has failed. */
  readonly #ends = new Set<Promise<unknown>>();
  readonly #absent: NegativeCache;
  readonly #closing = new AbortController();

  constructor(store: ImageStore, options: PullThroughOptions) {
    this.#store = store;
    this.#options = options;
    this.#absent = new NegativeCache(store.world.clock);
    for (const [host, upstream] of Object.entries(options.upstreams)) {
      this.#clients.set(host, new UpstreamClient(host, upstream, options.send, store.world));
    }
  }

  /** Ends what is under way; resolves when nothing writes any more. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#ends);
  }

  /**
   * The manifest by tag or digest. @throws RegistryError MANIFEST_UNKNOWN, NAME_UNKNOWN, DENIED, TOOMANYREQUESTS,
   * UNAVAILABLE when its registry is away
   */
  async manifest(repository: string, reference: string): Promise<StoredManifest> {
    const store = this.#store;
    const kept = await store.manifest(repository, reference);
    if (kept && (await this.#isCurrent(repository, reference))) {
      if (!isDigest(reference)) await store.noteTag(repository, reference, false);
      return kept;
    }
    const client = this.#clientOf(repository);
    if (!client) {
      if (kept) return kept;
      const known = (await store.repositories.read(repository)).manifests.size > 0;
      throw new RegistryError(known ? 'MANIFEST_UNKNOWN' : 'NAME_UNKNOWN', { detail: { name: repository, reference } });
    }
    const key = `${repository}@${reference}`;
    return this.#manifests.do(key, () => this.#fetchManifest(client, repository, reference, kept));
  }

  #clientOf(repository: string): UpstreamClient | undefined {
    return this.#clients.get(splitRepository(repository).host);
  }

  async #isCurrent(repository: string, reference: string): Promise<boolean> {
    if (isDigest(reference)) return true;
    const tag = await this.#store.tag(repository, reference);
    if (!tag) return false;
    const { tagFreshness = defaultFreshness } = this.#options;
    const age = this.#store.world.clock.now() - tag.checkedAt;
    return tag.origin !== 'upstream' || (age >= 0 && age < tagFreshness);
  }

  async #fetchManifest(
    client: UpstreamClient,
    repository: string,
    reference: string,
    kept: StoredManifest | undefined,
  ): Promise<StoredManifest> {
    try {
      if (kept && (await this.#isUnchanged(client, repository, reference, kept.digest))) {
        await this.#store.noteTag(repository, reference, true);
        return kept;
      }
      return await this.#download(client, repository, reference);
    } catch (error) {
      const away =
        error instanceof UpstreamAway || (error instanceof RegistryError && error.code !== 'MANIFEST_UNKNOWN');
      if (kept && away) {
        this.#store.world.log.warn('a cached image is served because its registry does not answer', {
          name: repository,
          reference,
          reason: messageOf(error),
        });
        return kept;
      }
      if (kept) await this.#store.deleteManifest(repository, reference);
      throw this.#refusal(error, `${repository}${isDigest(reference) ? '@' : ':'}${reference}`);
    }
  }

  /** HEAD, which registries with limits do not count. */
  async #isUnchanged(client: UpstreamClient, repository: string, tag: string, digest: string): Promise<boolean> {
    const response = await this.#ask(client, 'HEAD', repository, `manifests/${tag}`, acceptManifests);
    response.discard();
    if (response.status === 404) throw this.#unknownManifest(repository, tag);
    return response.headers['docker-content-digest'] === digest;
  }

  async #download(client: UpstreamClient, repository: string, reference: string): Promise<StoredManifest> {
    const key = `${repository}/manifests/${reference}`;
    if (this.#absent.has(key)) throw this.#unknownManifest(repository, reference);
    const response = await this.#ask(client, 'GET', repository, `manifests/${reference}`, acceptManifests);
    if (response.status !== 200) {
      response.discard();
      this.#absent.add(key);
      throw this.#unknownManifest(repository, reference);
    }
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of response.body) {
      size += piece.length;
      if (size > manifestLimit)
        throw new RegistryError('MANIFEST_INVALID', { status: 502, detail: { limit: manifestLimit } });
      pieces.push(piece);
    }
    const bytes = Buffer.concat(pieces);
    const { digest, manifest } = await this.#store.putManifest({
      repository,
      ...(isDigest(reference) ? { digest: reference } : { tag: reference }),
      mediaType: response.headers['content-type'] ?? '',
      bytes,
      origin: 'upstream',
      complete: false,
    });
    return { digest, mediaType: manifest.mediaType, bytes, origin: 'upstream' };
  }

  #ask(
    client: UpstreamClient,
    method: 'GET' | 'HEAD',
    repository: string,
    ending: string,
    accept?: string,
  ): Promise<UpstreamResponse> {
    const { path } = splitRepository(repository);
    return client.ask(method, path, ending, { signal: this.#closing.signal, ...(accept ? { accept } : {}) });
  }

  #unknownManifest(name: string, reference: string): RegistryError {
    return new RegistryError('MANIFEST_UNKNOWN', { detail: { name, reference } });
  }

  /** What a client is told when the upstream did not answer. */
  #refusal(error: unknown, name: string): unknown {
    if (error instanceof RegistryError && (error.code === 'DIGEST_INVALID' || error.code === 'MANIFEST_INVALID')) {
      return new RegistryError(error.code, { status: 502, detail: error.detail });
    }
    if (!(error instanceof UpstreamAway)) return error;
    return new RegistryError('UNAVAILABLE', {
      message: `${name} is not kept here and its registry does not answer`,
      detail: { name, reason: error.message, remedy: 'keelson image load FILE puts an image here without a network' },
    });
  }

  /** The blob's size in bytes where it is known. @throws RegistryError BLOB_UNKNOWN, and as `manifest` */
  async blobSize(repository: string, digest: string): Promise<number | undefined> {
    const kept = await this.#keptBlob(repository, digest);
    if (kept !== undefined) return kept;
    const coming = this.#downloads.get(digest);
    if (coming) return coming.size;
    try {
      const response = await this.#ask(this.#blobClient(repository, digest), 'HEAD', repository, `blobs/${digest}`);
      response.discard();
      if (response.status !== 200) throw new RegistryError('BLOB_UNKNOWN', { detail: { digest } });
      const length = response.headers['content-length'];
      return length === undefined ? undefined : Number(length);
    } catch (error) {
      throw this.#refusal(error, `${repository}@${digest}`);
    }
  }

  /** The blob, from the store or fetched now, once for all who ask. @throws RegistryError as `blobSize` */
  async blob(repository: string, digest: string): Promise<ReadableBlob> {
    const { files } = this.#store;
    const size = await this.#keptBlob(repository, digest);
    if (size !== undefined) return { size, read: (range) => files.read(digest, range) };
    const client = this.#blobClient(repository, digest);
    try {
      const download =
        this.#downloads.get(digest) ?? (await this.#starts.do(digest, () => this.#start(client, repository, digest)));
      const read = await download.open().catch(() => undefined);
      if (read) return { size: download.size, read };
      await download.done;
      return { size: await files.size(digest), read: (range) => files.read(digest, range) };
    } catch (error) {
      throw this.#refusal(error, `${repository}@${digest}`);
    }
  }

  #blobClient(repository: string, digest: string): UpstreamClient {
    const client = this.#clientOf(repository);
    if (!client) throw new RegistryError('BLOB_UNKNOWN', { detail: { digest } });
    return client;
  }

  /** A content that is here for another repository is given to one whose upstream would give the same. */
  async #keptBlob(repository: string, digest: string): Promise<number | undefined> {
    const own = await this.#store.blobSize(repository, digest);
    if (own !== undefined || !this.#clientOf(repository)) return own;
    const size = await this.#store.files.size(digest);
    if (size === undefined) return undefined;
    return (await this.#store.linkBlob(repository, digest)) ? size : undefined;
  }

  async #start(client: UpstreamClient, repository: string, digest: string): Promise<BlobDownload> {
    const key = `${repository}/blobs/${digest}`;
    if (this.#absent.has(key)) throw new RegistryError('BLOB_UNKNOWN', { detail: { digest } });
    if (this.#downloads.size >= downloadLimit) {
      throw new RegistryError('TOOMANYREQUESTS', { detail: { limit: 'downloads', downloads: downloadLimit } });
    }
    const response = await this.#ask(client, 'GET', repository, `blobs/${digest}`);
    if (response.status !== 200) {
      response.discard();
      this.#absent.add(key);
      throw new RegistryError('BLOB_UNKNOWN', { detail: { digest } });
    }
    const download = new BlobDownload(response, await this.#store.files.create(), digest);
    this.#downloads.set(digest, download);
    const ended = download.done
      .then(() => this.#store.linkBlob(repository, digest))
      .catch((error) => {
        this.#store.world.log.warn('a blob did not come whole', { name: repository, digest, reason: messageOf(error) });
      })
      .finally(() => {
        this.#downloads.delete(digest);
        this.#ends.delete(ended);
      });
    this.#ends.add(ended);
    return download;
  }
}

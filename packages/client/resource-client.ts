import { isStream } from '@keelson/base';
import type { ApiList, ApiObject } from '@keelson/model';
import { ApiError } from './api-error.ts';
import type {
  DeleteOptions,
  ListOptions,
  PatchType,
  ResourceClient,
  ResourceRef,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './client.ts';
import type { Exchange } from './exchange.ts';
import { LineSplitter } from './line-splitter.ts';
import { collectionPath, deleteBody, listQuery, objectPath, withQuery, writeQuery } from './request-path.ts';
import { parseJson } from './response.ts';

const patchMediaTypes: Readonly<Record<PatchType, string>> = {
  strategic: 'application/strategic-merge-patch+json',
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
};

/** The longest watch event, in bytes: above what a store takes for one object, with room for JSON's escapes. */
const eventLimit = 16 * 1024 * 1024;

/** One resource of one API server. */
export class HttpResourceClient<T extends ApiObject> implements ResourceClient<T> {
  readonly #ref: ResourceRef<T>;
  readonly #exchange: Exchange;
  readonly #apiVersion: string;

  constructor(ref: ResourceRef<T>, exchange: Exchange) {
    this.#ref = ref;
    this.#exchange = exchange;
    this.#apiVersion = apiVersionOf(ref);
  }

  async get(name: string, namespace?: string): Promise<T> {
    return this.#exchange.json('GET', objectPath(this.#ref, name, namespace));
  }

  async list(options: ListOptions = {}): Promise<ApiList<T>> {
    const target = withQuery(collectionPath(this.#ref, options.namespace), listQuery(options));
    const list: ApiList<T> = await this.#exchange.json('GET', target);
    list.items ??= [];
    // Servers leave the type out of a list's items; everyone who handles them apart needs it.
    for (const item of list.items) {
      item.apiVersion ??= this.#apiVersion;
      item.kind ??= this.#ref.kind;
    }
    return list;
  }

  async *watch(options: WatchOptions): AsyncIterable<WatchEvent<T>> {
    const { labelSelector, fieldSelector, resourceVersion } = options;
    const target = withQuery(collectionPath(this.#ref, options.namespace), {
      watch: true,
      allowWatchBookmarks: true,
      labelSelector,
      fieldSelector,
      resourceVersion,
    });
    const aborts = new AbortController();
    const signal = AbortSignal.any([options.signal, this.#exchange.options.signal, aborts.signal]);
    const splitter = new LineSplitter(eventLimit);
    try {
      const response = await this.#exchange.respond('GET', target, { signal });
      const body = response.body;
      const chunks = isStream(body) ? body : body instanceof Uint8Array ? [body] : body;
      for await (const chunk of chunks) {
        for (const line of splitter.push(chunk)) {
          if (signal.aborted) return;
          yield this.#event(line);
        }
      }
    } catch (thrown) {
      if (!options.signal.aborted) throw thrown;
    } finally {
      // The consumer may leave in the middle: the server must not go on sending.
      aborts.abort();
    }
  }

  async create(object: T, options?: WriteOptions): Promise<T> {
    const namespace = object.metadata?.namespace;
    if (this.#ref.namespaced && !namespace) throw new Error('an empty namespace may not be set during creation');
    const target = withQuery(collectionPath(this.#ref, namespace), writeQuery(options));
    return this.#exchange.json('POST', target, this.#typed(object));
  }

  async update(object: T, options?: WriteOptions): Promise<T> {
    return this.#put(object, undefined, options);
  }

  async updateStatus(object: T, options?: WriteOptions): Promise<T> {
    return this.#put(object, 'status', options);
  }

  async patch(
    name: string,
    namespace: string | undefined,
    patch: unknown,
    options: WriteOptions & { readonly type?: PatchType; readonly subresource?: string } = {},
  ): Promise<T> {
    const target = withQuery(objectPath(this.#ref, name, namespace, options.subresource), writeQuery(options));
    return this.#exchange.json('PATCH', target, patch, patchMediaTypes[options.type ?? 'strategic']);
  }

  async delete(name: string, namespace?: string, options?: DeleteOptions): Promise<void> {
    await this.#exchange.json('DELETE', objectPath(this.#ref, name, namespace), deleteBody(options));
  }

  async deleteCollection(options: ListOptions, deletion?: DeleteOptions): Promise<void> {
    const target = withQuery(collectionPath(this.#ref, options.namespace), listQuery(options));
    await this.#exchange.json('DELETE', target, deleteBody(deletion));
  }

  async createSubresource<R extends ApiObject>(
    name: string,
    namespace: string | undefined,
    subresource: string,
    body: ApiObject,
  ): Promise<R> {
    return this.#exchange.json('POST', objectPath(this.#ref, name, namespace, subresource), body);
  }

  async getSubresource<R extends ApiObject>(
    name: string,
    namespace: string | undefined,
    subresource: string,
  ): Promise<R> {
    return this.#exchange.json('GET', objectPath(this.#ref, name, namespace, subresource));
  }

  async updateSubresource<R extends ApiObject>(
    name: string,
    namespace: string | undefined,
    subresource: string,
    body: ApiObject,
  ): Promise<R> {
    return this.#exchange.json('PUT', objectPath(this.#ref, name, namespace, subresource), body);
  }

  async #put(object: T, subresource: string | undefined, options: WriteOptions | undefined): Promise<T> {
    const path = objectPath(this.#ref, object.metadata?.name, object.metadata?.namespace, subresource);
    return this.#exchange.json('PUT', withQuery(path, writeQuery(options)), this.#typed(object));
  }

  #typed(object: T): T {
    if (object.apiVersion && object.kind) return object;
    return { ...object, apiVersion: this.#apiVersion, kind: this.#ref.kind };
  }

  #event(line: Uint8Array): WatchEvent<T> {
    const event = parseJson(line);
    if (event.type === 'ERROR') throw new ApiError(event.object);
    event.object.apiVersion ??= this.#apiVersion;
    event.object.kind ??= this.#ref.kind;
    return event;
  }
}

/** `v1`, `apps/v1`: how objects of this resource name their group and version. */
export function apiVersionOf(ref: { readonly group: string; readonly version: string }): string {
  return ref.group === '' ? ref.version : `${ref.group}/${ref.version}`;
}

import { createHash } from 'node:crypto';
import { type Clock, type HttpResponse, Turn } from '@keelson/base';
import { openApiV2Type } from '../discovery/api-documents.ts';
import { encodeOpenApiV2 } from '../discovery/openapi-v2-protobuf.ts';
import { noSuchPath, StatusError } from '../request/status-error.ts';
import {
  type KnownApi,
  mergeDiscovery,
  mergeGroup,
  mergeGroupList,
  mergeOpenApiIndex,
  mergeOpenApiV2,
} from './merge-documents.ts';

type Headers = Readonly<Record<string, string>>;
/** The server's own document for a path; undefined when it has none. @throws StatusError */
export type LocalDocuments = (path: string, headers: Headers) => HttpResponse | Promise<HttpResponse> | undefined;

interface Merged {
  /** Of which local document, and of which state of the remote ones it was made. */
  readonly of: string;
  readonly bytes: Uint8Array;
  readonly etag: string;
}

/** Documents kept: one for each path and form. */
const keptLimit = 64;

/** Discovery and OpenAPI with what remote APIs say of themselves. */
export class AggregatedDocuments {
  readonly #kept = new Map<string, Merged>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * The document at `path`; undefined when the server's own is the whole of it.
   * @param state changes whenever `apis` do
   * @throws StatusError as `local` does
   */
  respond(
    path: string,
    headers: Headers,
    apis: readonly KnownApi[],
    state: number,
    local: LocalDocuments,
  ): Promise<HttpResponse> | undefined {
    if (path === '/apis') return this.#apis(headers, apis, state, local);
    if (path === '/openapi/v3')
      return this.#merged(path, headers, state, local, (own) => json(mergeOpenApiIndex(own, apis)));
    if (path === '/openapi/v2') return this.#openApiV2(headers, apis, state, local);
    const group = /^\/apis\/([^/]+)$/.exec(path)?.[1];
    if (group === undefined || !apis.some(({ api }) => api.group === group)) return undefined;
    return this.#group(path, group, headers, apis, local);
  }

  #apis(headers: Headers, apis: readonly KnownApi[], state: number, local: LocalDocuments): Promise<HttpResponse> {
    return this.#merged('/apis', headers, state, local, (own) =>
      json(own['kind'] === 'APIGroupList' ? mergeGroupList(own, apis) : mergeDiscovery(own, apis)),
    );
  }

  async #group(
    path: string,
    name: string,
    headers: Headers,
    apis: readonly KnownApi[],
    local: LocalDocuments,
  ): Promise<HttpResponse> {
    let own: Record<string, any> | undefined;
    try {
      const response = await local(path, withoutCondition(headers));
      if (response !== undefined) own = JSON.parse(Buffer.from(response.body as Uint8Array).toString('utf8'));
    } catch (error) {
      if (!(error instanceof StatusError) || error.code !== 404) throw error;
    }
    const body = json({ kind: 'APIGroup', apiVersion: 'v1', ...mergeGroup(own, name, apis) });
    return { status: 200, headers: { 'cache-control': 'public', 'content-type': 'application/json' }, body };
  }

  async #openApiV2(
    headers: Headers,
    apis: readonly KnownApi[],
    state: number,
    local: LocalDocuments,
  ): Promise<HttpResponse> {
    const contentType = openApiV2Type(headers['accept']);
    const plain = { ...headers, accept: 'application/json' };
    if (contentType === 'application/json')
      return this.#merged('/openapi/v2', plain, state, local, (own) => json(mergeOpenApiV2(own, apis)));
    const encode = (own: Record<string, any>) => encodeOpenApiV2(mergeOpenApiV2(own, apis), new Turn(this.#clock));
    const response = await this.#merged('/openapi/v2', plain, state, local, encode, contentType);
    return { ...response, headers: { ...response.headers, 'content-type': contentType } };
  }

  async #merged(
    path: string,
    headers: Headers,
    state: number,
    local: LocalDocuments,
    merge: (own: Record<string, any>) => Uint8Array | Promise<Uint8Array>,
    form = '',
  ): Promise<HttpResponse> {
    const response = await local(path, withoutCondition(headers));
    if (response === undefined) throw noSuchPath();
    const contentType = response.headers['content-type'] ?? '';
    const key = `${path} ${contentType} ${form}`;
    const of = `${state} ${response.headers['etag']}`;
    let merged = this.#kept.get(key);
    if (merged?.of !== of) {
      const bytes = await merge(JSON.parse(Buffer.from(response.body as Uint8Array).toString('utf8')));
      const etag = `"${createHash('sha256').update(bytes).digest('hex').toUpperCase()}"`;
      merged = { of, bytes, etag };
      if (this.#kept.size >= keptLimit) this.#kept.clear();
      this.#kept.set(key, merged);
    }
    const common = { ...response.headers, etag: merged.etag };
    if (headers['if-none-match'] === merged.etag) return { status: 304, headers: common, body: new Uint8Array(0) };
    return { status: 200, headers: common, body: merged.bytes };
  }
}

/** The local document is wanted whole, whatever its reader has. */
function withoutCondition({ 'if-none-match': _, ...headers }: Headers): Headers {
  return headers;
}

function json(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

import { createHash } from 'node:crypto';
import { type Clock, type HttpResponse, Turn } from '@keelson/base';
import {
  aggregatedDiscovery,
  apiGroupList,
  apiResourceList,
  apiVersions,
  type Descriptions,
  openApiV3,
  openApiV3Index,
  openApiV3Url,
  type Resource,
  type ResourceCatalogue,
} from '@keelson/model';
import { notAcceptable, parseAccept } from '../request/media-type.ts';
import { noSuchPath } from '../request/status-error.ts';
import { openApiV2 } from './openapi-v2.ts';
import { encodeOpenApiV2, openApiV2Protobuf } from './openapi-v2-protobuf.ts';

interface Document {
  readonly bytes: Uint8Array;
  readonly etag: string;
  /** What it was made from: the document is good while that is the same. */
  readonly source: unknown;
}

/** How long a document is good that is asked for by its hash, in milliseconds. */
const year = 365 * 86_400_000;

/** Discovery and OpenAPI: documents that depend on nothing but the catalogue, each made once for what is served then. */
export class ApiDocuments {
  readonly #catalogue: ResourceCatalogue;
  readonly #version: string;
  readonly #clock: Clock;
  readonly #descriptions: Descriptions | undefined;
  readonly #documents = new Map<string, Document>();
  readonly #making = new Map<string, Promise<Document>>();
  #revision: number | undefined;

  /** @param version what the OpenAPI document of version 2 calls itself */
  constructor(catalogue: ResourceCatalogue, version: string, clock: Clock, descriptions?: Descriptions) {
    this.#catalogue = catalogue;
    this.#version = version;
    this.#clock = clock;
    this.#descriptions = descriptions;
  }

  /**
   * Answers `path`; undefined when it is none of these documents. @param hash in the query: which one of a document that
   * changes the client means @throws StatusError 404, 406
   */
  respond(
    path: string,
    headers: Readonly<Record<string, string>>,
    hash: string | null = null,
  ): HttpResponse | Promise<HttpResponse> | undefined {
    const parts = path.split('/').filter((part) => part !== '');
    this.#forgetOld();
    if (parts[0] === 'openapi' && parts[1] === 'v3') return this.#openApi(parts.slice(2), headers, hash);
    if (path === '/openapi/v2') return this.#openApiV2(headers);
    if (parts[0] !== 'api' && parts[0] !== 'apis') return undefined;
    if (parts.length === 1) return this.#root(parts[0], headers);
    const key = parts.join('/');
    if (parts[0] === 'api') return parts.length === 2 ? this.#groupVersion(key, headers, '', parts[1]!) : undefined;
    if (parts.length === 2) return this.#json(key, headers, () => this.#group(parts[1]!));
    return parts.length === 3 ? this.#groupVersion(key, headers, parts[1]!, parts[2]!) : undefined;
  }

  /** Documents of what is not served any more, or differently, are not kept. */
  #forgetOld(): void {
    const { revision } = this.#catalogue;
    if (revision === this.#revision) return;
    this.#revision = revision;
    for (const [key, { source }] of this.#documents) if (!this.#isCurrent(source)) this.#documents.delete(key);
  }

  #isCurrent(source: unknown): boolean {
    if (!Array.isArray(source)) return source === this.#catalogue.revision;
    const [first] = source as readonly Resource[];
    return first !== undefined && this.#catalogue.resourcesOf(first.group, first.version) === source;
  }

  #groupVersion(key: string, headers: Readonly<Record<string, string>>, group: string, version: string): HttpResponse {
    const source = this.#catalogue.resourcesOf(group, version);
    return this.#json(key, headers, () => this.#resources(group, version), source);
  }

  #root(root: 'api' | 'apis', headers: Readonly<Record<string, string>>): HttpResponse {
    for (const range of parseAccept(headers['accept'] ?? 'application/json')) {
      if (!['application/json', 'application/*', '*/*'].includes(range.type)) continue;
      const { g, v, as } = range.parameters;
      if (as === undefined)
        return this.#json(root, headers, () => (root === 'api' ? apiVersions() : apiGroupList(this.#catalogue)));
      if (g !== 'apidiscovery.k8s.io' || as !== 'APIGroupDiscoveryList' || (v !== 'v2' && v !== 'v2beta1')) continue;
      const response = this.#json(`${root}#${v}`, headers, () => aggregatedDiscovery(this.#catalogue, root, v));
      const contentType = `application/json;g=${g};v=${v};as=${as}`;
      return { ...response, headers: { ...response.headers, 'content-type': contentType } };
    }
    throw notAcceptable(['application/json']);
  }

  #group(name: string): object | undefined {
    const { groups } = apiGroupList(this.#catalogue) as { groups: { name: string }[] };
    const group = groups.find((candidate) => candidate.name === name);
    return group && { kind: 'APIGroup', apiVersion: 'v1', ...group };
  }

  #resources(group: string, version: string): object | undefined {
    const served = this.#catalogue.groupVersions.some((one) => one.group === group && one.version === version);
    return served ? apiResourceList(this.#catalogue, group, version) : undefined;
  }

  #openApi(parts: readonly string[], headers: Readonly<Record<string, string>>, hash: string | null): HttpResponse {
    if (parts.length === 0)
      return this.#json('openapi/v3', headers, () => openApiV3Index(this.#catalogue, this.#descriptions !== undefined));
    const [root, ...rest] = parts;
    const [group, version] = root === 'api' ? ['', rest[0]] : [rest[0], rest[1]];
    const served = this.#catalogue.groupVersions.some((one) => one.group === group && one.version === version);
    if (!served || parts.length !== (root === 'api' ? 2 : 3)) throw noSuchPath();
    const location = openApiV3Url(this.#catalogue, group!, version!, this.#descriptions !== undefined);
    if (hash && !location.endsWith(`=${hash}`)) return { status: 301, headers: { location }, body: new Uint8Array(0) };
    const source = this.#catalogue.resourcesOf(group!, version!);
    const make = () => openApiV3(this.#catalogue, group!, version!, this.#descriptions);
    const response = this.#json(`openapi/v3/${parts.join('/')}`, headers, make, source);
    if (!hash) return response;
    const expires = new Date(this.#clock.now() + year).toUTCString();
    return { ...response, headers: { ...response.headers, 'cache-control': 'public, immutable', expires } };
  }

  /** @throws StatusError 406 */
  async #openApiV2(headers: Readonly<Record<string, string>>): Promise<HttpResponse> {
    const type = openApiV2Type(headers['accept']);
    const document = await this.#openApiV2As(type);
    const response = answer(document, headers);
    return { ...response, headers: { ...response.headers, 'content-type': type } };
  }

  /** All who ask while it is made wait for the same one. */
  async #openApiV2As(type: string): Promise<Document> {
    const key = `openapi/v2#${type}`;
    const made = this.#documents.get(key);
    if (made !== undefined) return made;
    let making = this.#making.get(key);
    if (making === undefined) {
      making = this.#makeOpenApiV2(key, type).finally(() => this.#making.delete(key));
      this.#making.set(key, making);
    }
    return making;
  }

  async #makeOpenApiV2(key: string, type: string): Promise<Document> {
    const { revision } = this.#catalogue;
    const turn = new Turn(this.#clock);
    const value = await openApiV2(this.#catalogue, this.#version, turn, this.#descriptions);
    if (turn.over) await turn.next();
    const json = type === 'application/json';
    const bytes = json ? Buffer.from(JSON.stringify(value)) : await encodeOpenApiV2(value, turn);
    const document = { bytes, etag: etagOf(bytes), source: revision };
    // What is served may have changed meanwhile.
    if (revision === this.#catalogue.revision) this.#documents.set(key, document);
    return document;
  }

  /** @param source what the document is made from, when it is not everything that is served */
  #json(
    key: string,
    headers: Readonly<Record<string, string>>,
    make: () => object | undefined,
    source?: unknown,
  ): HttpResponse {
    const bytes = () => {
      const value = make();
      // What does not exist is not kept: clients could name anything.
      if (value === undefined) throw noSuchPath();
      return Buffer.from(JSON.stringify(value));
    };
    return this.#bytes(key, headers, bytes, source);
  }

  #bytes(
    key: string,
    headers: Readonly<Record<string, string>>,
    make: () => Uint8Array,
    source: unknown = this.#catalogue.revision,
  ): HttpResponse {
    let document = this.#documents.get(key);
    if (document === undefined) {
      const bytes = make();
      document = { bytes, etag: etagOf(bytes), source };
      this.#documents.set(key, document);
    }
    return answer(document, headers);
  }
}

function etagOf(bytes: Uint8Array): string {
  return `"${createHash('sha256').update(bytes).digest('hex').toUpperCase()}"`;
}

function answer({ bytes, etag }: Document, headers: Readonly<Record<string, string>>): HttpResponse {
  const common = { 'cache-control': 'public', etag, vary: 'Accept' };
  if (headers['if-none-match'] === etag) return { status: 304, headers: common, body: new Uint8Array(0) };
  return { status: 200, headers: { ...common, 'content-type': 'application/json' }, body: bytes };
}

/** What a client takes the OpenAPI document of version 2 as. @throws StatusError 406 */
export function openApiV2Type(accept = '*/*'): string {
  const { accepted, contentType } = openApiV2Protobuf;
  for (const { type } of parseAccept(accept)) {
    if (['application/json', 'application/*', '*/*'].includes(type)) return 'application/json';
    if (accepted.includes(type)) return contentType;
  }
  throw notAcceptable(['application/json', contentType]);
}

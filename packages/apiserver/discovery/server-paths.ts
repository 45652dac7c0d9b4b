import type { HttpResponse } from '@keelson/base';
import type { ResourceCatalogue } from '@keelson/model';
import type { Aggregator } from '../aggregation/aggregator.ts';
import type { ApiServerOptions } from '../api-server-options.ts';
import { type HealthCheck, type HealthEndpoint, healthResponse } from '../observe/health.ts';
import type { ServerMetrics } from '../observe/server-metrics.ts';
import type { FlowControl } from '../priority-and-fairness/flow-control.ts';
import { dumpFlowControl, dumpPath } from '../priority-and-fairness/flow-control-dump.ts';
import type { RequestContext } from '../request/request-context.ts';
import { bytesResponse, jsonResponse, textResponse } from '../request/respond.ts';
import { methodNotAllowed, noSuchPath } from '../request/status-error.ts';
import type { StoreKeeper } from '../storage/store-keeper.ts';
import { ApiDocuments } from './api-documents.ts';
import { discoveryDocument } from './document-form.ts';
import { catalogueOf, type ServedResources } from './served-catalogue.ts';

export interface ServerPathsOptions {
  readonly options: ApiServerOptions;
  readonly catalogue: ResourceCatalogue;
  readonly metrics: ServerMetrics;
  readonly flowControl: FlowControl;
  readonly aggregator: Aggregator | undefined;
  readonly keeper: StoreKeeper;
  readonly phase: () => 'new' | 'serving' | 'stopping';
  readonly serves: ServedResources;
}

const endpoints: readonly HealthEndpoint[] = ['healthz', 'livez', 'readyz'];

/** Every path that is no resource: discovery, OpenAPI, /version, health, /metrics. */
export class ServerPaths {
  readonly #options: ApiServerOptions;
  readonly #catalogue: ResourceCatalogue;
  readonly #metrics: ServerMetrics;
  readonly #flowControl: FlowControl;
  readonly #aggregator: Aggregator | undefined;
  readonly #documents: ApiDocuments;
  readonly #live: readonly HealthCheck[];
  readonly #ready: readonly HealthCheck[];

  constructor({ options, catalogue, metrics, flowControl, aggregator, keeper, phase, serves }: ServerPathsOptions) {
    this.#options = options;
    this.#catalogue = catalogue;
    this.#metrics = metrics;
    this.#flowControl = flowControl;
    this.#aggregator = aggregator;
    this.#documents = new ApiDocuments(
      catalogueOf(catalogue, serves),
      options.version.gitVersion,
      options.world.clock,
      options.descriptions,
    );
    const ping: HealthCheck = { name: 'ping', check: async () => undefined };
    const etcd: HealthCheck = { name: 'etcd', check: () => keeper.check() };
    this.#live = [ping, etcd];
    this.#ready = [
      ping,
      etcd,
      { name: 'informer-sync', check: async () => (options.caches.ready ? undefined : 'the caches are not filled') },
      { name: 'poststarthook/bootstrap', check: async () => (phase() === 'new' ? 'not finished' : undefined) },
      ...(options.healthChecks ?? []),
      { name: 'shutdown', check: async () => (phase() === 'stopping' ? 'process is shutting down' : undefined) },
    ];
  }

  /** @throws StatusError */
  async respond({ info, request }: RequestContext): Promise<HttpResponse> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      if (info.path.startsWith('/api')) throw methodNotAllowed();
      throw noSuchPath();
    }
    const path = info.path.length > 1 ? info.path.replace(/\/+$/, '') : info.path;
    const endpoint = endpoints.find((name) => path === `/${name}` || path.startsWith(`/${name}/`));
    if (endpoint !== undefined)
      return healthResponse(endpoint, endpoint === 'readyz' ? this.#ready : this.#live, path, info.query);
    if (path === '/version') return jsonResponse(200, this.#options.version);
    if (path === '/metrics')
      return bytesResponse(200, 'text/plain; version=0.0.4; charset=utf-8', Buffer.from(this.#metrics.text()));
    if (path === '/') return jsonResponse(200, { paths: this.#paths() });
    if (path.startsWith(dumpPath)) {
      const { clock } = this.#options.world;
      const now = { wall: clock.now(), monotonic: clock.monotonic() };
      const dump = dumpFlowControl(this.#flowControl, path, info.query, now);
      if (dump !== undefined) return textResponse(200, dump);
    }
    const hash = info.query.get('hash');
    const own = (at: string, headers: typeof request.headers) => this.#documents.respond(at, headers, hash);
    const find = async (headers: typeof request.headers) =>
      (await this.#aggregator?.document(path, headers, own)) ?? own(path, headers);
    const discovery = path.startsWith('/api');
    const document = await (discovery ? discoveryDocument(request.headers, find) : find(request.headers));
    if (document !== undefined) return document;
    const { paths = {} } = this.#options;
    if (Object.hasOwn(paths, path)) return jsonResponse(200, paths[path]!());
    throw noSuchPath();
  }

  #paths(): string[] {
    const versions = this.#catalogue.groupVersions;
    const named = versions.filter(({ group }) => group !== '');
    return [
      ...versions.filter(({ group }) => group === '').flatMap(({ version }) => ['/api', `/api/${version}`]),
      '/apis',
      ...[...new Set(named.map(({ group }) => `/apis/${group}`))],
      ...named.map(({ group, version }) => `/apis/${group}/${version}`),
      ...endpoints.map((name) => `/${name}`),
      '/metrics',
      '/openapi/v2',
      '/openapi/v3',
      '/version',
      ...Object.keys(this.#options.paths ?? {}),
    ].sort();
  }
}

import { collectBody, type HttpResponse, type Log, virtualWorld } from '@keelson/base';
import { catalogueFor, GrowingCatalogue, type ResourceCatalogue } from '@keelson/model';
import type { Store } from '@keelson/store';
import { MemoryStore } from '@keelson/store/drivers/memory/index.ts';
import { type ApiServer, createApiServer } from '../api-server.ts';
import type { ApiServerOptions } from '../api-server-options.ts';
import type { Authorizer } from '../authorization/contract.ts';
import { ResourceCaches } from '../storage/resource-caches.ts';

/** An answer with its body read. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  readonly json: any;
}

/** A server in this process on a memory store, and a client of it. */
export class TestServer {
  readonly world: ReturnType<typeof virtualWorld>;
  readonly store: Store;
  readonly caches: ResourceCaches;
  readonly server: ApiServer;
  user = { name: 'admin', groups: ['system:masters'] };

  private constructor(world: ReturnType<typeof virtualWorld>, store: Store, options: Partial<ApiServerOptions>) {
    this.world = world;
    this.store = store;
    const catalogue: ResourceCatalogue = options.catalogue ?? new GrowingCatalogue(catalogueFor(33));
    this.caches = options.caches ?? new ResourceCaches({ world, store, catalogue });
    this.server = createApiServer({
      world,
      store,
      catalogue,
      caches: this.caches,
      version: testVersion,
      authenticator: inProcess,
      authorizer: everything,
      admission: [],
      ...options,
    });
  }

  static async start(options: Partial<ApiServerOptions> & { seed?: string; log?: Log } = {}): Promise<TestServer> {
    const world =
      (options.world as ReturnType<typeof virtualWorld>) ?? virtualWorld(options.seed ?? 'apiserver', options.log);
    const server = new TestServer(world, options.store ?? new MemoryStore(world), options);
    await server.server.start();
    return server;
  }

  async respond(method: string, target: string, options: RequestOptions = {}): Promise<HttpResponse> {
    const { body, headers = {}, signal = new AbortController().signal } = options;
    const bytes =
      body === undefined ? new Uint8Array(0) : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    const peer = { address: '', certificates: [], inProcess: options.user ?? this.user };
    return this.server.handler({ method, target, headers, body: bytes, signal, peer });
  }

  async ask(method: string, target: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await this.respond(method, target, { body, headers });
    const text = Buffer.from(await collectBody(response.body)).toString('utf8');
    return { status: response.status, headers: response.headers, text, json: parsed(text) };
  }

  /** Opens a watch; `next` gives its events, one at a time, and undefined at its end. */
  async watch(target: string, headers: Record<string, string> = {}): Promise<TestWatch> {
    const aborts = new AbortController();
    const response = await this.respond('GET', target, { headers, signal: aborts.signal });
    return new TestWatch(response, aborts);
  }
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
  readonly user?: { name: string; groups: string[] };
}

export class TestWatch {
  readonly status: number;
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #aborts: AbortController;
  #lines: string[] = [];

  constructor(response: HttpResponse, aborts: AbortController) {
    this.status = response.status;
    this.#aborts = aborts;
    this.#iterator = pieces(response.body)[Symbol.asyncIterator]();
  }

  async next(): Promise<any> {
    while (this.#lines.length === 0) {
      const { value, done } = await this.#iterator.next();
      if (done) return undefined;
      this.#lines = Buffer.from(value).toString('utf8').split('\n').filter(Boolean);
    }
    return JSON.parse(this.#lines.shift()!);
  }

  close(): void {
    this.#aborts.abort();
  }
}

async function* pieces(body: HttpResponse['body']): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) yield body;
  else yield* body as AsyncIterable<Uint8Array>;
}

function parsed(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const testVersion = {
  major: '1',
  minor: '33',
  gitVersion: 'v1.33.4-eks-0000000',
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate: '2026-01-01T00:00:00Z',
  goVersion: 'go1.24.5',
  compiler: 'gc',
  platform: 'linux/amd64',
};

const inProcess: ApiServerOptions['authenticator'] = {
  authenticate: async ({ peer }) =>
    peer.inProcess === undefined
      ? { outcome: 'none' }
      : { outcome: 'authenticated', user: { name: peer.inProcess.name, groups: peer.inProcess.groups } },
};

/** Lets everybody do everything. */
export const everything: Authorizer = { authorize: async () => ({ decision: 'allow', reason: '' }) };

import type { Authenticator, Authorizer } from '@keelson/apiserver';
import { type ApiServer, createApiServer, ResourceCaches } from '@keelson/apiserver';
import { type HttpResponse, type VirtualClock, virtualWorld, type World } from '@keelson/base';
import { type Client, createClient, inProcessPeer } from '@keelson/client';
import { catalogueFor, GrowingCatalogue } from '@keelson/model';
import { MemoryStore } from '@keelson/store/drivers/memory/index.ts';

/** The real API server over a memory store in this process, on virtual time, without authorisation or admission. */
export class ApiInProcess {
  readonly world: World & { readonly clock: VirtualClock };
  readonly client: Client;
  readonly #store: MemoryStore;
  readonly #refused = new Map<string, () => string>();
  #server: ApiServer | undefined;

  private constructor(seed: string) {
    this.world = virtualWorld(seed);
    this.#store = new MemoryStore(this.world);
    this.client = createClient({
      // A server that is down is one that cannot be reached.
      send: (request) => {
        if (this.#server === undefined) throw new Error('connection refused');
        const refused = request.method === 'POST' ? this.#refused.get(request.target.split('/').at(-1)!) : undefined;
        return refused === undefined ? this.#server.handler(request) : forbidden(refused());
      },
      clock: this.world.clock,
      peer: inProcessPeer('admin', ['system:masters']),
      userAgent: 'test',
    });
  }

  static async start(seed: string): Promise<ApiInProcess> {
    const api = new ApiInProcess(seed);
    await api.up();
    return api;
  }

  /** Has every creation of a resource refused, with a message that counts, until `allow` is called. */
  refuseCreation(resource: string, message: string): { allow(): void; attempts(): number } {
    let attempts = 0;
    this.#refused.set(resource, () => `${message} (attempt ${++attempts})`);
    return { allow: () => this.#refused.delete(resource), attempts: () => attempts };
  }

  /** Starts a server on the store, which has what earlier ones left. */
  async up(): Promise<void> {
    const { world } = this;
    const catalogue = new GrowingCatalogue(catalogueFor(33));
    const caches = new ResourceCaches({ world, store: this.#store, catalogue });
    const server = createApiServer({
      world,
      store: this.#store,
      catalogue,
      caches,
      version,
      authenticator,
      authorizer,
      admission: [],
    });
    await server.start();
    this.#server = server;
  }

  /** Stops the server; everything that is asked of it then cannot be reached. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await server?.stop();
  }
}

async function forbidden(message: string): Promise<HttpResponse> {
  const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Forbidden', code: 403, message };
  return { status: 403, headers: {}, body: Buffer.from(JSON.stringify(status)) };
}

const authenticator: Authenticator = {
  authenticate: async ({ peer }) =>
    peer.inProcess === undefined
      ? { outcome: 'none' }
      : { outcome: 'authenticated', user: { name: peer.inProcess.name, groups: [...peer.inProcess.groups] } },
};

const authorizer: Authorizer = { authorize: async () => ({ decision: 'allow', reason: '' }) };

const version = {
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

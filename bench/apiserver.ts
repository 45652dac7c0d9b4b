/**
 * What the API server of one cluster does in a second: a server on a memory store behind TLS in a thread of its own, and
 * its clients on HTTP/2. `node bench/apiserver.ts` prints a table.
 */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { createApiServer, listen, ResourceCaches } from '@keelson/apiserver';
import { type TestCertificates, testCertificates } from '@keelson/apiserver/testing/test-certificates.ts';
import { systemWorld } from '@keelson/base';
import { catalogueFor, GrowingCatalogue, newestMinor } from '@keelson/model';
import { MemoryStore } from '@keelson/store/drivers/memory/index.ts';
import { measureApi } from './api-load.ts';

const size = {
  pods: Number(process.env['PODS'] ?? 10_000),
  customResourceDefinitions: Number(process.env['DEFINITIONS'] ?? 1000),
};

/** What a thread is told, and what it answers. */
interface Report {
  readonly port?: number;
  readonly memory?: number;
}

/** In the server's thread: tells its port, and at every message how much memory the process takes. */
async function serve(certificates: TestCertificates): Promise<void> {
  const world = systemWorld();
  const store = new MemoryStore(world);
  const catalogue = new GrowingCatalogue(catalogueFor(newestMinor));
  const caches = new ResourceCaches({ world, store, catalogue });
  const server = createApiServer({
    world,
    store,
    catalogue,
    caches,
    version: {
      major: '1',
      minor: String(newestMinor),
      gitVersion: `v1.${newestMinor}.0-eks-0000000`,
      gitCommit: '',
      gitTreeState: 'clean',
      buildDate: '',
      goVersion: '',
      compiler: '',
      platform: '',
    },
    authenticator: {
      authenticate: async () => ({ outcome: 'authenticated', user: { name: 'bench', groups: ['system:masters'] } }),
    },
    authorizer: { authorize: async () => ({ decision: 'allow', reason: '' }) },
    admission: [],
  });
  await server.start();
  const listener = await listen({
    handler: server.handler,
    world,
    tls: { ...certificates.server, clientAuthority: certificates.authority },
    at: { host: '127.0.0.1', port: 0 },
  });
  parentPort!.on('message', () => parentPort!.postMessage({ memory: process.memoryUsage().rss } satisfies Report));
  parentPort!.postMessage({ port: listener.port } satisfies Report);
}

/** Runs everything against a server in a thread of its own, and prints the table. */
async function run(): Promise<void> {
  const certificates = testCertificates();
  const worker = new Worker(import.meta.filename, { workerData: certificates });
  const heard = async (): Promise<Report> => (await once(worker, 'message'))[0];
  const { port } = await heard();
  const figures = await measureApi(
    {
      url: `https://127.0.0.1:${port}`,
      ca: certificates.authority,
      serverTime: async () => {
        const { user, system } = await worker.cpuUsage();
        return user + system;
      },
      // The clients' as well, for they are threads of one process.
      memory: async () => {
        worker.postMessage('memory');
        return (await heard()).memory!;
      },
    },
    size,
  );
  console.table(figures);
  await worker.terminate();
}

if (isMainThread) await run();
else await serve(workerData as TestCertificates);

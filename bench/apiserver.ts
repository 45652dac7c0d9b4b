/**
 * What the API server of one cluster does in a second: a server on a memory store behind TLS in a thread of its own, and
 * its clients on HTTP/2. `node bench/apiserver.ts` prints a table.
 */
import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { createApiServer, listen, ResourceCaches } from '@keelson/apiserver';
import { type TestCertificates, testCertificates } from '@keelson/apiserver/testing/test-certificates.ts';
import { systemWorld } from '@keelson/base';
import { catalogueFor } from '@keelson/model';
import { MemoryStore } from '@keelson/store/drivers/memory/index.ts';

const podCount = Number(process.env['PODS'] ?? 10_000);
const pods = '/api/v1/namespaces/default/pods';

interface Figure {
  readonly work: string;
  readonly rate: string;
  readonly p50: string;
  readonly p99: string;
  /** CPU time of the server's thread for each call: what counts on a machine that others use, too. */
  readonly server: string;
}

/** CPU time that the server's thread has had, in microseconds. */
let serverTime: () => Promise<number> = async () => 0;

/** What a thread is told, and what it answers. */
interface Report {
  readonly port?: number;
  readonly memory?: NodeJS.MemoryUsage;
}

/** In the server's thread: tells its port, and at every message how much memory it takes. */
async function serve(certificates: TestCertificates): Promise<void> {
  const world = systemWorld();
  const store = new MemoryStore(world);
  const catalogue = catalogueFor(33);
  const caches = new ResourceCaches({ world, store, catalogue });
  const server = createApiServer({
    world,
    store,
    catalogue,
    caches,
    version: {
      major: '1',
      minor: '33',
      gitVersion: 'v1.33.4-eks-0000000',
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
  parentPort!.on('message', () => parentPort!.postMessage({ memory: process.memoryUsage() } satisfies Report));
  parentPort!.postMessage({ port: listener.port } satisfies Report);
}

async function ask(
  session: ClientHttp2Session,
  method: string,
  path: string,
  body?: object,
  type = 'application/json',
) {
  const stream = session.request(
    { ':method': method, ':path': path, 'content-type': type },
    { endStream: body === undefined },
  );
  if (body !== undefined) stream.end(JSON.stringify(body));
  let length = 0;
  let status = 0;
  stream.on('data', (piece: Buffer) => {
    length += piece.length;
  });
  stream.on('response', (headers) => {
    status = Number(headers[':status']);
  });
  await once(stream, 'close');
  if (status === 0 || status >= 400) throw new Error(`${method} ${path}: ${status}`);
  return length;
}

/** A pod of about 2 KB, as a Deployment makes them. */
function podNamed(name: string) {
  return {
    metadata: {
      name,
      labels: { app: `app-${name.length % 10}`, half: String(name.charCodeAt(name.length - 1) % 2), tier: 'web' },
      annotations: { 'example.com/checksum': 'a'.repeat(64) },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-5d8f7c', uid: '0'.repeat(36), controller: true },
      ],
    },
    spec: {
      containers: [
        {
          name: 'main',
          image: 'registry.example/team/application:1.2.3',
          ports: [{ containerPort: 8080 }],
          env: Array.from({ length: 8 }, (_, index) => ({ name: `SETTING_${index}`, value: `value-${index}` })),
          resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
          readinessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 5 },
        },
      ],
    },
  };
}

function figure(work: string, times: number[], seconds: number, cpu: number): Figure {
  const sorted = times.toSorted((one, other) => one - other);
  const at = (share: number) =>
    `${sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toFixed(2)} ms`;
  const server = `${Math.round(cpu / times.length)} µs`;
  return { work, rate: `${Math.round(times.length / seconds)}/s`, p50: at(0.5), p99: at(0.99), server };
}

/** Runs `count` calls, `width` at a time. */
async function measure(work: string, count: number, width: number, call: (index: number) => Promise<unknown>) {
  const times: number[] = [];
  let next = 0;
  const before = await serverTime();
  const began = performance.now();
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (next < count) {
        const index = next++;
        const start = performance.now();
        await call(index);
        times.push(performance.now() - start);
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  return figure(work, times, seconds, (await serverTime()) - before);
}

/** One writer, many watchers on ten connections; the time from the first write until the last has the last event. */
async function fanOut(sessions: ClientHttp2Session[], watchers: number, writes: number): Promise<Figure> {
  const streams = Array.from({ length: watchers }, (_, index) =>
    sessions[index % sessions.length]!.request({
      ':path': `${pods}?watch=1&fieldSelector=metadata.name%3Dfan&resourceVersion=0`,
    }),
  );
  const received = streams.map(() => 0);
  const done = Promise.withResolvers<void>();
  let waiting = watchers;
  for (const [index, stream] of streams.entries()) {
    stream.on('data', (piece: Buffer) => {
      for (const byte of piece) if (byte === 10) received[index]!++;
      if (received[index]! >= writes + 1 && waiting > 0 && --waiting === 0) done.resolve();
    });
  }
  await Promise.all(streams.map((stream) => once(stream, 'response')));
  const before = await serverTime();
  const began = performance.now();
  for (let index = 0; index < writes; index++) {
    const patch = { metadata: { annotations: { count: String(index) } } };
    await ask(sessions[0]!, 'PATCH', `${pods}/fan`, patch, 'application/merge-patch+json');
  }
  await done.promise;
  const seconds = (performance.now() - began) / 1000;
  const cpu = ((await serverTime()) - before) / (watchers * writes);
  for (const stream of streams) stream.destroy();
  const each = (seconds * 1e6) / (watchers * writes);
  return {
    work: `${writes} events to ${watchers} watchers`,
    rate: `${Math.round((watchers * writes) / seconds)} events/s`,
    p50: `${each.toFixed(1)} µs each`,
    p99: '',
    server: `${cpu.toFixed(1)} µs`,
  };
}

/** Runs everything against a server in a thread of its own, and prints the table. */
async function run(): Promise<void> {
  const certificates = testCertificates();
  const worker = new Worker(import.meta.filename, { workerData: certificates });
  const heard = async (): Promise<Report> => (await once(worker, 'message'))[0];
  serverTime = async () => {
    const { user, system } = await worker.cpuUsage();
    return user + system;
  };
  const { port } = await heard();
  const session = () => connect(`https://127.0.0.1:${port}`, { ca: certificates.authority });
  const sessions = Array.from({ length: 4 }, session);
  const pick = (index: number) => sessions[index % sessions.length]!;
  const figures: Figure[] = [];
  figures.push(
    await measure(`create pod, 16 at once, ${podCount} in all`, podCount, 16, (index) =>
      ask(pick(index), 'POST', pods, podNamed(`pod-${String(index).padStart(5, '0')}`)),
    ),
  );
  worker.postMessage('memory');
  const { memory } = await heard();
  const named = (index: number) => `${pods}/pod-${String((index * 7919) % podCount).padStart(5, '0')}`;
  figures.push(await measure('get pod, 16 at once', 20_000, 16, (index) => ask(pick(index), 'GET', named(index))));
  figures.push(
    await measure('patch pod (strategic merge), 16 at once', 5000, 16, (index) =>
      ask(
        pick(index),
        'PATCH',
        named(index),
        { metadata: { annotations: { turn: String(index) } } },
        'application/strategic-merge-patch+json',
      ),
    ),
  );
  let bytes = 0;
  figures.push(
    await measure(`list ${podCount} pods`, 10, 1, async () => {
      bytes = await ask(sessions[0]!, 'GET', pods);
    }),
  );
  figures.push(
    await measure(`list by label among ${podCount} pods`, 10, 1, () =>
      ask(sessions[0]!, 'GET', `${pods}?labelSelector=half%3D1`),
    ),
  );
  await ask(sessions[0]!, 'POST', pods, podNamed('fan'));
  const watching = Array.from({ length: 10 }, session);
  figures.push(await fanOut(watching, 100, 500));
  figures.push(await fanOut(watching, 1000, 100));
  figures.push(
    await measure('delete pod, 16 at once', Math.min(5000, podCount), 16, (index) =>
      ask(pick(index), 'DELETE', `${pods}/pod-${String(index).padStart(5, '0')}`),
    ),
  );
  console.table(figures);
  console.log(
    `list: ${(bytes / 1e6).toFixed(1)} MB; after the creates: ${Math.round(memory!.rss / 1e6)} MB resident, heap ${Math.round(memory!.heapUsed / 1e6)} MB, buffers ${Math.round(memory!.arrayBuffers / 1e6)} MB`,
  );
  for (const each of [...sessions, ...watching]) each.destroy();
  await worker.terminate();
}

if (isMainThread) await run();
else await serve(workerData as TestCertificates);

/**
 * The load that an API server is measured by, ours or a peer's: it knows a URL and who asks, and nothing of what is behind.
 * Everything happens in a namespace of its own, which is emptied at the end.
 */
import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';

export interface ApiTarget {
  readonly url: string;
  /** PEM of the authority of its certificate; the machine's own when absent. */
  readonly ca?: string;
  /** PEM of a client's certificate and key. */
  readonly cert?: string;
  readonly key?: string;
  /** A bearer token. */
  readonly token?: string;
  /** CPU time that the server has had, in microseconds, where somebody can tell. */
  serverTime?(): Promise<number>;
  /** What the server takes of memory, in bytes, where somebody can tell. */
  memory?(): Promise<number>;
}

export interface Figure {
  readonly work: string;
  readonly rate: string;
  readonly p50: string;
  readonly p99: string;
  /** CPU time of the server for each call: what counts on a machine that others use, too. */
  readonly server: string;
}

export interface LoadSize {
  readonly pods: number;
  readonly customResourceDefinitions: number;
}

const namespace = 'keelson-bench';
const pods = `/api/v1/namespaces/${namespace}/pods`;
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const widths = [1, 16, 256];

/** A pod of about 2 KB, as a Deployment makes them. */
function podNamed(name: string) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      labels: { app: `app-${name.length % 10}`, tenth: name.slice(-1), tier: 'web' },
      annotations: { 'example.com/checksum': 'a'.repeat(64) },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-5d8f7c', uid: '0'.repeat(36), controller: true },
      ],
    },
    spec: {
      // No scheduler takes it, and no controller ends it: it only lies there.
      schedulerName: 'nobody',
      automountServiceAccountToken: false,
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

function definitionNamed(name: string) {
  const properties = {
    replicas: { type: 'integer', minimum: 0 },
    image: { type: 'string', maxLength: 200 },
    settings: { type: 'object', additionalProperties: { type: 'string' } },
  };
  const schema = { type: 'object', properties: { spec: { type: 'object', properties }, status: { type: 'object' } } };
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${name}s.bench.keelson.dev` },
    spec: {
      group: 'bench.keelson.dev',
      scope: 'Namespaced',
      names: { plural: `${name}s`, singular: name, kind: name[0]!.toUpperCase() + name.slice(1) },
      versions: [version],
    },
  };
}

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
  readonly type?: string;
  readonly accept?: string;
}

/** One server under load: connections to it, and what was measured so far. */
class ApiLoad {
  readonly figures: Figure[] = [];
  readonly #target: ApiTarget;
  readonly #sessions: ClientHttp2Session[];
  readonly #pods: number;

  constructor(target: ApiTarget, size: LoadSize) {
    this.#target = target;
    this.#pods = size.pods;
    this.#sessions = Array.from({ length: 4 }, () => this.#connect());
  }

  #connect(): ClientHttp2Session {
    const { url, ca, cert, key } = this.#target;
    return connect(url, { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) });
  }

  #headers({ method, path, type = 'application/json', accept = 'application/json' }: Request) {
    const { token } = this.#target;
    const authorization = token && { authorization: `Bearer ${token}` };
    return { ':method': method, ':path': path, 'content-type': type, accept, ...authorization };
  }

  close(): void {
    for (const session of this.#sessions) session.destroy();
  }

  /** Resolves to the status and how many bytes came. */
  async #send(request: Request, turn = 0): Promise<{ status: number; length: number }> {
    const session = this.#sessions[turn % this.#sessions.length]!;
    const stream = session.request(this.#headers(request), { endStream: request.body === undefined });
    if (request.body !== undefined) stream.end(JSON.stringify(request.body));
    let length = 0;
    let status = 0;
    stream.on('data', (piece: Buffer) => {
      length += piece.length;
    });
    stream.on('response', (headers) => {
      status = Number(headers[':status']);
    });
    await once(stream, 'close');
    return { status, length };
  }

  /** The same, and refusals are errors. */
  async #must(request: Request, turn?: number): Promise<number> {
    const { status, length } = await this.#send(request, turn);
    if (status === 0 || status >= 400) throw new Error(`${request.method} ${request.path}: ${status}`);
    return length;
  }

  #serverTime(): Promise<number> {
    return this.#target.serverTime?.() ?? Promise.resolve(Number.NaN);
  }

  /** Runs `count` calls, `width` at a time. */
  async #measure(work: string, count: number, width: number, request: (index: number) => Request): Promise<void> {
    const times: number[] = [];
    let next = 0;
    let bytes = 0;
    const before = await this.#serverTime();
    const began = performance.now();
    const worker = async () => {
      while (next < count) {
        const index = next++;
        const start = performance.now();
        bytes += await this.#must(request(index), index);
        times.push(performance.now() - start);
      }
    };
    await Promise.all(Array.from({ length: width }, worker));
    const seconds = (performance.now() - began) / 1000;
    const cpu = (await this.#serverTime()) - before;
    const sorted = times.toSorted((one, other) => one - other);
    const at = (share: number) =>
      `${sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toFixed(2)} ms`;
    const size = bytes / count > 1e5 ? ` (${(bytes / count / 1e6).toFixed(1)} MB)` : '';
    this.figures.push({
      work: `${work}${width > 1 ? `, ${width} at once` : ''}${size}`,
      rate: `${(count / seconds).toFixed(count / seconds < 100 ? 1 : 0)}/s`,
      p50: at(0.5),
      p99: at(0.99),
      server: Number.isNaN(cpu) ? '' : `${Math.round(cpu / count)} µs`,
    });
  }

  async prepare(): Promise<void> {
    const make = async (path: string, body: object) => {
      const { status } = await this.#send({ method: 'POST', path, body });
      if (![200, 201, 404, 409].includes(status)) throw new Error(`POST ${path}: ${status}`);
    };
    await make('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    // Where no controller makes it, admission misses it.
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
    await make(`/api/v1/namespaces/${namespace}/serviceaccounts`, account);
  }

  #name(index: number): string {
    return `pod-${String(index).padStart(6, '0')}`;
  }

  async writes(): Promise<void> {
    let made = 0;
    for (const width of widths) {
      const first = made;
      const count = width === 1 ? Math.min(500, this.#pods / 10) : (this.#pods - first) / (width === 16 ? 2 : 1);
      made += Math.floor(count);
      await this.#measure('create pod', Math.floor(count), width, (index) => ({
        method: 'POST',
        path: pods,
        body: podNamed(this.#name(first + index)),
      }));
    }
    const turn = (index: number) => ({ metadata: { annotations: { turn: String(index) } } });
    for (const width of widths)
      await this.#measure('patch pod (strategic merge)', width === 1 ? 500 : this.#pods / 4, width, (index) => ({
        method: 'PATCH',
        path: `${pods}/${this.#name((index * 7919) % this.#pods)}`,
        body: turn(index),
        type: 'application/strategic-merge-patch+json',
      }));
  }

  async reads(): Promise<void> {
    for (const width of widths)
      await this.#measure('get pod', width === 1 ? this.#pods / 5 : this.#pods * 2, width, (index) => ({
        method: 'GET',
        path: `${pods}/${this.#name((index * 7919) % this.#pods)}`,
      }));
    const list = (work: string, query = '', accept?: string) =>
      this.#measure(work, 10, 1, () => ({ method: 'GET', path: `${pods}${query}`, ...(accept && { accept }) }));
    await list(`list ${this.#pods} pods`);
    await list('list 500 pods, a page', '?limit=500');
    await list('list a tenth of them by label', '?labelSelector=tenth%3D1');
    await list('list them as Table', '', 'application/json;as=Table;v=v1;g=meta.k8s.io');
    await list('list their metadata', '', 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io');
    await list('list them in protobuf', '', 'application/vnd.kubernetes.protobuf');
  }

  /** One writer, many watchers on ten connections; the time from the first write until the last has the last event. */
  async fanOut(watchers: number, writes: number): Promise<void> {
    await this.#send({ method: 'POST', path: pods, body: podNamed('fan') });
    const sessions = Array.from({ length: 10 }, () => this.#connect());
    const path = `${pods}?watch=1&fieldSelector=metadata.name%3Dfan&resourceVersion=0`;
    const streams = Array.from({ length: watchers }, (_, index) =>
      sessions[index % sessions.length]!.request(this.#headers({ method: 'GET', path })),
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
    const before = await this.#serverTime();
    const began = performance.now();
    for (let index = 0; index < writes; index++)
      await this.#must({
        method: 'PATCH',
        path: `${pods}/fan`,
        body: { metadata: { annotations: { count: String(index) } } },
        type: 'application/merge-patch+json',
      });
    await done.promise;
    const seconds = (performance.now() - began) / 1000;
    const cpu = ((await this.#serverTime()) - before) / (watchers * writes);
    for (const session of sessions) session.destroy();
    this.figures.push({
      work: `${writes} events to ${watchers} watchers`,
      rate: `${Math.round((watchers * writes) / seconds)} events/s`,
      p50: `${((seconds * 1e6) / (watchers * writes)).toFixed(1)} µs each`,
      p99: '',
      server: Number.isNaN(cpu) ? '' : `${cpu.toFixed(1)} µs`,
    });
  }

  async customResourceDefinitions(count: number): Promise<void> {
    const named = (index: number) => `thing${index}`;
    await this.#measure('create CustomResourceDefinition', count, 4, (index) => ({
      method: 'POST',
      path: definitions,
      body: definitionNamed(named(index)),
    }));
    await this.#tellMemory(`with ${count} CustomResourceDefinitions`);
    for (let index = 0; index < count; index++)
      await this.#send({ method: 'DELETE', path: `${definitions}/${named(index)}s.bench.keelson.dev` }, index);
  }

  async #tellMemory(when: string): Promise<void> {
    const bytes = await this.#target.memory?.();
    if (bytes === undefined) return;
    this.figures.push({ work: `memory ${when}`, rate: `${Math.round(bytes / 1e6)} MB`, p50: '', p99: '', server: '' });
  }

  async run({ customResourceDefinitions }: LoadSize): Promise<void> {
    await this.#tellMemory('before');
    await this.prepare();
    await this.writes();
    await this.#tellMemory('after the writes');
    await this.reads();
    await this.fanOut(100, 500);
    await this.fanOut(1000, 100);
    await this.#tellMemory('after all that');
    for (const width of widths.slice(1)) {
      const [first, count] = width === 16 ? [0, this.#pods / 2] : [this.#pods / 2, this.#pods / 2];
      await this.#measure('delete pod', count, width, (index) => ({
        method: 'DELETE',
        path: `${pods}/${this.#name(first + index)}?gracePeriodSeconds=0`,
      }));
    }
    if (customResourceDefinitions > 0) await this.customResourceDefinitions(customResourceDefinitions);
    await this.#send({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}` });
  }
}

/** Puts a server under load. Resolves to a row for each kind of work. @throws Error when the server refuses any of it */
export async function measureApi(target: ApiTarget, size: LoadSize): Promise<Figure[]> {
  const load = new ApiLoad(target, size);
  try {
    await load.run(size);
    return load.figures;
  } finally {
    load.close();
  }
}

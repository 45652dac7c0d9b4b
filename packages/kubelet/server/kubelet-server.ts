import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { messageOf, type World } from '@keelson/base';
import { type Runtime, runtimeMessage } from '../runtime.ts';
import { readContainerLog } from './container-log.ts';
import { logOptions } from './log-options.ts';
import { resourceMetrics, statsSummary } from './node-statistics.ts';
import { findLogged, findPod, type NodePods, RequestRefusal } from './pod-lookup.ts';
import { serveCommand, servePortForward, type Upgrade, type UpgradeTools } from './pod-upgrades.ts';

export interface KubeletServerOptions {
  readonly world: World;
  readonly runtime: Runtime;
  readonly node: NodePods;
  readonly nodeName: string;
}

export interface KubeletListenOptions {
  readonly host: string;
  /** 0: any. */
  readonly port: number;
  /** PEM. */
  readonly key: string;
  readonly certificate: string;
  /** What client certificates must chain to. */
  readonly clientAuthority: string;
  /** The common names of the clients that are let in: the API server's. */
  readonly allowedNames: readonly string[];
}

/** The kubelet's own HTTP API: logs, commands, port-forwarding, statistics. */
export interface KubeletServer {
  /** Serves one connection whose other end is trusted: the API server of the same process. */
  serve(connection: Duplex): void;
  /** Listens with TLS and lets in those who show an allowed certificate. Resolves to the port. */
  listen(options: KubeletListenOptions): Promise<{ readonly port: number; close(): Promise<void> }>;
  /** Ends every connection. */
  close(): void;
}

export function createKubeletServer(options: KubeletServerOptions): KubeletServer {
  return new HttpKubeletServer(options);
}

const mostConnections = 1000;

class HttpKubeletServer implements KubeletServer {
  readonly #options: KubeletServerOptions;
  readonly #http: Server = createHttpServer();
  readonly #connections = new Set<Duplex>();

  constructor(options: KubeletServerOptions) {
    this.#options = options;
    this.#http.on('request', (request, response) => void this.#request(request, response));
    this.#http.on('upgrade', (request, socket, head) => void this.#upgrade({ request, socket, head }));
    this.#http.on('clientError', (_error, socket) => socket.destroy());
  }

  serve(connection: Duplex): void {
    if (this.#connections.size >= mostConnections) {
      connection.destroy();
      return;
    }
    this.#connections.add(connection);
    connection.on('error', () => connection.destroy());
    connection.once('close', () => this.#connections.delete(connection));
    this.#http.emit('connection', connection);
  }

  async listen(options: KubeletListenOptions): Promise<{ readonly port: number; close(): Promise<void> }> {
    const { key, certificate, clientAuthority, allowedNames, host, port } = options;
    const server = createTlsServer({
      key,
      cert: certificate,
      ca: clientAuthority,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
    });
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    server.on('secureConnection', (socket: TLSSocket) => {
      const name = socket.getPeerCertificate().subject?.CN;
      if (allowedNames.includes(String(name))) this.serve(socket);
      else socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 9\r\n\r\nForbidden');
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, resolve);
    });
    server.on('error', (error) =>
      this.#options.world.log.error('the kubelet server failed', { error: messageOf(error) }),
    );
    const address = server.address();
    return {
      port: typeof address === 'object' && address !== null ? address.port : port,
      close: () =>
        new Promise((resolve) => {
          server.close(() => resolve());
          this.close();
        }),
    };
  }

  close(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  async #request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    response.on('error', () => {});
    try {
      const url = URL.parse(request.url ?? '/', 'http://kubelet');
      if (url === null) throw new RequestRefusal(400, 'Bad Request');
      await this.#answer(request, url, response, gone.signal);
    } catch (thrown) {
      if (response.headersSent) {
        response.destroy();
        return;
      }
      const code = thrown instanceof RequestRefusal ? thrown.code : 500;
      response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' });
      response.end(thrown instanceof RequestRefusal ? thrown.message : runtimeMessage(thrown));
    }
  }

  async #answer(request: IncomingMessage, url: URL, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const { runtime, world, node, nodeName } = this.#options;
    const [root, ...parts] = pathParts(url);
    const text = (body: string, type = 'text/plain; charset=utf-8') => {
      response.writeHead(200, { 'content-type': type });
      response.end(body);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD' && !isStreaming(root))
      throw new RequestRefusal(405, 'Method Not Allowed');
    if (root === 'healthz') return text('ok');
    if (root === 'pods') {
      const items = node
        .pods()
        .map((pod) => ({ ...pod, status: node.statusOf(pod.metadata?.uid ?? '') ?? pod.status }));
      return text(JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items }), 'application/json');
    }
    if (root === 'containerLogs' && parts.length === 3) return this.#log(parts, url.searchParams, response, signal);
    if (root === 'stats' && parts[0] === 'summary')
      return text(JSON.stringify(statsSummary(nodeName, await runtime.stats(), world.clock.now())), 'application/json');
    if (root === 'metrics' && parts[0] === 'resource')
      return text(resourceMetrics(await runtime.stats()), 'text/plain; version=0.0.4; charset=utf-8');
    if (isStreaming(root)) throw new RequestRefusal(400, 'Upgrade request required');
    throw new RequestRefusal(404, '404 page not found');
  }

  async #log(
    [namespace, name, container]: readonly string[],
    query: URLSearchParams,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    const { runtime, node, world } = this.#options;
    const options = logOptions(query, world.clock.now());
    if (typeof options === 'string') throw new RequestRefusal(400, options);
    const pod = findPod(node, namespace!, name!);
    if (runtime.simulated)
      throw new RequestRefusal(400, `container "${container}" in pod "${name}" has no log: the node is simulated`);
    const found = await findLogged(runtime, node, pod, container!, options.previous);
    const running = async () => {
      const { containers } = await runtime.pod(pod.metadata?.uid ?? '');
      return containers.some(({ id, state }) => id === found.id && state === 'running');
    };
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
    response.flushHeaders();
    await pipeline(readContainerLog(found.logPath, options, running, world.clock, signal), response);
  }

  async #upgrade(upgrade: Upgrade): Promise<void> {
    const { request, socket } = upgrade;
    socket.on('error', () => socket.destroy());
    const tools: UpgradeTools = this.#options;
    try {
      const url = URL.parse(request.url ?? '/', 'http://kubelet');
      const [root, ...parts] = url === null ? [] : pathParts(url);
      if (root === 'exec' || root === 'attach') await serveCommand(tools, root, parts, url!.searchParams, upgrade);
      else if (root === 'portForward') await servePortForward(tools, parts, upgrade);
      else throw new RequestRefusal(404, '404 page not found');
    } catch (thrown) {
      const refusal = thrown instanceof RequestRefusal ? thrown : new RequestRefusal(500, runtimeMessage(thrown));
      const body = Buffer.from(refusal.message);
      const head = `HTTP/1.1 ${refusal.code} ${refusal.code === 404 ? 'Not Found' : 'Error'}\r\nConnection: close\r\n`;
      socket.end(`${head}Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    }
  }
}

function isStreaming(root: string | undefined): boolean {
  return root === 'exec' || root === 'attach' || root === 'portForward';
}

function pathParts(url: URL): string[] {
  return url.pathname
    .split('/')
    .slice(1)
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    });
}

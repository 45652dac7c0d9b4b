import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type HttpBody, isStream, type Log, messageOf } from '@keelson/base';
import type { RegistryHandler, RegistryRequest } from './server/access.ts';

export interface ListenOptions {
  readonly handler: RegistryHandler;
  readonly log: Log;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** 0 for any free port, which is the default. */
  readonly port?: number;
  /** A listening socket that was inherited, instead of host and port. */
  readonly descriptor?: number;
}

export interface RegistryListener {
  /** `http://127.0.0.1:5000`. */
  readonly url: string;
  /** Ends open connections. */
  close(): Promise<void>;
}

const connectionLimit = 1024;
const drainLimit = 64 * 1024;

function plainHeaders(message: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}

/** The body's pieces. Its own loop, so that a handler may stop reading without the connection being cut. */
async function* bodyOf(incoming: IncomingMessage): AsyncGenerator<Uint8Array> {
  const iterator = incoming.iterator({ destroyOnReturn: false });
  for await (const piece of iterator) yield piece;
  if (!incoming.complete) throw new Error('the request ended early');
}

async function sendBody(body: HttpBody, outgoing: ServerResponse, signal: AbortSignal): Promise<void> {
  if (body instanceof Uint8Array) {
    outgoing.end(body);
    return;
  }
  if (!isStream(body)) {
    outgoing.end(Buffer.concat(body));
    return;
  }
  for await (const piece of body) {
    if (signal.aborted) return;
    if (!outgoing.write(piece)) await once(outgoing, 'drain', { signal });
  }
  outgoing.end();
}

/** Lets a small rest of the body pass, so that the connection can be used again; cuts it off otherwise. */
function finishRequest(incoming: IncomingMessage, outgoing: ServerResponse): void {
  if (incoming.complete) return;
  let rest = 0;
  incoming.on('data', (piece: Buffer) => {
    rest += piece.length;
    if (rest > drainLimit) incoming.socket.destroy();
  });
  outgoing.setHeader('connection', 'close');
}

async function serve(handler: RegistryHandler, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController();
  outgoing.on('close', () => gone.abort());
  const request: RegistryRequest = {
    method: incoming.method ?? 'GET',
    target: incoming.url ?? '/',
    headers: plainHeaders(incoming),
    body: bodyOf(incoming),
    signal: gone.signal,
    peer: { address: incoming.socket.remoteAddress ?? '', certificates: [] },
  };
  const response = await handler(request);
  finishRequest(incoming, outgoing);
  if (incoming.method === 'HEAD' && 'content-length' in response.headers) outgoing.strictContentLength = false;
  outgoing.writeHead(response.status, response.headers);
  await sendBody(response.body, outgoing, gone.signal);
}

/** What node:http calls for each request, to be put on any HTTP or TLS server. Bodies pass through in pieces. */
export function requestListener(handler: RegistryHandler, log: Log) {
  return (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    incoming.on('error', () => {});
    outgoing.on('error', () => {});
    serve(handler, incoming, outgoing).catch((error) => {
      if (!outgoing.destroyed)
        log.warn('a registry response broke off', { target: incoming.url, reason: messageOf(error) });
      outgoing.destroy();
    });
  };
}

async function listening(server: Server, options: ListenOptions): Promise<void> {
  const { host = '127.0.0.1', port = 0, descriptor } = options;
  server.listen(descriptor === undefined ? { host, port } : { fd: descriptor });
  await once(server, 'listening');
}

/** Serves the registry over HTTP. @throws Error with the system's code (EADDRINUSE) when it cannot listen */
export async function listen(options: ListenOptions): Promise<RegistryListener> {
  const server = createServer({ requestTimeout: 0 }, requestListener(options.handler, options.log));
  server.maxConnections = connectionLimit;
  await listening(server, options);
  const { address, family, port } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

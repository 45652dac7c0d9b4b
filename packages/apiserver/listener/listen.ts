import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, ListenOptions as NetListenOptions, Server, Socket } from 'node:net';
import { type HttpHandler, type HttpRequest, messageOf, sleep, type World } from '@keelson/base';
import { bodyLimit } from '../request/decode-body.ts';
import type { UpgradedConnection } from '../subresources/subresource-handler.ts';
import { http1Exchange, http1Request } from './http1-exchange.ts';
import { http2Exchange } from './http2-exchange.ts';

/** PEM texts; `clientAuthority` is what client certificates must chain to. */
export interface ListenerTls {
  readonly key: string | Uint8Array;
  readonly certificate: string | Uint8Array;
  readonly clientAuthority?: string | Uint8Array;
  /** By default TLS 1.2. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** Of TLS 1.2, as OpenSSL names them; by default Node's. */
  readonly ciphers?: string;
}

export interface ListenerOptions {
  readonly handler: HttpHandler;
  readonly handleUpgrade?: (request: HttpRequest, connection: UpgradedConnection) => Promise<void>;
  /** Absent: plain HTTP/1.1, for Unix sockets and tests. */
  readonly tls?: ListenerTls;
  /** Where: host and port (0: any), the path of a Unix socket, or a descriptor that was inherited. */
  readonly at:
    | { readonly host: string; readonly port: number }
    | { readonly path: string }
    | { readonly descriptor: number };
  readonly world: World;
  /** Connections at a time. */
  readonly connectionLimit?: number;
  /** How long `close` waits for what is under way, in milliseconds. */
  readonly closeGrace?: number;
}

export interface Listener {
  /** The port listened on; 0 for a Unix socket. */
  readonly port: number;
  /** Uses other keys for connections from now on. */
  reload(tls: ListenerTls): void;
  /** Takes no more connections and resolves when those that are open have ended, or were ended. */
  close(): Promise<void>;
}

const defaults = { connectionLimit: 10_000, closeGrace: 5000 };
/** HTTP/1.1: how long a connection may be idle, and how long a request's header and body may take, in milliseconds. */
const idleTime = 90_000;
const headerTime = 30_000;
const requestTime = 120_000;
/** Bytes of a request's header, as Go's server has it. */
const headerLimit = 1 << 20;
/** HTTP/2: requests at a time on one connection, as kube-apiserver has it by default. */
const streamLimit = 250;

/** Drives `handler` from a socket: HTTP/2 and HTTP/1.1 over TLS on one port, or plain HTTP/1.1. Rejects when it cannot listen. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const connections = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  const server = options.tls
    ? secureServer(options, options.tls, sessions)
    : createServer({ maxHeaderSize: headerLimit });
  server.maxConnections = options.connectionLimit ?? defaults.connectionLimit;
  const tracked = options.tls ? 'secureConnection' : 'connection';
  (server as Server).on(tracked, (socket: Socket) => {
    connections.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => connections.delete(socket));
  });
  serveHttp1(server as Server, options);
  (server as Server).listen(listenArguments(options.at));
  await once(server, 'listening');
  server.on('error', (error) => options.world.log.error('a listener failed', { error: messageOf(error) }));
  const address = server.address() as AddressInfo | string | null;
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    reload: (tls) => {
      if ('setSecureContext' in server) server.setSecureContext(contextOf(tls));
    },
    close: () => closeServer(server as Server, sessions, connections, options),
  };
}

function listenArguments(at: ListenerOptions['at']): NetListenOptions & { fd?: number } {
  if ('descriptor' in at) return { fd: at.descriptor };
  return 'path' in at ? { path: at.path } : { host: at.host, port: at.port };
}

const tls13Suites = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256';

function contextOf(tls: ListenerTls) {
  return {
    key: tls.key as string,
    cert: tls.certificate as string,
    ...(tls.clientAuthority === undefined ? {} : { ca: tls.clientAuthority as string }),
    minVersion: tls.minVersion ?? ('TLSv1.2' as const),
    // TLS 1.3 has its own suites, which stay.
    ...(tls.ciphers === undefined ? {} : { ciphers: `${tls13Suites}:${tls.ciphers}` }),
  };
}

function secureServer(options: ListenerOptions, tls: ListenerTls, sessions: Set<ServerHttp2Session>) {
  const server = createSecureServer({
    ...contextOf(tls),
    allowHTTP1: true,
    requestCert: tls.clientAuthority !== undefined,
    // Whoever shows no certificate, or another authority's, may still have a token.
    rejectUnauthorized: false,
    handshakeTimeout: 15_000,
    // Node takes it for the requests of HTTP/1.1; its types do not know that.
    ...({ maxHeaderSize: headerLimit } as object),
    settings: { maxConcurrentStreams: streamLimit, enablePush: false, maxHeaderListSize: headerLimit },
  });
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => session.destroy());
    session.once('close', () => sessions.delete(session));
  });
  // A 'request' listener makes Node wrap HTTP/2 streams as well: those are taken by the stream API alone.
  server.on('request', () => {});
  server.removeAllListeners('stream');
  server.removeAllListeners('request');
  const exchange = { handler: options.handler, bodyLimit };
  server.on('stream', (stream: ServerHttp2Stream, headers, flags) => {
    http2Exchange(stream, headers, flags, exchange).catch((error) => {
      options.world.log.error('an exchange failed', { error });
      stream.destroy();
    });
  });
  return server;
}

function serveHttp1(server: Server, options: ListenerOptions): void {
  const exchange = { handler: options.handler, bodyLimit };
  Object.assign(server, {
    keepAliveTimeout: idleTime,
    headersTimeout: headerTime,
    requestTimeout: requestTime,
  });
  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    http1Exchange(incoming, outgoing, exchange).catch((error) => {
      options.world.log.error('an exchange failed', { error });
      incoming.socket.destroy();
    });
  });
  server.on('upgrade', (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
    const aborts = new AbortController();
    socket.on('error', () => socket.destroy());
    socket.once('close', () => aborts.abort());
    const request = http1Request(incoming, new Uint8Array(0), aborts.signal);
    if (options.handleUpgrade === undefined) socket.end('HTTP/1.1 501 Not Implemented\r\nConnection: close\r\n\r\n');
    else void options.handleUpgrade(request, { socket, head });
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const code = error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
    if (socket.writable) socket.end(`HTTP/1.1 ${code}\r\nConnection: close\r\n\r\n`);
    else socket.destroy();
  });
}

async function closeServer(
  server: Server,
  sessions: Set<ServerHttp2Session>,
  connections: Set<Socket>,
  { world, closeGrace }: ListenerOptions,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const session of sessions) session.close();
  (server as Partial<ReturnType<typeof createServer>>).closeIdleConnections?.();
  const done = new AbortController();
  void sleep(world.clock, closeGrace ?? defaults.closeGrace, done.signal).then(() => {
    for (const session of sessions) session.destroy();
    for (const socket of connections) socket.destroy();
  });
  await closed;
  done.abort();
}

import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import type { Clock, HttpRequest, HttpResponse } from '@keelson/base';
import type { Send } from './exchange.ts';

export interface TlsTransportOptions {
  /** `https://host:port`, without a path. */
  readonly url: string;
  /** PEM of the authority that the server's certificate must come from. */
  readonly ca: string;
  readonly clock: Clock;
  /** PEM of a client certificate and its key. */
  readonly certificate?: string;
  readonly key?: string;
  /** A bearer token for each request; called for every one, so it keeps the token itself while that is good. */
  readonly token?: () => Promise<string>;
  /** The name to expect in the server's certificate, when it is not the URL's host. */
  readonly serverName?: string;
  /** Milliseconds for a connection, and for a whole answer that is no watch. Default 10 s and 60 s. */
  readonly connectTimeout?: number;
  readonly requestTimeout?: number;
  /** Milliseconds between pings that find a dead connection. Default 30 s. */
  readonly pingInterval?: number;
}

export interface TlsTransport {
  readonly send: Send;
  /** Ends the connection and every request on it. The next request connects again. */
  close(): void;
}

/**
 * HTTP/2 over TLS 1.2 or newer: one connection for all requests, made when it is needed and made anew when it was lost.
 * A request that was on a lost connection rejects; it is not sent again, because the server may have acted on it.
 */
export function tlsTransport(options: TlsTransportOptions): TlsTransport {
  const connection = new Connection(options);
  return {
    send: async (request) => {
      const token = options.token ? await options.token() : undefined;
      const session = await connection.session();
      return exchange(session, request, { token, clock: options.clock, requestTimeout: options.requestTimeout });
    },
    close: () => connection.close(),
  };
}

class Connection {
  readonly #options: TlsTransportOptions;
  #session: Promise<ClientHttp2Session> | undefined;

  constructor(options: TlsTransportOptions) {
    this.#options = options;
  }

  session(): Promise<ClientHttp2Session> {
    this.#session ??= this.#connect();
    return this.#session;
  }

  close(): void {
    const session = this.#session;
    this.#session = undefined;
    session?.then(
      (open) => open.destroy(),
      () => {},
    );
  }

  #connect(): Promise<ClientHttp2Session> {
    const { url, ca, certificate, key, serverName, clock } = this.#options;
    const session = connect(url, {
      ca,
      ...(certificate !== undefined && { cert: certificate }),
      ...(key !== undefined && { key }),
      ...(serverName !== undefined && { servername: serverName }),
      minVersion: 'TLSv1.2',
      settings: { enablePush: false, initialWindowSize: 1024 * 1024 },
    });
    const opening = new Promise<ClientHttp2Session>((resolve, reject) => {
      const timeout = this.#options.connectTimeout ?? 10_000;
      const timer = clock.setTimer(timeout, () => {
        session.destroy(new Error(`connecting to ${url} took longer than ${timeout} ms`));
      });
      session.once('connect', () => {
        timer.cancel();
        session.setLocalWindowSize(16 * 1024 * 1024);
        this.#keepAlive(session);
        resolve(session);
      });
      session.on('error', (error) => {
        timer.cancel();
        reject(error);
      });
      session.once('close', () => {
        timer.cancel();
        reject(new Error(`the connection to ${url} was closed`));
      });
    });
    const forget = () => {
      if (this.#session === opening) this.#session = undefined;
    };
    session.once('close', forget);
    // After GOAWAY the requests under way may finish, but new ones need a new connection.
    session.once('goaway', forget);
    return opening;
  }

  #keepAlive(session: ClientHttp2Session): void {
    const interval = this.#options.pingInterval ?? 30_000;
    const clock = this.#options.clock;
    const ping = () => {
      if (session.destroyed) return;
      const late = clock.setTimer(interval / 2, () => session.destroy(new Error('the server answers no pings')));
      session.ping((error) => {
        late.cancel();
        if (error === null) clock.setTimer(interval, ping);
      });
    };
    clock.setTimer(interval, ping);
  }
}

interface ExchangeSettings {
  readonly clock: Clock;
  readonly token: string | undefined;
  readonly requestTimeout: number | undefined;
}

function exchange(
  session: ClientHttp2Session,
  request: HttpRequest,
  settings: ExchangeSettings,
): Promise<HttpResponse> {
  if (request.signal.aborted) return Promise.reject(new Error('the request was aborted'));
  const headers = {
    ...request.headers,
    ':method': request.method,
    ':path': request.target,
    ...(settings.token !== undefined && { authorization: `Bearer ${settings.token}` }),
  };
  const stream = session.request(headers, { endStream: request.body.length === 0 });
  const abort = () => stream.close(constants.NGHTTP2_CANCEL);
  request.signal.addEventListener('abort', abort, { once: true });
  const limit = settings.requestTimeout ?? 60_000;
  const timer = settings.clock.setTimer(limit, () => {
    stream.destroy(new Error(`${request.method} ${request.target} took longer than ${limit} ms`));
  });
  stream.once('close', () => {
    timer.cancel();
    request.signal.removeEventListener('abort', abort);
  });
  if (request.body.length > 0) stream.end(request.body);
  return new Promise((resolve, reject) => {
    stream.once('error', reject);
    stream.once('close', () => reject(new Error('the connection was lost before the answer')));
    stream.once('response', (received) => {
      const status = Number(received[':status']);
      // A watch and a followed log go on for as long as both sides like.
      if (status < 300 && /[?&](watch|follow)=(true|1)(&|$)/.test(request.target)) timer.cancel();
      resolve({ status, headers: plainHeaders(received), body: piecesOf(stream) });
    });
  });
}

async function* piecesOf(stream: ClientHttp2Stream): AsyncIterable<Uint8Array> {
  for await (const piece of stream) yield piece;
  // A stream that is reset ends like one that is complete; only the code tells them apart.
  const code = stream.rstCode;
  if (code !== undefined && code !== constants.NGHTTP2_NO_ERROR && code !== constants.NGHTTP2_CANCEL)
    throw new Error(`the server ended the answer with HTTP/2 code ${code}`);
}

function plainHeaders(received: Readonly<Record<string, string | string[] | number | undefined>>) {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(received)) {
    if (name.startsWith(':') || value === undefined) continue;
    headers[name] = Array.isArray(value) ? value.join(', ') : String(value);
  }
  return headers;
}

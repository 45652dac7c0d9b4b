import { type ClientRequest, request as httpRequest, type IncomingMessage, Agent as PlainAgent } from 'node:http';
import { request as httpsRequest, Agent as TlsAgent } from 'node:https';
import { connect as plainConnect } from 'node:net';
import type { Duplex } from 'node:stream';
import { messageOf, type World } from '@keelson/base';
import { DecodeError, parseJson } from '@keelson/model';
import type { ObjectReader } from '../admission/contract.ts';
import { connectionFailure, hostAndPort, refusalText } from './call-failure.ts';
import {
  type ClusterDialer,
  type ServiceEndpoint,
  type ServiceReference,
  type WebhookCall,
  WebhookCallError,
  type WebhookCaller,
  type WebhookTarget,
  webhookAnswerLimit,
} from './contract.ts';
import { secureConnection } from './secure-connection.ts';
import { defaultServicePort, ServiceResolutionError, serviceEndpoint } from './service-endpoint.ts';

/** Targets whose connections are kept; the one that was not used for longest gives way. */
const targetLimit = 256;
/** Connections to one target at once; further calls wait for one, within their time. */
const connectionLimit = 64;
const idleConnectionLimit = 8;
/** How long a connection may take to be made, in milliseconds. */
const dialPatience = 30_000;

export interface WebhookClientOptions {
  readonly world: World;
  /** Finds Services and their endpoints. */
  readonly reader: ObjectReader;
  /** Reaches Services' endpoints; absent: the cluster's network cannot be reached from here. */
  readonly dial?: ClusterDialer;
}

/** A target with everything that a call needs of it. */
interface Route {
  readonly url: URL;
  readonly service: ServiceReference | undefined;
  readonly agent: PlainAgent | TlsAgent;
}

/** Calls webhooks over HTTP/1.1 with TLS, with connections that are kept for each target. */
export class WebhookClient implements WebhookCaller {
  readonly #options: WebhookClientOptions;
  /** By what makes a target; the last used is last. */
  readonly #routes = new Map<string, Route>();

  constructor(options: WebhookClientOptions) {
    this.#options = options;
  }

  async call(target: WebhookTarget, call: WebhookCall): Promise<unknown> {
    const route = this.#route(target);
    const shown = new URL(route.url);
    shown.searchParams.set('timeout', goDuration(call.timeout));
    // The port of a Service is always shown, as upstream does.
    const text = route.service ? shown.href.replace(shown.host, `${shown.hostname}:${portOf(route)}`) : shown.href;
    const aborts = new AbortController();
    const stop = () => aborts.abort();
    const timer = this.#options.world.clock.setTimer(call.timeout, stop);
    call.signal?.addEventListener('abort', stop, { once: true });
    if (call.signal?.aborted) stop();
    try {
      return await this.#exchange(route, target, call, shown, aborts.signal);
    } catch (error) {
      if (error instanceof WebhookCallError && error.failure !== 'unreachable') throw error;
      const timedOut = aborts.signal.aborted && !call.signal?.aborted;
      const why = timedOut
        ? 'context deadline exceeded'
        : aborts.signal.aborted
          ? 'context canceled'
          : this.#why(error, route);
      throw new WebhookCallError(timedOut ? 'timeout' : 'unreachable', `Post ${JSON.stringify(text)}: ${why}`);
    } finally {
      timer.cancel();
      call.signal?.removeEventListener('abort', stop);
    }
  }

  /** Closes the connections that are kept; calls under way fail. */
  close(): void {
    for (const { agent } of this.#routes.values()) agent.destroy();
    this.#routes.clear();
  }

  #why(error: unknown, route: Route): string {
    if (error instanceof WebhookCallError || error instanceof ServiceResolutionError) return error.message;
    if (!(error instanceof Error)) return messageOf(error);
    return connectionFailure(error, route.url.hostname.replace(/^\[|\]$/g, ''), portOf(route));
  }

  async #exchange(
    route: Route,
    target: WebhookTarget,
    call: WebhookCall,
    url: URL,
    signal: AbortSignal,
  ): Promise<unknown> {
    for (let tries = 1; ; tries++) {
      const outgoing = send(route, target, call, url, signal);
      try {
        return await answerOf(outgoing, call.answerLimit ?? webhookAnswerLimit, signal);
      } catch (error) {
        // A kept connection may have been closed by the other side before the call came to it.
        const stale = outgoing.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET';
        if (!stale || tries > idleConnectionLimit || signal.aborted) throw error;
      }
    }
  }

  #route(target: WebhookTarget): Route {
    const key = JSON.stringify([
      target.at,
      target.authorities,
      target.client?.certificate,
      target.serverName,
      target.insecure,
    ]);
    const known = this.#routes.get(key);
    if (known !== undefined) {
      this.#routes.delete(key);
      this.#routes.set(key, known);
      return known;
    }
    const route = this.#newRoute(target);
    this.#routes.set(key, route);
    if (this.#routes.size > targetLimit) {
      const [oldest, { agent }] = this.#routes.entries().next().value!;
      agent.destroy();
      this.#routes.delete(oldest);
    }
    return route;
  }

  #newRoute(target: WebhookTarget): Route {
    const service = 'service' in target.at ? target.at.service : undefined;
    const url = 'url' in target.at ? urlOf(target.at.url) : serviceUrl(target.at.service);
    const settings = {
      keepAlive: true,
      maxSockets: connectionLimit,
      maxFreeSockets: idleConnectionLimit,
      timeout: 90_000,
    };
    const agent = url.protocol === 'http:' ? new PlainAgent(settings) : new TlsAgent(settings);
    agent.createConnection = (_options, callback) => {
      const made = this.#connect(target, url, service);
      made.then(
        (socket) => callback?.(null, socket),
        (error) => callback?.(error, undefined as never),
      );
      return undefined;
    };
    return { url, service, agent };
  }

  /** A connection past its TLS handshake. */
  async #connect(target: WebhookTarget, url: URL, service: ServiceReference | undefined): Promise<Duplex> {
    const { world, reader } = this.#options;
    const aborts = new AbortController();
    const timer = world.clock.setTimer(dialPatience, () => aborts.abort());
    const host = url.hostname.replace(/^\[|\]$/g, '');
    try {
      const endpoint: ServiceEndpoint =
        service === undefined
          ? { host, port: Number(url.port || (url.protocol === 'http:' ? 80 : 443)) }
          : serviceEndpoint(reader, world.random, service);
      const plain =
        service === undefined
          ? await dialDirectly(endpoint, aborts.signal)
          : await this.#dialService(endpoint, aborts.signal);
      if (url.protocol === 'http:') return plain;
      return await secureConnection(plain, { serverName: host, ...target, signal: aborts.signal });
    } finally {
      timer.cancel();
    }
  }

  #dialService(endpoint: ServiceEndpoint, signal: AbortSignal): Promise<Duplex> {
    const { dial } = this.#options;
    if (dial !== undefined) return dial(endpoint, signal);
    throw new Error(`dial tcp ${hostAndPort(endpoint.host, endpoint.port)}: connect: no route to host`);
  }
}

function portOf({ url, service }: Route): number {
  return service?.port ?? (Number(url.port) || (url.protocol === 'http:' ? 80 : defaultServicePort));
}

/** @throws WebhookCallError */
function urlOf(text: string): URL {
  if (!URL.canParse(text)) throw new WebhookCallError('unreachable', `parse ${JSON.stringify(text)}: invalid URL`);
  const url = new URL(text);
  if (url.protocol === 'https:' || url.protocol === 'http:') return url;
  throw new WebhookCallError('unreachable', `unsupported protocol scheme ${JSON.stringify(url.protocol.slice(0, -1))}`);
}

function serviceUrl({ namespace, name, path = '/', port = defaultServicePort }: ServiceReference): URL {
  const url = new URL(`https://${name}.${namespace}.svc:${port}`);
  url.pathname = path;
  return url;
}

/** A connection that is asked for nothing yet. Rejects with the text of a dialer. */
export function dialDirectly({ host, port }: ServiceEndpoint, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = plainConnect({ host, port, noDelay: true });
    const abort = () => socket.destroy(new Error(`dial tcp ${hostAndPort(host, port)}: i/o timeout`));
    const failed = (error: Error) => {
      signal.removeEventListener('abort', abort);
      reject(new Error(connectionFailure(error, host, port)));
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      signal.removeEventListener('abort', abort);
      socket.off('error', failed);
      resolve(socket);
    });
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

function send(
  { agent }: Route,
  target: WebhookTarget,
  call: WebhookCall,
  url: URL,
  signal: AbortSignal,
): ClientRequest {
  const request = url.protocol === 'http:' ? httpRequest : httpsRequest;
  const outgoing = request(url, {
    agent,
    signal,
    method: 'POST',
    headers: {
      accept: 'application/json, */*',
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(call.body),
      'user-agent': 'kube-apiserver-admission',
      ...(target.bearerToken === undefined ? {} : { authorization: `Bearer ${target.bearerToken}` }),
    },
  });
  outgoing.end(call.body);
  return outgoing;
}

async function answerOf(outgoing: ClientRequest, limit: number, signal: AbortSignal): Promise<unknown> {
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.on('error', reject);
    // A request that still waits for its connection does not tell by itself that it was ended.
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of incoming) {
    size += piece.length;
    if (size > limit) {
      outgoing.destroy();
      throw new WebhookCallError('malformed', `the response is larger than ${limit} bytes`);
    }
    pieces.push(piece);
  }
  const body = Buffer.concat(pieces);
  const code = incoming.statusCode ?? 0;
  if (code < 200 || code > 299)
    throw new WebhookCallError('status', refusalText(code, incoming.headers['content-type'] ?? '', body), code);
  try {
    return parseJson(body);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new WebhookCallError('malformed', `couldn't get version/kind; json parse error: ${error.message}`);
  }
}

/** Whole or broken seconds as Go prints a Duration below an hour: `10s`, `1m0s`, `500ms`. */
function goDuration(milliseconds: number): string {
  const whole = Math.max(1, Math.round(milliseconds));
  if (whole < 1000) return `${whole}ms`;
  const minutes = Math.floor(whole / 60_000);
  const seconds = `${(whole % 60_000) / 1000}s`;
  return minutes === 0 ? seconds : `${minutes}m${seconds}`;
}

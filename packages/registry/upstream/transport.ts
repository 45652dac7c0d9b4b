import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { type Clock, messageOf, type Timer } from '@keelson/base';

export interface UpstreamRequest {
  readonly method: 'GET' | 'HEAD';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface UpstreamResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The body; it must be read to its end or discarded. */
  readonly body: AsyncIterable<Uint8Array>;
  discard(): void;
}

/** Sends one request, follows nothing. @throws UpstreamAway when no answer came */
export type Transport = (request: UpstreamRequest) => Promise<UpstreamResponse>;

/** No answer came: no address, no route, refused, too slow, or broken off. */
export class UpstreamAway extends Error {
  override readonly name = 'UpstreamAway';
}

/** Bounds of one request, in milliseconds. */
export interface TransportLimits {
  /** From the start until the connection stands: name, TCP and TLS together. Default 3 s. */
  readonly connect?: number;
  /** From the connection until the response's head, and between two pieces of its body. Default 30 s. */
  readonly silence?: number;
}

function plainHeaders(message: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}

async function* piecesOf(message: IncomingMessage, arm: () => void, disarm: () => void): AsyncGenerator<Uint8Array> {
  try {
    arm();
    for await (const piece of message) {
      disarm();
      yield piece;
      arm();
    }
    if (!message.complete) throw new Error('the connection ended early');
  } catch (error) {
    throw new UpstreamAway(messageOf(error));
  } finally {
    disarm();
    message.destroy();
  }
}

/** Requests over node:http and node:https, with connections kept and every wait bounded. */
export function nodeTransport(clock: Clock, limits: TransportLimits = {}): { send: Transport; close(): void } {
  const { connect = 3_000, silence = 30_000 } = limits;
  const options = { keepAlive: true, maxSockets: 16, maxFreeSockets: 4 };
  const agents = { 'http:': new HttpAgent(options), 'https:': new HttpsAgent(options) };
  const send: Transport = ({ method, url, headers, signal }) =>
    new Promise((resolve, reject) => {
      const secure = url.protocol === 'https:';
      const agent = agents[secure ? 'https:' : 'http:'];
      const outgoing = (secure ? httpsRequest : httpRequest)(url, { method, headers, agent, signal });
      let timer: Timer | undefined;
      const disarm = () => timer?.cancel();
      const arm = (delay: number, what: string) => {
        disarm();
        timer = clock.setTimer(delay, () => outgoing.destroy(new Error(`${what} took longer than ${delay} ms`)));
      };
      arm(connect, 'connecting');
      const connected = () => arm(silence, 'the answer');
      outgoing.on('socket', (socket) => {
        if (outgoing.reusedSocket || !socket.connecting) connected();
        else socket.once(secure ? 'secureConnect' : 'connect', connected);
      });
      outgoing.on('error', (error) => {
        disarm();
        reject(new UpstreamAway(`${url.host}: ${messageOf(error)}`));
      });
      outgoing.on('response', (message) => {
        disarm();
        message.on('error', () => {});
        const body = piecesOf(message, () => arm(silence, 'the next piece'), disarm);
        resolve({
          status: message.statusCode ?? 0,
          headers: plainHeaders(message),
          body,
          discard: () => message.resume(),
        });
      });
      outgoing.end();
    });
  return {
    send,
    close: () => {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { type HttpHandler, type HttpRequest, isStream } from '@keelson/base';
import { peerOf } from './client-peer.ts';
import { plainHeaders, tooLargeStatus } from './exchange-headers.ts';
import { readBody } from './read-body.ts';
import { sendBody } from './send-body.ts';

/** Answers one HTTP/1.1 request with `handler`. */
export async function http1Exchange(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  options: { readonly handler: HttpHandler; readonly bodyLimit: number },
): Promise<void> {
  const aborts = new AbortController();
  outgoing.once('close', () => aborts.abort());
  outgoing.on('error', () => aborts.abort());
  const body = await readBody(incoming, options.bodyLimit);
  if (body === 'aborted') return;
  if (body === 'tooLarge') {
    // The rest of the body is on its way: the connection cannot be used again.
    outgoing.writeHead(413, { 'content-type': 'application/json', connection: 'close' });
    outgoing.end(tooLargeStatus, () => incoming.socket.destroySoon());
    return;
  }
  const response = await options.handler(http1Request(incoming, body, aborts.signal));
  if (outgoing.destroyed) return;
  const length = response.body instanceof Uint8Array ? { 'content-length': response.body.length } : {};
  outgoing.writeHead(response.status, { ...response.headers, ...length });
  if (isStream(response.body)) outgoing.flushHeaders();
  if (incoming.method === 'HEAD') outgoing.end();
  else await sendBody(outgoing, response.body, aborts.signal);
}

/** The request of a message whose body was read. */
export function http1Request(incoming: IncomingMessage, body: Uint8Array, signal: AbortSignal): HttpRequest {
  const { socket } = incoming;
  return {
    method: incoming.method ?? 'GET',
    target: incoming.url ?? '/',
    headers: plainHeaders(incoming.headersDistinct as never),
    body,
    signal,
    peer: peerOf(socket, socket as Partial<TLSSocket>),
  };
}

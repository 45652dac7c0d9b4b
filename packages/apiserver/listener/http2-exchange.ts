import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { HttpHandler } from '@keelson/base';
import { peerOf } from './client-peer.ts';
import { plainHeaders, tooLargeStatus } from './exchange-headers.ts';
import { readBody } from './read-body.ts';
import { sendBody } from './send-body.ts';

/** Answers one HTTP/2 stream with `handler`. */
export async function http2Exchange(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  options: { readonly handler: HttpHandler; readonly bodyLimit: number },
): Promise<void> {
  const aborts = new AbortController();
  stream.on('error', () => aborts.abort());
  stream.once('close', () => aborts.abort());
  const { session } = stream;
  if (session === undefined || session.destroyed) return;
  const peer = peerOf(session, session.socket as Partial<TLSSocket>);
  const empty = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
  const body = empty ? new Uint8Array(0) : await readBody(stream, options.bodyLimit);
  if (body === 'aborted') return;
  if (body === 'tooLarge') {
    if (stream.destroyed) return;
    stream.respond({ ':status': 413, 'content-type': 'application/json' });
    stream.end(tooLargeStatus);
    return;
  }
  const method = String(headers[':method'] ?? 'GET');
  const response = await options.handler({
    method,
    target: String(headers[':path'] ?? '/'),
    headers: plainHeaders(headers),
    body,
    signal: aborts.signal,
    peer,
  });
  if (stream.destroyed || stream.headersSent) return;
  const length = response.body instanceof Uint8Array ? { 'content-length': response.body.length } : {};
  stream.respond({ ...response.headers, ...length, ':status': response.status }, { endStream: method === 'HEAD' });
  if (method !== 'HEAD') await sendBody(stream, response.body, aborts.signal);
}

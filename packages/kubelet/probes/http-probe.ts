import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { Clock } from '@keelson/base';
import type { Container, HTTPGetAction } from '@keelson/model/generated/types/core-v1.ts';
import { joinHostPort, portNumber } from './probe-address.ts';

/** What an HTTP GET of a probe came to; the body is cut. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

const mostRedirects = 10;
const longestBody = 10 * 1024;

/** The URL that an httpGet action means. */
export function urlOf(action: HTTPGetAction, container: Container, address: string): URL {
  const scheme = (action.scheme ?? 'HTTP').toLowerCase();
  const host = joinHostPort(action.host || address, portNumber(action.port, container));
  const path = action.path ?? '/';
  return new URL(`${scheme}://${host}${path.startsWith('/') ? path : `/${path}`}`);
}

/**
 * GETs as upstream's prober does: certificates are not verified, redirects are followed on the same host only.
 * Rejects with Go's words for what went wrong.
 */
export async function httpGet(
  action: HTTPGetAction,
  url: URL,
  timeout: number,
  clock: Clock,
  minor: number,
): Promise<HttpAnswer> {
  const headers: Record<string, string> = { 'User-Agent': `kube-probe/1.${minor}`, Accept: '*/*', Connection: 'close' };
  for (const { name, value } of action.httpHeaders ?? []) headers[name] = value;
  const began = clock.monotonic();
  let at = url;
  for (let redirects = 0; ; redirects++) {
    const answer = await once(at, headers, timeout - (clock.monotonic() - began), clock);
    if (answer.location === undefined || redirects >= mostRedirects) return answer;
    const next = URL.parse(answer.location, at.href);
    if (next === null || next.hostname !== at.hostname) return answer;
    at = next;
  }
}

function once(
  url: URL,
  headers: Record<string, string>,
  timeout: number,
  clock: Clock,
): Promise<HttpAnswer & { location: string | undefined }> {
  return new Promise((resolve, reject) => {
    const secure = url.protocol === 'https:';
    const fail = (text: string) => reject(new Error(`Get "${url}": ${text}`));
    const options = {
      method: 'GET',
      headers,
      agent: false,
      rejectUnauthorized: false,
      setHost: headers['Host'] === undefined,
    };
    const asking = (secure ? tlsRequest : plainRequest)(url, options, (response) => {
      readBody(response).then(
        (body) => {
          timer.cancel();
          const status = response.statusCode ?? 0;
          const location = status >= 300 && status < 400 ? response.headers.location : undefined;
          resolve({ status, body, location });
        },
        (error: Error) => fail(error.message),
      );
    });
    const timer = clock.setTimer(Math.max(timeout, 1), () => {
      asking.destroy();
      fail('context deadline exceeded (Client.Timeout exceeded while awaiting headers)');
    });
    asking.once('error', (error: NodeJS.ErrnoException) => {
      timer.cancel();
      fail(dialError(error, url.hostname, Number(url.port) || (secure ? 443 : 80)));
    });
    asking.end();
  });
}

async function readBody(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of response) {
    text += piece;
    if (text.length >= longestBody) {
      response.destroy();
      break;
    }
  }
  return text.slice(0, longestBody);
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
};

/** A failed connection in Go's words; other errors as they are. */
export function dialError(error: NodeJS.ErrnoException, address: string, port: number): string {
  if (error.code === 'ECONNRESET') return 'read: connection reset by peer';
  const known = words[error.code ?? ''];
  return known === undefined
    ? error.message
    : `dial tcp ${joinHostPort(address.replace(/^\[|\]$/g, ''), port)}: ${known}`;
}

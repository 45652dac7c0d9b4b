import type { IncomingMessage } from 'node:http';
import type { HttpRequest } from '@keelson/base';

/** What concerns one connection alone (RFC 9110, 7.6.1), and what says who the caller is: that is for this server alone. */
const withheld = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'authorization',
  'content-length',
  'expect',
  'host',
]);

/** The headers of `request` as what is proxied to gets them. */
export function requestHeaders({ headers, peer }: HttpRequest, host: string, path: string): Record<string, string> {
  const sent: Record<string, string> = {};
  const named = namedByConnection(headers['connection']);
  for (const [name, value] of Object.entries(headers)) {
    if (withheld.has(name) || named.has(name) || name.startsWith('impersonate-')) continue;
    sent[name] = value;
  }
  const before = headers['x-forwarded-for'];
  return {
    ...sent,
    host: headers['host'] ?? host,
    ...(peer.address === '' ? {} : { 'x-forwarded-for': before ? `${before}, ${peer.address}` : peer.address }),
    'x-forwarded-uri': path,
    'x-forwarded-host': headers['host'] ?? host,
    'x-forwarded-proto': 'https',
  };
}

/** The headers of an answer as its client gets them. `location` rewrites the target of a redirect. */
export function responseHeaders(answer: IncomingMessage, location: (target: string) => string): Record<string, string> {
  const headers: Record<string, string> = { 'cache-control': 'no-cache, private' };
  const named = namedByConnection(answer.headers.connection);
  for (const [name, values] of Object.entries(answer.headersDistinct)) {
    if (name === 'content-length' || !withheld.has(name)) {
      if (name !== '__proto__' && !named.has(name)) headers[name] = (values ?? []).join(', ');
    }
  }
  if (headers['location'] !== undefined) headers['location'] = location(headers['location']);
  return headers;
}

function namedByConnection(header: string | undefined): Set<string> {
  return new Set((header ?? '').split(',').map((name) => name.trim().toLowerCase()));
}

/**
 * Where a redirect leads, as seen from outside: a path of the same host is put below `prefix`
 * (k8s.io/apimachinery/pkg/util/proxy Transport).
 */
export function rewrittenLocation(target: string, prefix: string, hosts: readonly string[]): string {
  const match = /^(?:[a-z][a-z0-9+.-]*:)?(?:\/\/([^/?#]*))?([^?#]*)(.*)$/i.exec(target);
  const [, host = '', path = '', rest = ''] = match ?? [];
  if (match === null || (host !== '' && !hosts.includes(host)) || !path.startsWith('/')) return target;
  return path.startsWith(prefix) ? `${path}${rest}` : `${prefix.replace(/\/$/, '')}${path}${rest}`;
}

import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { HttpRequest } from '@keelson/base';
import type { UserInfo } from '../authentication/contract.ts';

/** Headers that belong to one connection (RFC 9110, 7.6.1). */
const ofConnection = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** Headers that say who asks: they are for this server alone, and what a backend believes is said by it alone. */
const ofCaller = new Set(['authorization', 'cookie', 'host', 'content-length']);

/** What a backend is sent of a request's own headers. @param upgrade the headers of the connection are passed on too */
export function forwardedHeaders(request: HttpRequest, upgrade = false): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (ofCaller.has(name) || name.startsWith('impersonate-') || name.startsWith('x-remote-')) continue;
    const kept = upgrade && (name === 'connection' || name === 'upgrade');
    if (ofConnection.has(name) && !kept) continue;
    headers[name] = name === 'sec-websocket-protocol' ? withoutToken(value) : value;
  }
  const { address } = request.peer;
  const before = headers['x-forwarded-for'];
  if (address !== '') headers['x-forwarded-for'] = before === undefined ? address : `${before}, ${address}`;
  return headers;
}

/** Browsers send their bearer token as a WebSocket sub-protocol. */
function withoutToken(value: string): string {
  const protocols = value.split(',').map((protocol) => protocol.trim());
  return protocols.filter((protocol) => !protocol.startsWith('base64url.bearer.authorization.k8s.io.')).join(', ');
}

/**
 * Who asks, as backends are told
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/#original-request-username-and-group).
 */
export function remoteUserHeaders(user: UserInfo): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { 'X-Remote-User': bytes(user.name) };
  if (user.uid) headers['X-Remote-Uid'] = bytes(user.uid);
  if (user.groups.length > 0) headers['X-Remote-Group'] = user.groups.map(bytes);
  for (const [key, values] of Object.entries(user.extra ?? {}))
    if (values.length > 0) headers[`X-Remote-Extra-${escapedKey(key)}`] = values.map(bytes);
  return headers;
}

/** Header values are bytes; Go reads them as UTF-8. */
function bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** What a header's name cannot hold is percent-encoded, and so is the percent sign. */
function escapedKey(key: string): string {
  return [...Buffer.from(key, 'utf8')]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      const plain = /[A-Za-z0-9!#$&'*+.^_`|~-]/.test(character);
      return plain ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

/** The headers of a backend's answer that its client is given. */
export function answeredHeaders(incoming: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    if (values === undefined || ofConnection.has(name) || name === '__proto__') continue;
    headers[name] = values.join(', ');
  }
  return headers;
}

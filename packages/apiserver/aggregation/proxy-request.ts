import type { HttpResponse } from '@keelson/base';
import { messageOf } from '@keelson/base';
import type { RequestContext } from '../request/request-context.ts';
import { textResponse } from '../request/respond.ts';
import { StatusError } from '../request/status-error.ts';
import { joined } from '../subresources/joined-connections.ts';
import type { UpgradedConnection } from '../subresources/subresource-handler.ts';
import { ServiceResolutionError } from '../webhook/service-endpoint.ts';
import type { Backend } from './backend.ts';
import { answeredHeaders, forwardedHeaders, remoteUserHeaders } from './proxy-headers.ts';

const unavailable = 'service unavailable';

/** Why a backend did not answer, in kube-aggregator's words. */
function failureText(error: unknown): string {
  if (error instanceof ServiceResolutionError) return unavailable;
  return `error trying to reach service: ${messageOf(error)}`;
}

/** Has a backend answer a request. What it answers is passed on as it comes; nobody there is 503. */
export async function proxyRequest(backend: Backend, { request, user }: RequestContext): Promise<HttpResponse> {
  if (!backend.api.available) return textResponse(503, `${unavailable}\n`);
  const { method, target, body, signal } = request;
  const length =
    body.length > 0 || !['GET', 'HEAD', 'OPTIONS'].includes(method) ? { 'content-length': body.length } : {};
  const headers = { ...forwardedHeaders(request), ...length, ...remoteUserHeaders(user) };
  try {
    const incoming = await backend.send({ method, path: target, headers, body, signal });
    return { status: incoming.statusCode ?? 502, headers: answeredHeaders(incoming), body: piecesOf(incoming, signal) };
  } catch (error) {
    return textResponse(503, `${failureText(error)}\n`);
  }
}

/** What a backend sends, as it comes. That the client has gone away ends it, and is no failure. */
async function* piecesOf(incoming: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* incoming;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Joins a connection with one to the backend. @throws StatusError 503 before anything is sent */
export async function proxyUpgrade(
  backend: Backend,
  { request, user }: RequestContext,
  connection: UpgradedConnection,
): Promise<void> {
  if (!backend.api.available) throw new StatusError(503, 'ServiceUnavailable', unavailable);
  const { service, insecure } = backend.api;
  const upstream = await backend.connect(insecure, request.signal).catch((error: unknown) => {
    throw new StatusError(503, 'ServiceUnavailable', failureText(error));
  });
  const headers = { ...forwardedHeaders(request, true), ...remoteUserHeaders(user) };
  const lines = [`${request.method} ${request.target} HTTP/1.1`, `Host: ${service.name}.${service.namespace}.svc`];
  for (const [name, value] of Object.entries(headers))
    for (const each of Array.isArray(value) ? value : [value])
      lines.push(`${name}: ${String(each).replace(/[\r\n\0]/g, '')}`);
  upstream.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  if (connection.head.length > 0) upstream.write(connection.head);
  await joined(connection.socket, upstream);
}

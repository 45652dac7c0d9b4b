import type { HttpBody, HttpResponse } from '@keelson/base';
import type { RegistryError } from '../errors/registry-error.ts';

const versionHeader = { 'docker-distribution-api-version': 'registry/2.0' };
const nothing = new Uint8Array(0);

/** A response with the headers that every response of a registry has. */
export function reply(status: number, headers: Record<string, string> = {}, body: HttpBody = nothing): HttpResponse {
  const length: Record<string, string> =
    body instanceof Uint8Array && !('content-length' in headers) && status !== 204
      ? { 'content-length': String(body.length) }
      : {};
  return { status, headers: { ...versionHeader, ...length, ...headers }, body };
}

export function replyJson(status: number, value: unknown, headers: Record<string, string> = {}): HttpResponse {
  return reply(status, { 'content-type': 'application/json', ...headers }, Buffer.from(`${JSON.stringify(value)}\n`));
}

export function replyError(error: RegistryError): HttpResponse {
  return replyJson(error.status, error.toJson(), error.headers);
}

/** The response to a HEAD: as to GET, without its body. */
export function withoutBody(response: HttpResponse): HttpResponse {
  return { ...response, body: nothing };
}

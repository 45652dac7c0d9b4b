import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type HttpBody, type HttpRequest, type HttpResponse, isStream } from '@keelson/base';
import { encodeValue } from './encode-value.ts';
import { acceptsGzip, negotiatePlain, type OutputForm, plainJson } from './media-type.ts';
import { StatusError } from './status-error.ts';

/** Bodies of fewer bytes are not worth compressing. */
const gzipThreshold = 128 << 10;
const compress = promisify(gzip);

/** What every answer of the API carries: nothing of it may be kept by a proxy. */
const apiHeaders = { 'cache-control': 'no-cache, private' };

export function bytesResponse(status: number, contentType: string, body: HttpBody): HttpResponse {
  return { status, headers: { ...apiHeaders, 'content-type': contentType }, body };
}

export function jsonResponse(status: number, value: unknown): HttpResponse {
  return bytesResponse(status, 'application/json', Buffer.from(`${JSON.stringify(value)}\n`));
}

export function textResponse(status: number, text: string): HttpResponse {
  const response = bytesResponse(status, 'text/plain; charset=utf-8', Buffer.from(text));
  return { ...response, headers: { ...response.headers, 'x-content-type-options': 'nosniff' } };
}

/** A value in the form that its client asked for. @param type its name in the tables, which protobuf needs */
export function valueResponse(status: number, form: OutputForm, type: string, value: object): HttpResponse {
  return bytesResponse(status, form.contentType, encodeValue(form, type, value));
}

/** A refusal as its Status, in the encoding that the client asked for; when that cannot be, the Status says so. */
export function statusResponse(refusal: StatusError, request?: HttpRequest, query?: URLSearchParams): HttpResponse {
  const { headers } = refusal;
  let { status } = refusal;
  let form = plainJson;
  try {
    if (request !== undefined) form = negotiatePlain(request.headers, query ?? new URLSearchParams());
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    status = error.status;
  }
  const response = valueResponse(status.code ?? 500, form, 'meta/v1.Status', status);
  const after = status.details?.retryAfterSeconds;
  if (after === undefined && headers === undefined) return response;
  const retry: Record<string, string> = after === undefined ? {} : { 'retry-after': String(after) };
  return { ...response, headers: { ...response.headers, ...retry, ...headers } };
}

/** Characters of all warnings together, and of each once they are more (k8s.io/apiserver/pkg/endpoints/filters). */
const warningsLimit = 4096;
const longWarningLimit = 256;

/** As many of the warnings as a client can be sent, each once; all are cut short when together they are too long. */
function bounded(warnings: readonly string[]): string[] {
  const texts = [...new Set(warnings)];
  const total = texts.reduce((sum, text) => sum + text.length, 0);
  if (total <= warningsLimit) return texts;
  const kept: string[] = [];
  let written = 0;
  for (const text of texts) {
    if (written >= warningsLimit) break;
    const short = [...text.slice(0, 2 * longWarningLimit)].slice(0, longWarningLimit).join('');
    written += short.length;
    kept.push(short);
  }
  return kept;
}

/** The response with `warnings` as Warning headers (RFC 7234, 5.5). */
export function withWarnings(response: HttpResponse, warnings: readonly string[]): HttpResponse {
  if (warnings.length === 0) return response;
  const texts = bounded(warnings).map((text) => {
    // Header values hold printable ASCII only.
    const plain = text.replace(/[\r\n]+/g, ' ').replace(/[^\x20-\x7e]/g, '?');
    return `299 - "${plain.replace(/(["\\])/g, '\\$1')}"`;
  });
  return { ...response, headers: { ...response.headers, warning: texts.join(', ') } };
}

function lengthOf(body: Uint8Array | readonly Uint8Array[]): number {
  if (body instanceof Uint8Array) return body.length;
  return body.reduce((sum, piece) => sum + piece.length, 0);
}

/** The response compressed when it is large and the client takes that. */
export async function compressed(response: HttpResponse, acceptEncoding: string | undefined): Promise<HttpResponse> {
  const { body } = response;
  if (isStream(body) || lengthOf(body) < gzipThreshold || !acceptsGzip(acceptEncoding)) return response;
  const whole = body instanceof Uint8Array ? body : Buffer.concat(body);
  const packed = await compress(whole, { level: 1 });
  return {
    ...response,
    headers: { ...response.headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding' },
    body: packed,
  };
}

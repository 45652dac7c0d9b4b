import { type HttpBody, isStream } from '@keelson/base';
import type { Status } from '@keelson/model';
import { ApiError } from './api-error.ts';

/** What a bare HTTP code means when the answer carries no Status (a proxy's page, a cut body). */
const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Gone',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** The whole body as one piece. @throws Error when it is longer than `limit` bytes */
export async function readBody(body: HttpBody, limit: number): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  if (!isStream(body)) return Buffer.concat(body);
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of body) {
    length += piece.length;
    if (length > limit) throw new Error(`the answer is longer than ${limit} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** @throws SyntaxError when the bytes are no JSON */
export function parseJson(bytes: Uint8Array): any {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
}

/** The error that an answer of HTTP code `code` with these bytes stands for. */
export function errorOf(code: number, bytes: Uint8Array): ApiError {
  try {
    const parsed = parseJson(bytes);
    if (parsed?.kind === 'Status') return new ApiError({ code, ...parsed } as Status);
  } catch {
    // Not from an API server: the code alone has to do.
  }
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `the server responded with the status code ${code} but did not return more information`,
    reason: reasons[code] ?? (code >= 500 ? 'InternalError' : 'Unknown'),
    code,
  });
}

/** The wait that a Retry-After header asks for, in milliseconds; undefined when it asks for none (or for a date). */
export function retryAfter(headers: Readonly<Record<string, string>>): number | undefined {
  const value = headers['retry-after'];
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) * 1000 : undefined;
}

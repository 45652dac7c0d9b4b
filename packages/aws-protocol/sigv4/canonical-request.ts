import { createHash } from 'node:crypto';

/** A request as far as its signature covers it. */
export interface SignableRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

export const emptyPayloadHash = createHash('sha256').digest('hex');

export function payloadHash(body: Uint8Array): string {
  return body.length === 0 ? emptyPayloadHash : createHash('sha256').update(body).digest('hex');
}

/** Percent-encodes all but RFC 3986's unreserved characters, in UTF-8. */
export function encodeRfc3986(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * The path as it is signed by every service but S3: dot segments and repeated slashes are taken out, and every segment is
 * encoded once more on top of how it was sent.
 */
export function canonicalPath(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(encodeRfc3986(segment));
  }
  const trailing = kept.length > 0 && /\/(\.|\.\.)?$/.test(path) ? '/' : '';
  return `/${kept.join('/')}${trailing}`;
}

/** The pairs of a query string, percent-decoded. What cannot be decoded stays as it is. */
export function queryPairs(query: string): [string, string][] {
  if (query === '') return [];
  return query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const equals = part.indexOf('=');
      const name = equals < 0 ? part : part.slice(0, equals);
      return [decode(name), equals < 0 ? '' : decode(part.slice(equals + 1))];
    });
}

function decode(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

/** The pairs encoded and sorted by name, then value; the signature itself is never part of it. */
export function canonicalQuery(pairs: readonly (readonly [string, string])[]): string {
  return pairs
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encodeRfc3986(name), encodeRfc3986(value)] as const)
    .sort(([leftName, leftValue], [rightName, rightValue]) => {
      const byName = compare(leftName, rightName);
      return byName === 0 ? compare(leftValue, rightValue) : byName;
    })
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const mark = target.indexOf('?');
  return mark < 0 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/**
 * The canonical request ("Create a signed AWS API request", step 1). `signedHeaders` are in lower case and sorted; a
 * header that is missing counts as empty.
 */
export function canonicalRequest(request: SignableRequest, signedHeaders: readonly string[], payload: string): string {
  const { path, query } = splitTarget(request.target);
  const headers = signedHeaders.map(
    (name) => `${name}:${(request.headers[name] ?? '').trim().replace(/[ \t]+/g, ' ')}\n`,
  );
  return [
    request.method,
    canonicalPath(path),
    canonicalQuery(queryPairs(query)),
    headers.join(''),
    signedHeaders.join(';'),
    payload,
  ].join('\n');
}

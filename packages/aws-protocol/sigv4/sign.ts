import {
  canonicalQuery,
  canonicalRequest,
  emptyPayloadHash,
  payloadHash,
  queryPairs,
  type SignableRequest,
  splitTarget,
} from './canonical-request.ts';
import { algorithm, amzDate, scopeText, signature } from './signature.ts';

/** What a client signs with. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface SigningOptions {
  readonly credentials: AwsCredentials;
  readonly region: string;
  /** As in the credential scope: `eks`. */
  readonly service: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The request's headers with those that sign it (Authorization and its companions) added. `host` must be among them. */
export function signRequest(
  request: SignableRequest & { readonly body: Uint8Array },
  options: SigningOptions,
): Record<string, string> {
  const { credentials, region, service } = options;
  const date = amzDate(options.now);
  const headers: Record<string, string> = { ...request.headers, 'x-amz-date': date };
  if (credentials.sessionToken !== undefined) headers['x-amz-security-token'] = credentials.sessionToken;
  const signed = Object.keys(headers)
    .filter((name) => name === 'host' || name === 'content-type' || name.startsWith('x-amz-'))
    .sort();
  const scope = { date: date.slice(0, 8), region, service };
  const hash = headers['x-amz-content-sha256'] ?? payloadHash(request.body);
  const value = signature(
    credentials.secretAccessKey,
    scope,
    date,
    canonicalRequest({ ...request, headers }, signed, hash),
  );
  headers['authorization'] =
    `${algorithm} Credential=${credentials.accessKeyId}/${scopeText(scope)}, ` +
    `SignedHeaders=${signed.join(';')}, Signature=${value}`;
  return headers;
}

export interface PresigningOptions extends SigningOptions {
  /** Seconds. */
  readonly expires: number;
  /** The hash of the body that will be sent; that of no body when absent. */
  readonly payload?: string;
}

/** The request's path and query with the signature in the query. All headers given are signed; `host` must be one. */
export function presignTarget(request: SignableRequest, options: PresigningOptions): string {
  const { credentials, region, service } = options;
  const date = amzDate(options.now);
  const scope = { date: date.slice(0, 8), region, service };
  const signed = Object.keys(request.headers).sort();
  const { path, query } = splitTarget(request.target);
  const pairs: [string, string][] = [
    ...queryPairs(query),
    ['X-Amz-Algorithm', algorithm],
    ['X-Amz-Credential', `${credentials.accessKeyId}/${scopeText(scope)}`],
    ['X-Amz-Date', date],
    ['X-Amz-Expires', String(options.expires)],
    ['X-Amz-SignedHeaders', signed.join(';')],
  ];
  if (credentials.sessionToken !== undefined) pairs.push(['X-Amz-Security-Token', credentials.sessionToken]);
  const target = `${path}?${canonicalQuery(pairs)}`;
  const canonical = canonicalRequest({ ...request, target }, signed, options.payload ?? emptyPayloadHash);
  return `${target}&X-Amz-Signature=${signature(credentials.secretAccessKey, scope, date, canonical)}`;
}

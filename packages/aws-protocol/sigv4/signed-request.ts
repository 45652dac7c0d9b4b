import { queryPairs, type SignableRequest, splitTarget } from './canonical-request.ts';
import { algorithm, type CredentialScope, parseAmzDate } from './signature.ts';

/** What a signed request says of its signature. Nothing of it is verified. */
export interface SignedRequest {
  readonly accessKeyId: string;
  readonly scope: CredentialScope;
  /** In lower case, in the order given. */
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** X-Amz-Date as sent. */
  readonly date: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly sessionToken: string | undefined;
  /** For a presigned request: seconds after its date that it is good for. */
  readonly expires: number | undefined;
}

export type SignatureReading =
  | { readonly outcome: 'none' }
  | { readonly outcome: 'incomplete'; readonly reason: string }
  | { readonly outcome: 'signed'; readonly signed: SignedRequest };

const longestExpiry = 7 * 24 * 60 * 60;

/** Reads the Authorization header, or the query of a presigned request. */
export function readSignature(request: SignableRequest): SignatureReading {
  const authorization = request.headers['authorization'];
  if (authorization !== undefined) return readHeader(authorization, request);
  const pairs = queryPairs(splitTarget(request.target).query);
  if (!pairs.some(([name]) => name === 'X-Amz-Algorithm' || name === 'X-Amz-Signature')) return { outcome: 'none' };
  return readQuery(pairs);
}

function incomplete(reason: string): SignatureReading {
  return { outcome: 'incomplete', reason };
}

function readHeader(authorization: string, request: SignableRequest): SignatureReading {
  const [scheme, ...rest] = authorization.trim().split(/\s+/);
  if (scheme !== algorithm) return incomplete(`Unsupported AWS 'algorithm': '${scheme}'.`);
  const fields = new Map<string, string>();
  for (const part of rest.join(' ').split(',')) {
    const equals = part.indexOf('=');
    if (equals > 0) fields.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim());
  }
  const date = request.headers['x-amz-date'] ?? dateHeader(request.headers['date']);
  const missing = ['Credential', 'Signature', 'SignedHeaders']
    .filter((name) => !fields.get(name))
    .map((name) => `Authorization header requires '${name}' parameter.`);
  if (date === undefined)
    missing.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  if (missing.length > 0) return incomplete(missing.join(' '));
  return assemble({
    credential: fields.get('Credential')!,
    signedHeaders: fields.get('SignedHeaders')!,
    signature: fields.get('Signature')!,
    date: date!,
    sessionToken: request.headers['x-amz-security-token'],
    expires: undefined,
  });
}

function dateHeader(text: string | undefined): string | undefined {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : `${new Date(time).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

function readQuery(pairs: readonly (readonly [string, string])[]): SignatureReading {
  const fields = new Map<string, string>();
  for (const [name, value] of pairs) {
    if (!name.startsWith('X-Amz-')) continue;
    if (fields.has(name)) return incomplete(`AWS query-string parameters must not be repeated: ${name}.`);
    fields.set(name, value);
  }
  const wanted = ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature', 'X-Amz-SignedHeaders', 'X-Amz-Date'];
  const missing = wanted.filter((name) => !fields.get(name));
  if (missing.length > 0) return incomplete(`AWS query-string parameters must include ${missing.join(', ')}.`);
  if (fields.get('X-Amz-Algorithm') !== algorithm)
    return incomplete(`Unsupported AWS 'algorithm': '${fields.get('X-Amz-Algorithm')}'.`);
  const expires = fields.get('X-Amz-Expires') ?? '900';
  if (!/^\d{1,6}$/.test(expires) || Number(expires) > longestExpiry)
    return incomplete(`X-Amz-Expires must be a number of seconds from 0 to ${longestExpiry}.`);
  return assemble({
    credential: fields.get('X-Amz-Credential')!,
    signedHeaders: fields.get('X-Amz-SignedHeaders')!,
    signature: fields.get('X-Amz-Signature')!,
    date: fields.get('X-Amz-Date')!,
    sessionToken: fields.get('X-Amz-Security-Token'),
    expires: Number(expires),
  });
}

interface Parts {
  readonly credential: string;
  readonly signedHeaders: string;
  readonly signature: string;
  readonly date: string;
  readonly sessionToken: string | undefined;
  readonly expires: number | undefined;
}

function assemble(parts: Parts): SignatureReading {
  const credential = parts.credential.split('/');
  const [accessKeyId, day, region, service, terminator] = credential;
  if (credential.length !== 5 || !accessKeyId || terminator !== 'aws4_request')
    return incomplete(
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${parts.credential.slice(0, 256)}'.`,
    );
  const time = parseAmzDate(parts.date);
  if (time === undefined)
    return incomplete(`Date must be in ISO-8601 'basic format'. Got '${parts.date.slice(0, 64)}'.`);
  const signedHeaders = parts.signedHeaders.split(';');
  if (!signedHeaders.includes('host'))
    return incomplete("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  if (signedHeaders.some((name) => name !== name.toLowerCase() || name === ''))
    return incomplete("'SignedHeaders' must be in lower case.");
  return {
    outcome: 'signed',
    signed: {
      accessKeyId,
      scope: { date: day!, region: region!, service: service! },
      signedHeaders,
      signature: parts.signature,
      date: parts.date,
      time,
      sessionToken: parts.sessionToken,
      expires: parts.expires,
    },
  };
}

/**
 * The bearer token of EKS (`aws eks get-token`, aws-iam-authenticator): a presigned GetCallerIdentity with the cluster's
 * name signed in. It is verified here from stored keys and never sent anywhere.
 */
import { canonicalRequest, emptyPayloadHash } from './sigv4/canonical-request.ts';
import { type AwsCredentials, presignTarget } from './sigv4/sign.ts';
import { algorithm, sameSignature, signature } from './sigv4/signature.ts';
import { readSignature, type SignedRequest } from './sigv4/signed-request.ts';
import { clockTolerance } from './sigv4/verify.ts';

export const eksTokenPrefix = 'k8s-aws-v1.';
const clusterHeader = 'x-k8s-aws-id';
const longestToken = 4096;
/** Seconds; the most that X-Amz-Expires may say. */
const longestExpiry = 900;
/** Milliseconds after X-Amz-Date that a token is good for, whatever X-Amz-Expires says. */
const tokenLife = 15 * 60 * 1000;
const allowedParameters = new Set([
  'action',
  'version',
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-signedheaders',
]);
const stsHost = /^sts(-fips)?(\.[a-z]{2}(-[a-z]+)+-\d)?\.amazonaws\.com(\.cn)?$/;

export interface EksTokenOptions {
  readonly clusterName: string;
  readonly credentials: AwsCredentials;
  readonly region: string;
  /** Where STS is: `https://sts.ap-northeast-2.amazonaws.com`, `http://127.0.0.1:4566`. */
  readonly endpoint: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A token as `aws eks get-token` makes it. */
export function createEksToken(options: EksTokenOptions): string {
  const endpoint = new URL(options.endpoint);
  const target = presignTarget(
    {
      method: 'GET',
      target: '/?Action=GetCallerIdentity&Version=2011-06-15',
      headers: { host: endpoint.host, [clusterHeader]: options.clusterName },
    },
    { credentials: options.credentials, region: options.region, service: 'sts', now: options.now, expires: 60 },
  );
  return eksTokenPrefix + Buffer.from(`${endpoint.origin}${target}`).toString('base64url');
}

export interface EksTokenVerification<Identity> {
  /** The cluster that the token was shown to. */
  readonly clusterName: string;
  /** Hosts of the front door, with their port: `127.0.0.1:4566`. Those of STS are allowed always. */
  readonly frontDoorHosts: ReadonlySet<string>;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The key's secret and whose it is; undefined when the key is unknown, inactive, or its session over. */
  lookUp(
    accessKeyId: string,
    sessionToken: string | undefined,
  ): Promise<{ readonly secretAccessKey: string; readonly identity: Identity } | undefined>;
}

export type EksTokenResult<Identity> =
  | { readonly outcome: 'good'; readonly accessKeyId: string; readonly identity: Identity }
  | { readonly outcome: 'refused'; readonly reason: string };

/** Whether the token proves who its bearer is. Never rejects unless `lookUp` does. The reasons are for logs, not for clients. */
export async function verifyEksToken<Identity>(
  token: string,
  options: EksTokenVerification<Identity>,
): Promise<EksTokenResult<Identity>> {
  const read = readToken(token, options);
  if (typeof read === 'string') return { outcome: 'refused', reason: read };
  const { url, signed } = read;
  const known = await options.lookUp(signed.accessKeyId, signed.sessionToken);
  if (known === undefined) return { outcome: 'refused', reason: 'the access key is not known, or not active' };
  const canonical = canonicalRequest(
    {
      method: 'GET',
      target: `${url.pathname}${url.search}`,
      headers: { host: url.host, [clusterHeader]: options.clusterName },
    },
    signed.signedHeaders,
    emptyPayloadHash,
  );
  const expected = signature(known.secretAccessKey, signed.scope, signed.date, canonical);
  if (!sameSignature(expected, signed.signature))
    return { outcome: 'refused', reason: 'the signature is wrong, or made for another cluster' };
  return { outcome: 'good', accessKeyId: signed.accessKeyId, identity: known.identity };
}

/** All that can be checked without a key: what the token says, or why it is refused. */
function readToken(
  token: string,
  options: Pick<EksTokenVerification<unknown>, 'frontDoorHosts' | 'now'>,
): { readonly url: URL; readonly signed: SignedRequest } | string {
  if (Buffer.byteLength(token) > longestToken) return 'token is too large';
  if (!token.startsWith(eksTokenPrefix)) return `token is missing expected "${eksTokenPrefix}" prefix`;
  const encoded = token.slice(eksTokenPrefix.length);
  if (!/^[A-Za-z0-9_-]+$/.test(encoded)) return 'token is not base64url';
  const text = Buffer.from(encoded, 'base64url').toString('utf8');
  if (!URL.canParse(text)) return 'token holds no URL';
  const url = new URL(text);
  return placeProblem(url, options.frontDoorHosts) ?? parameterProblem(url) ?? readSigned(url, options.now);
}

function placeProblem(url: URL, frontDoorHosts: ReadonlySet<string>): string | undefined {
  const ours = frontDoorHosts.has(url.host) && (url.protocol === 'http:' || url.protocol === 'https:');
  if (!ours && url.protocol !== 'https:') return `unexpected scheme "${url.protocol}" in pre-signed URL`;
  if (!ours && !stsHost.test(url.host)) return `unexpected hostname "${url.host}" in pre-signed URL`;
  if (url.pathname !== '/') return 'unexpected path in pre-signed URL';
  if (url.username !== '' || url.password !== '' || url.hash !== '') return 'unexpected parts in pre-signed URL';
  return undefined;
}

function parameterProblem(url: URL): string | undefined {
  const seen = new Set<string>();
  for (const [name, value] of url.searchParams) {
    const key = name.toLowerCase();
    if (!allowedParameters.has(key)) return `non-whitelisted query parameter "${name}"`;
    if (seen.has(key)) return `query parameter with multiple values not supported: "${name}"`;
    seen.add(key);
    if (key === 'action' && value !== 'GetCallerIdentity') return 'unexpected action parameter in pre-signed URL';
  }
  return seen.has('action') ? undefined : 'unexpected action parameter in pre-signed URL';
}

function readSigned(url: URL, now: number): { readonly url: URL; readonly signed: SignedRequest } | string {
  if (url.searchParams.get('X-Amz-Algorithm') !== algorithm) return 'unexpected algorithm in pre-signed URL';
  const reading = readSignature({ method: 'GET', target: `${url.pathname}${url.search}`, headers: {} });
  if (reading.outcome !== 'signed') return reading.outcome === 'none' ? 'URL is not signed' : reading.reason;
  const { signed } = reading;
  if (!url.searchParams.has('X-Amz-Expires') || signed.expires === undefined || signed.expires > longestExpiry)
    return 'invalid X-Amz-Expires parameter in pre-signed URL';
  if (!signed.signedHeaders.includes(clusterHeader))
    return `client did not sign the ${clusterHeader} header in the pre-signed URL`;
  if (signed.scope.service !== 'sts') return 'URL is signed for another service';
  if (signed.scope.date !== signed.date.slice(0, 8)) return 'the date of the credential scope is not that of the URL';
  if (signed.time + tokenLife < now) return 'X-Amz-Date parameter is expired';
  if (signed.time > now + clockTolerance) return 'X-Amz-Date parameter is in the future';
  return { url, signed };
}

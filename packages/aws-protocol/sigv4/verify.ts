import { canonicalRequest, payloadHash, type SignableRequest } from './canonical-request.ts';
import { amzDate, sameSignature, signature } from './signature.ts';
import type { SignedRequest } from './signed-request.ts';

/** Milliseconds that a client's clock may differ. */
export const clockTolerance = 5 * 60 * 1000;

export type Verification =
  | { readonly outcome: 'good' }
  /** Too old, or too new; the text says by how much, as AWS does. */
  | { readonly outcome: 'expired'; readonly reason: string }
  | { readonly outcome: 'wrong'; readonly reason?: string };

/** Whether the signature's time is right at `now` (milliseconds since 1970), before any key is looked up. */
export function verifyTime(signed: SignedRequest, now: number): Verification {
  if (signed.time > now + clockTolerance)
    return {
      outcome: 'expired',
      reason: `Signature not yet current: ${signed.date} is still later than ${amzDate(now + clockTolerance)} (${amzDate(now)} + 5 min.)`,
    };
  const life = signed.expires === undefined ? clockTolerance : signed.expires * 1000;
  if (signed.time + life < now)
    return {
      outcome: 'expired',
      reason: `Signature expired: ${signed.date} is now earlier than ${amzDate(now - life)} (${amzDate(now)} - ${life / 60_000} min.)`,
    };
  const day = signed.date.slice(0, 8);
  if (signed.scope.date !== day)
    return {
      outcome: 'wrong',
      reason: `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${signed.scope.date}' != '${day}', from '${signed.date}'.`,
    };
  return { outcome: 'good' };
}

/** Whether the signature was made with `secret` over this request, and the body is the one that was signed. */
export function verifySignature(
  request: SignableRequest & { readonly body: Uint8Array },
  signed: SignedRequest,
  secret: string,
): Verification {
  const declared = request.headers['x-amz-content-sha256'];
  const actual = payloadHash(request.body);
  const unsigned = declared === 'UNSIGNED-PAYLOAD';
  if (declared !== undefined && !unsigned && declared !== actual)
    return {
      outcome: 'wrong',
      reason: "The provided 'x-amz-content-sha256' header does not match what was computed.",
    };
  const notSigned = Object.keys(request.headers).find(
    // The JavaScript SDK leaves its user agent unsigned, because proxies rewrite it.
    (name) => name.startsWith('x-amz-') && name !== 'x-amz-user-agent' && !signed.signedHeaders.includes(name),
  );
  if (notSigned !== undefined)
    return { outcome: 'wrong', reason: `'${notSigned}' must be a 'SignedHeader' in the AWS Authorization.` };
  const canonical = canonicalRequest(request, signed.signedHeaders, declared ?? actual);
  const expected = signature(secret, signed.scope, signed.date, canonical);
  return sameSignature(expected, signed.signature) ? { outcome: 'good' } : { outcome: 'wrong' };
}

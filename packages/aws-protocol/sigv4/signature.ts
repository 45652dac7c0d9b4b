import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export const algorithm = 'AWS4-HMAC-SHA256';

/** What a signature is for: `20260102/ap-northeast-2/eks/aws4_request`. */
export interface CredentialScope {
  /** `20260102`. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

export function scopeText(scope: CredentialScope): string {
  return `${scope.date}/${scope.region}/${scope.service}/aws4_request`;
}

/** `20260102T030405Z`, the form of X-Amz-Date. */
export function amzDate(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

/** Milliseconds since 1970 of an X-Amz-Date; undefined when it is none. */
export function parseAmzDate(text: string): number | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const value = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(value) ? undefined : value;
}

/** The signature in lower-case hexadecimal digits (steps 2 to 4 of "Create a signed AWS API request"). */
export function signature(secret: string, scope: CredentialScope, date: string, canonical: string): string {
  const hash = createHash('sha256').update(canonical).digest('hex');
  const text = [algorithm, date, scopeText(scope), hash].join('\n');
  const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, scope.date), scope.region), scope.service), 'aws4_request');
  return createHmac('sha256', key).update(text).digest('hex');
}

/** Compares without telling by its time how much of it is right. */
export function sameSignature(expected: string, given: string): boolean {
  const left = createHash('sha256').update(expected).digest();
  const right = createHash('sha256').update(given).digest();
  return timingSafeEqual(left, right);
}

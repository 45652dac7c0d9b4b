import { createHash } from 'node:crypto';

/**
 * What tells two requests with one client token apart: a hash over the input without `tokenMember`, in which the order of
 * members does not count. A service keeps it with what it made; a second request with the same token and fingerprint gets
 * the same answer, and one with another fingerprint the service's error (EC2: IdempotentParameterMismatch).
 */
export function requestFingerprint(input: Readonly<Record<string, unknown>>, tokenMember: string): string {
  const { [tokenMember]: _token, ...rest } = input;
  return createHash('sha256').update(canonicalJson(rest)).digest('hex');
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value === null || typeof value !== 'object' || value instanceof Date) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}

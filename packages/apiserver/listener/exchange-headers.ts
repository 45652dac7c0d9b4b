import type { IncomingHttpHeaders } from 'node:http';

/** Headers with lower-case names and one value each; HTTP/2's pseudo-headers are left out. */
export function plainHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value === undefined || name.startsWith(':')) continue;
    const text = Array.isArray(value) ? value.join(', ') : value;
    // A header may be called __proto__.
    if (name === '__proto__') continue;
    plain[name] = text;
  }
  return plain;
}

/** What a body beyond the limit is answered with. */
export const tooLargeStatus = Buffer.from(
  `${JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'Request entity too large: limit is 3145728',
    reason: 'RequestEntityTooLarge',
    code: 413,
  })}\n`,
);

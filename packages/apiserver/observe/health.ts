import type { HttpResponse } from '@keelson/base';
import { textResponse } from '../request/respond.ts';
import { noSuchPath } from '../request/status-error.ts';

/** One thing that must be well. Resolves to nothing when it is, to the reason when it is not; never rejects. */
export interface HealthCheck {
  readonly name: string;
  check(): Promise<string | undefined>;
}

export type HealthEndpoint = 'healthz' | 'livez' | 'readyz';

/**
 * Answers /healthz, /livez and /readyz as kube-apiserver does: `ok`, or every check with `?verbose` and when one fails;
 * one check alone below the path; `?exclude=` leaves some out.
 */
export async function healthResponse(
  endpoint: HealthEndpoint,
  checks: readonly HealthCheck[],
  path: string,
  query: URLSearchParams,
): Promise<HttpResponse> {
  const single = path.slice(`/${endpoint}`.length + 1);
  if (single !== '') {
    const check = checks.find((candidate) => candidate.name === single);
    if (check === undefined) throw noSuchPath();
    const reason = await check.check();
    return reason === undefined ? textResponse(200, 'ok') : textResponse(500, `internal server error: ${reason}\n`);
  }
  const excluded = new Set(query.getAll('exclude'));
  const results = await Promise.all(
    checks.map(async ({ name, check }) => ({ name, reason: excluded.has(name) ? undefined : await check() })),
  );
  const lines = results.map(({ name, reason }) => {
    if (excluded.has(name)) return `[+]${name} excluded: ok`;
    return reason === undefined ? `[+]${name} ok` : `[-]${name} failed: reason withheld`;
  });
  const failed = results.some(({ reason }) => reason !== undefined);
  if (failed) return textResponse(500, `${lines.join('\n')}\n${endpoint} check failed\n`);
  return textResponse(200, query.has('verbose') ? `${lines.join('\n')}\n${endpoint} check passed\n` : 'ok');
}

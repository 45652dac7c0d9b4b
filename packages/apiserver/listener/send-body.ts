import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { type HttpBody, isStream } from '@keelson/base';

/** Writes `body` and ends `out`, no faster than the client reads. Returns early when the client has gone away. */
export async function sendBody(out: Writable, body: HttpBody, signal: AbortSignal): Promise<void> {
  if (body instanceof Uint8Array) {
    out.end(body);
    return;
  }
  if (!isStream(body)) {
    out.cork();
    for (const piece of body) out.write(piece);
    out.uncork();
    out.end();
    return;
  }
  for await (const piece of body) {
    if (signal.aborted || out.destroyed) return;
    if (!out.write(piece)) await drained(out, signal);
  }
  if (!out.destroyed) out.end();
}

/** Resolves when `out` takes more, or never will. */
async function drained(out: Writable, signal: AbortSignal): Promise<void> {
  try {
    await once(out, 'drain', { signal });
  } catch {
    // The client has gone away: the loop looks at the signal.
  }
}

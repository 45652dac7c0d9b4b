import type { RuntimeContainer } from '../runtime.ts';

const initial = 10_000;
const longest = 300_000;

interface Entry {
  delay: number;
  /** When the container had ended whose restart this delay was set by, milliseconds since 1970. */
  at: number;
}

/**
 * How long containers that end again and again wait for their next start: not at all the first time, then 10 seconds
 * after they ended, doubling up to 5 minutes; one that ran for 10 minutes begins anew.
 */
export class RestartBackoff {
  readonly #entries = new Map<string, Entry>();

  /**
   * Asks to start the successor of `ended` at `now` (milliseconds since 1970). Returns undefined when it may start, and
   * counts that; else the delay and when it is over.
   */
  waitFor(ended: RuntimeContainer, now: number): { readonly delay: number; readonly until: number } | undefined {
    const { name } = ended;
    const finished = ended.finishedAt || ended.createdAt;
    const entry = this.#entries.get(name);
    if (entry === undefined || finished - entry.at > 2 * longest) {
      this.#entries.set(name, { delay: initial, at: finished });
      return undefined;
    }
    if (now - finished < entry.delay) return { delay: entry.delay, until: finished + entry.delay };
    this.#entries.set(name, { delay: Math.min(entry.delay * 2, longest), at: finished });
    return undefined;
  }
}

import type { HttpRequest } from '@keelson/base';
import { isLongRunning, type RequestInfo } from './request-info.ts';
import { tooManyRequests } from './status-error.ts';

export interface InFlightLimits {
  readonly reading: number;
  readonly mutating: number;
  /** Watches, logs, exec sessions. */
  readonly longRunning: number;
}

const readingVerbs = new Set(['get', 'list', 'watch', 'head', 'options']);

/** Counts the requests that are being answered, and refuses those beyond the limits. */
export class InFlightLimit {
  readonly #limits: InFlightLimits;
  readonly #counts = { reading: 0, mutating: 0, longRunning: 0 };
  #idle: (() => void) | undefined;

  constructor(limits: InFlightLimits) {
    this.#limits = limits;
  }

  get counts(): Readonly<InFlightLimits> {
    return this.#counts;
  }

  /** Counts a request in, and returns what counts it out. Callers inside the process are never refused. @throws StatusError 429 */
  enter(info: RequestInfo, request: HttpRequest): () => void {
    const kind = isLongRunning(info) ? 'longRunning' : readingVerbs.has(info.verb) ? 'reading' : 'mutating';
    if (this.#counts[kind] >= this.#limits[kind] && request.peer.inProcess === undefined)
      throw tooManyRequests('Too many requests, please try again later.', 1);
    this.#counts[kind]++;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#counts[kind]--;
      if (this.#counts.reading + this.#counts.mutating === 0) this.#idle?.();
    };
  }

  /** Resolves when nothing short-lived is being answered. */
  async idle(): Promise<void> {
    if (this.#counts.reading + this.#counts.mutating === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }
}

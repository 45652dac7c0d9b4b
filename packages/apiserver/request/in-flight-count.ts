import type { HttpRequest } from '@keelson/base';
import { isLongRunning, type RequestInfo } from './request-info.ts';
import { tooManyRequests } from './status-error.ts';

/** How many requests are being answered. */
export interface InFlight {
  readonly reading: number;
  readonly mutating: number;
  /** Watches, logs, exec sessions. */
  readonly longRunning: number;
}

const readingVerbs = new Set(['get', 'list', 'watch', 'head', 'options']);

/**
 * Counts the requests that are being answered, those that wait for their turn among them. Those that last are refused
 * beyond a limit; the others are held up by priority and fairness.
 */
export class InFlightCount {
  readonly #longRunningLimit: number;
  readonly #counts = { reading: 0, mutating: 0, longRunning: 0 };
  #idle: (() => void) | undefined;

  constructor(longRunningLimit: number) {
    this.#longRunningLimit = longRunningLimit;
  }

  get counts(): InFlight {
    return this.#counts;
  }

  /** Counts a request in, and returns what counts it out. Callers inside the process are never refused. @throws StatusError 429 */
  enter(info: RequestInfo, request: HttpRequest): () => void {
    const kind = isLongRunning(info) ? 'longRunning' : readingVerbs.has(info.verb) ? 'reading' : 'mutating';
    const full = kind === 'longRunning' && this.#counts.longRunning >= this.#longRunningLimit;
    if (full && request.peer.inProcess === undefined)
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

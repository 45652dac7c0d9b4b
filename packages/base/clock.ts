/** A timer that was set and can be taken back; cancelling one that has fired does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * Time, as everything in Keelson sees it: no package reads the system's clock or sets the system's timers itself, so
 * that a whole region can run on virtual time.
 */
export interface Clock {
  /** Wall time in whole milliseconds since 1970-01-01T00:00:00Z. May jump. */
  now(): number;
  /** Milliseconds since some fixed moment, with a fraction; never goes back. For durations. */
  monotonic(): number;
  /** Calls `callback` once, `delay` milliseconds from now (0 or less: as soon as possible, never at once). */
  setTimer(delay: number, callback: () => void): Timer;
}

const longestDelay = 2 ** 31 - 1;

/** The machine's own clock. Its timers do not keep the process alive. */
export class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }

  setTimer(delay: number, callback: () => void): Timer {
    const handle = setTimeout(callback, Math.min(Math.max(delay, 0), longestDelay));
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  }
}

/**
 * Resolves after `delay` milliseconds of `clock`'s time, or at once when `signal` aborts; it never rejects, so a loop
 * looks at `signal.aborted` after it.
 */
export function sleep(clock: Clock, delay: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      timer.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.setTimer(delay, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}

/** RFC 3339 with whole seconds in UTC, the form of Kubernetes' Time: `2026-01-02T03:04:05Z`. */
export function rfc3339(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/** RFC 3339 with six digits of a second, the form of Kubernetes' MicroTime: `2026-01-02T03:04:05.678000Z`. */
export function rfc3339Micro(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 23)}000Z`;
}

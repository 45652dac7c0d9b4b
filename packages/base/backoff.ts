/** How long to wait before trying again: doubling from `initial` to `longest`, in milliseconds. */
export interface BackoffPolicy {
  readonly initial: number;
  readonly longest: number;
}

/** The wait after `failures` failures in a row (1 or more), in milliseconds. */
export function backoffDelay(policy: BackoffPolicy, failures: number): number {
  return Math.min(policy.initial * 2 ** Math.min(Math.max(failures, 1) - 1, 52), policy.longest);
}

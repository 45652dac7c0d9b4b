/** The longest that a client is told to stay away, in seconds. */
const longest = 32;

/**
 * What refused clients are told to wait, in seconds: doubled while many are refused, less by one for each second in which
 * few are. One for each priority level.
 */
export class RetryAfter {
  #seconds = 1;
  #raised = 0;
  #current = 0;
  #count = 0;
  #history: { readonly second: number; readonly count: number }[] = [];

  /** Counts a refusal at `now` (milliseconds) and returns the seconds to wait. */
  refuse(now: number): number {
    const second = Math.floor(now / 1000);
    if (second === this.#current) this.#count++;
    else this.#turn(second);
    return this.#seconds;
  }

  #turn(second: number): void {
    this.#history.push({ second: this.#current, count: this.#count });
    this.#current = second;
    this.#count = 1;
    const kept = Math.min(2 * this.#seconds, longest);
    this.#history = this.#history.filter((one) => second - one.second <= kept);
    let refused = 0;
    for (const one of this.#history) if (second - one.second <= this.#seconds) refused += one.count;
    if (second - this.#raised >= this.#seconds && refused >= 3 * this.#seconds) {
      this.#seconds = Math.min(2 * this.#seconds, longest);
      this.#raised = second;
    } else if (refused < this.#seconds && this.#seconds > 1) {
      this.#seconds--;
    }
  }
}

/** The demand for seats of one level over one period, and smoothed over several (KEP 1040, "Borrowing"). */
export class SeatDemand {
  average = 0;
  deviation = 0;
  highWatermark = 0;
  smoothed = 0;
  #value = 0;
  #since: number;
  #begun: number;
  #integral = 0;
  #squares = 0;
  #most = 0;

  constructor(now: number) {
    this.#since = now;
    this.#begun = now;
  }

  /** From `now` (milliseconds) on the demand is `value` seats. */
  set(value: number, now: number): void {
    if (value === this.#value) return;
    this.#pass(now);
    this.#value = value;
    if (value > this.#most) this.#most = value;
  }

  /** Ends a period. */
  turn(now: number): void {
    this.#pass(now);
    const duration = now - this.#begun;
    this.highWatermark = Math.round(this.#most);
    if (duration > 0) {
      this.average = this.#integral / duration;
      this.deviation = Math.sqrt(Math.max(0, this.#squares / duration - this.average ** 2));
      const envelope = this.average + this.deviation;
      this.smoothed = Math.max(envelope, coefficient * this.smoothed + (1 - coefficient) * envelope);
    }
    this.#begun = now;
    this.#integral = 0;
    this.#squares = 0;
    this.#most = this.#value;
  }

  #pass(now: number): void {
    const passed = now - this.#since;
    this.#since = now;
    this.#integral += this.#value * passed;
    this.#squares += this.#value ** 2 * passed;
  }
}

/** Half of a demand is forgotten in five minutes of ten seconds' periods. */
const coefficient = 0.977;

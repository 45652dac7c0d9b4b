/**
 * Counts what an evaluation costs. Cost is Kubernetes' measure and follows it exactly; work is ours, about a nanosecond
 * each, for what the cost model takes for constant and is not here: sizes of long strings, comparisons of deep values,
 * steps of a regular expression.
 */

/** Thrown when a limit is reached; the interpreter's outermost layer alone catches it. */
export class BudgetExceeded extends Error {}

/** More work than this ends an evaluation, as reaching the cost limit does. */
const maxWork = 30_000_000;

export class Meter {
  cost = 0;
  private done = 0;
  private readonly limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  charge(cost: number): void {
    this.cost += cost;
    if (this.cost > this.limit) throw new BudgetExceeded();
  }

  /** Notes work of about this many nanoseconds before it is done. */
  work(nanoseconds: number): void {
    this.done += nanoseconds;
    if (this.done > maxWork) throw new BudgetExceeded();
  }
}

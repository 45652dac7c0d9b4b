/** What one level must get, may get, and would like to have, in seats. */
export interface AllocationItem {
  readonly lowerBound: number;
  readonly upperBound: number;
  readonly target: number;
}

/** Targets below this count as this, so that every level has a proportion. */
const leastTarget = 0.001;
const precision = 1e-9;

/**
 * Divides `sum` seats in the proportion of the targets, each within its bounds: there is one number that every target is
 * multiplied by, and whoever would fall below its lower bound or rise above its upper one stays there. Seats have
 * fractions here.
 *
 * Undefined when the bounds allow no such division.
 */
export function allocate(
  sum: number,
  items: readonly AllocationItem[],
): { readonly seats: readonly number[]; readonly fraction: number } | undefined {
  const targets = items.map(({ target }) => Math.max(target, leastTarget));
  const at = (fraction: number) =>
    items.map(({ lowerBound, upperBound }, index) =>
      Math.max(lowerBound, Math.min(upperBound, fraction * targets[index]!)),
    );
  const total = (fraction: number) => at(fraction).reduce((all, seats) => all + seats, 0);
  if (total(0) > sum + precision || total(Number.MAX_VALUE) < sum - precision) return undefined;
  // The total is a line between two neighbouring fractions at which someone meets a bound.
  const corners = items
    .flatMap(({ lowerBound, upperBound }, index) => [lowerBound / targets[index]!, upperBound / targets[index]!])
    .sort((one, other) => one - other);
  let below = 0;
  for (const corner of corners) {
    if (total(corner) >= sum) {
      const [low, high] = [total(below), total(corner)];
      const fraction = high > low ? below + ((sum - low) * (corner - below)) / (high - low) : below;
      return { seats: at(fraction), fraction };
    }
    below = corner;
  }
  return { seats: at(below), fraction: below };
}

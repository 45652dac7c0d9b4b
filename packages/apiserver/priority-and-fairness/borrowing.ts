import { allocate } from './concurrency-allocation.ts';
import type { PriorityLevel } from './priority-level.ts';

/** What each level gets until the next adjustment, in seats. */
export interface Adjustment {
  readonly limits: ReadonlyMap<PriorityLevel, number>;
  /** The fraction of its target that a level gets which meets no bound. */
  readonly fairFraction: number;
}

/**
 * Lends the seats that levels do not need to those that do, after the demand of the last period (KEP 1040): nobody gets
 * less than it keeps for itself or needed (up to its nominal seats), nobody more than it may borrow; exempt levels take
 * what they used.
 */
export function adjustBorrowing(levels: readonly PriorityLevel[]): Adjustment {
  const limits = new Map<PriorityLevel, number>();
  const limited = levels.filter(({ settings }) => !settings.exempt);
  const nominalSum = levels.reduce((sum, { settings }) => sum + settings.nominal, 0);
  let remaining = nominalSum;
  for (const level of levels) {
    if (!level.settings.exempt) continue;
    const seats = Math.max(level.settings.lower, level.demand.highWatermark);
    limits.set(level, seats);
    remaining -= seats;
  }
  const needed = limited.map(({ settings, demand }) =>
    Math.max(settings.lower, Math.min(settings.nominal, demand.highWatermark)),
  );
  const lowerSum = limited.reduce((sum, { settings }) => sum + settings.lower, 0);
  const neededSum = needed.reduce((sum, seats) => sum + seats, 0);
  const division =
    remaining > neededSum
      ? allocate(
          nominalSum,
          limited.map((level, index) => ({
            lowerBound: needed[index]!,
            upperBound: Math.max(needed[index]!, level.settings.upper),
            target: Math.max(needed[index]!, level.demand.smoothed),
          })),
        )
      : undefined;
  const share = remaining <= lowerSum ? 0 : Math.min(1, (remaining - lowerSum) / Math.max(1, neededSum - lowerSum));
  for (const [index, level] of limited.entries()) {
    const { lower } = level.settings;
    level.target = Math.max(needed[index]!, level.demand.smoothed);
    const seats = division?.seats[index] ?? lower + (needed[index]! - lower) * share;
    limits.set(level, Math.round(seats));
  }
  return { limits, fairFraction: division?.fraction ?? 0 };
}

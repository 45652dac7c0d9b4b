import type { Strategy } from '../strategy.ts';

/** The kinds that Keelson serves, each from its own folder. */
export const allStrategies: readonly Strategy[] = [];

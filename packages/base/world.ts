import { type Clock, SystemClock } from './clock.ts';
import { type Log, silentLog } from './log.ts';
import { type Random, SeededRandom, SystemRandom } from './random.ts';
import { VirtualClock } from './virtual-clock.ts';

/** Everything of the outside that a component may use without being given it by name. */
export interface World {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** The machine's time and chance. */
export function systemWorld(log: Log = silentLog): World {
  return { clock: new SystemClock(), random: new SystemRandom(), log };
}

/** A world that is the same for the same seed: virtual time, seeded chance. */
export function virtualWorld(seed: string | number, log: Log = silentLog): World & { readonly clock: VirtualClock } {
  return { clock: new VirtualClock(), random: new SeededRandom(seed), log };
}

/**
 * What every part of Keelson is given instead of reaching for it: time, chance, identifiers, a place to log, and the
 * shapes that cross package borders. Imports nothing of ours, does no I/O.
 */
export * from './assert.ts';
export * from './backoff.ts';
export * from './bounded-queue.ts';
export * from './clock.ts';
export * from './http-exchange.ts';
export * from './ids.ts';
export * from './log.ts';
export * from './random.ts';
export * from './turn.ts';
export * from './virtual-clock.ts';
export * from './world.ts';

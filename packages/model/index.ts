/**
 * What an object of the API is: its type in the tables, its kind's own rules, its forms as bytes. Pure: no I/O, no
 * clock, no network.
 */
export * from './field-error.ts';
export * from './object.ts';
export * from './resources.ts';
export * from './strategy.ts';

/**
 * The AWS side of a region: the front door, and the services behind it, each in a folder of its own. Services never know
 * each other; they meet through objects of the region, and through what is handed to them here. What makes instances,
 * networks and control planes real is elsewhere.
 */
export type * from './principal.ts';
export * from './request-fingerprint.ts';
export type * from './service.ts';

import { messageOf } from '@keelson/base';
import { StoreError } from '../../store.ts';
import type { Failure } from './messages.ts';

/** SQLite's primary result codes, and the one extended code, that mean something to a store. */
const codes = { busy: 5, locked: 6, readonly: 8, inputOutput: 10, corrupt: 11, full: 13, notADatabase: 26 } as const;
const noRoomForSharedMemory = 4874;

/** What an exception thrown in the worker means to the store that `path` holds. */
export function failureOf(thrown: unknown, path: string): Failure {
  if (thrown instanceof StoreError) return { code: thrown.code, message: thrown.message, fatal: false };
  const message = messageOf(thrown);
  const extended = (thrown as { errcode?: number }).errcode ?? 0;
  const primary = extended & 0xff;
  if (primary === codes.full || extended === noRoomForSharedMemory)
    return {
      code: 'noSpace',
      message: `no room for the store at ${path}: free space on its disk, or compact it (${message})`,
      fatal: false,
    };
  if (primary === codes.busy || primary === codes.locked)
    return { code: 'unavailable', message: `the store at ${path} is locked by another program`, fatal: false };
  if (primary === codes.corrupt || primary === codes.notADatabase)
    return {
      code: 'corrupt',
      message: `the file ${path} is damaged, or no store at all: restore it from a backup, or remove it to begin anew (${message})`,
      fatal: true,
    };
  if (primary === codes.readonly)
    return { code: 'unavailable', message: `the store at ${path} cannot be written: it is read-only`, fatal: true };
  // After a failed read, write or sync nobody knows what is on the disk; only opening the file again tells.
  return { code: 'unavailable', message: `the store at ${path} failed: ${message}`, fatal: true };
}

/** Whether the thrown error leaves the database usable, for another try. */
export function isNoSpace(thrown: unknown, path: string): boolean {
  return failureOf(thrown, path).code === 'noSpace';
}

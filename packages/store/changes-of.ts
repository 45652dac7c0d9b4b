import type { Change, Entry, Operation } from './store.ts';

const nothing = new Uint8Array(0);

/** What `put` leaves at its key when `previous` was there: the version and the creation go on, or begin. */
export function entryAfterPut(key: string, value: Uint8Array, previous: Entry | undefined, revision: number): Entry {
  return previous === undefined
    ? { key, value, createRevision: revision, modRevision: revision, version: 1 }
    : { key, value, createRevision: previous.createRevision, modRevision: revision, version: previous.version + 1 };
}

/** The change that puts `entry` in the place of `previous`. */
export function putChange(entry: Entry, previous: Entry | undefined): Change {
  return previous === undefined ? { type: 'put', entry } : { type: 'put', entry, previous };
}

/** The change that removes `key` at `revision`. */
export function deleteChange(key: string, previous: Entry | undefined, revision: number): Change {
  const entry: Entry = { key, value: nothing, createRevision: 0, modRevision: revision, version: 0 };
  return previous === undefined ? { type: 'delete', entry } : { type: 'delete', entry, previous };
}

/**
 * What the branch that was applied changed, in the order of its operations: `results` are those of the transaction, so
 * for a put or delete what was there before. Empty when nothing was written.
 */
export function changesOf(
  operations: readonly Operation[],
  results: readonly (Entry | undefined)[],
  revision: number,
): Change[] {
  const changes: Change[] = [];
  for (const [index, operation] of operations.entries()) {
    const previous = results[index];
    if (operation.type === 'put')
      changes.push(putChange(entryAfterPut(operation.key, operation.value, previous, revision), previous));
    else if (operation.type === 'delete' && previous !== undefined)
      changes.push(deleteChange(operation.key, previous, revision));
  }
  return changes;
}

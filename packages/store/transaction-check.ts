import { limits, type Operation, StoreError, type Transaction } from './store.ts';

/**
 * Refuses, for every driver alike, what no store may be asked to write.
 * @throws StoreError invalidTransaction
 */
export function checkTransaction(transaction: Transaction): void {
  const { compare, success, failure = [] } = transaction;
  for (const [what, count] of [
    ['comparisons', compare.length],
    ['operations', success.length],
    ['operations on failure', failure.length],
  ] as const) {
    if (count > limits.operations) refuse(`${count} ${what} are too many, at most ${limits.operations} fit`);
  }
  let bytes = 0;
  for (const { key, modRevision } of compare) {
    bytes += checkKey(key);
    if (!isRevision(modRevision)) refuse(`the comparison of ${quote(key)} needs a revision of 0 or more`);
  }
  bytes += checkBranch(success) + checkBranch(failure);
  if (bytes > limits.bytes) refuse(`the transaction has ${bytes} bytes, at most ${limits.bytes} fit`);
}

/** Whether `revision` can be one: a whole number of 0 or more. */
export function isRevision(revision: number): boolean {
  return Number.isSafeInteger(revision) && revision >= 0;
}

/**
 * Refuses to read at a revision that is compacted, or yet to come. 0 stands for the latest.
 * @throws StoreError compacted, futureRevision, invalidTransaction
 */
export function checkReadRevision(revision: number, latest: number, compacted: number): void {
  if (!isRevision(revision)) refuse(`${revision} is not a revision`);
  if (revision > latest) throw futureRevision(revision, latest);
  if (revision !== 0 && revision < compacted) throw compactedAt(revision, compacted);
}

/** The error for reading at, or watching from, a revision of which something is gone. */
export function compactedAt(revision: number, compacted: number): StoreError {
  return new StoreError('compacted', `revision ${revision} is gone: the store is compacted up to ${compacted}`);
}

/** The error for reading at, or compacting to, a revision that is yet to come. */
export function futureRevision(revision: number, latest: number): StoreError {
  return new StoreError('futureRevision', `revision ${revision} is yet to come: the store is at ${latest}`);
}

function checkBranch(operations: readonly Operation[]): number {
  const written = new Set<string>();
  let bytes = 0;
  for (const operation of operations) {
    bytes += checkKey(operation.key);
    if (operation.type === 'get') continue;
    if (written.has(operation.key)) refuse(`${quote(operation.key)} is written twice`);
    written.add(operation.key);
    if (operation.type === 'delete') continue;
    bytes += operation.value.byteLength;
    const { ttl } = operation;
    if (ttl !== undefined && !(Number.isSafeInteger(ttl) && ttl >= 1 && ttl <= limits.ttl))
      refuse(`the time to live of ${quote(operation.key)} must be a whole number of seconds from 1 to ${limits.ttl}`);
  }
  return bytes;
}

function checkKey(key: string): number {
  if (key === '') refuse('a key must not be empty');
  if (!key.isWellFormed() || key.includes('\0') || key.startsWith('\u{10ffff}'))
    refuse(`${quote(key)} is not a key: it has a lone surrogate or U+0000 in it, or begins with U+10FFFF`);
  return Buffer.byteLength(key);
}

function quote(key: string): string {
  return JSON.stringify(key.length > 100 ? `${key.slice(0, 100)}…` : key);
}

function refuse(message: string): never {
  throw new StoreError('invalidTransaction', message);
}

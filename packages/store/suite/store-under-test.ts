import assert from 'node:assert/strict';
import type { Change, Entry, Operation, Store, StoreError, StoreErrorCode, StoreWatch } from '../store.ts';

/** A store with nothing in it, made for one test. */
export interface StoreUnderTest {
  readonly store: Store;
  /** Nobody wrote to what lies behind it before, so it must be at revision 1. */
  readonly fresh: boolean;
  /**
   * Lets `seconds` of the store's time pass. It may return before the store has acted on it; with real time it may
   * return at once and leave the waiting to the test.
   */
  advance(seconds: number): Promise<void>;
  /** Frees what was made for the test; the store may have been closed. */
  dispose(): Promise<void>;
}

/** Makes stores for the suite. */
export type StoreFactory = () => Promise<StoreUnderTest>;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function bytes(text: string): Uint8Array {
  return encoder.encode(text);
}

export function text(value: Uint8Array): string {
  return decoder.decode(value);
}

export function put(key: string, value: string, ttl?: number): Operation {
  return ttl === undefined ? { type: 'put', key, value: bytes(value) } : { type: 'put', key, value: bytes(value), ttl };
}

export function remove(key: string): Operation {
  return { type: 'delete', key };
}

/** Applies `operations` without a comparison; returns the store's revision after it. */
export async function write(store: Store, ...operations: Operation[]): Promise<number> {
  return (await store.transact({ compare: [], success: operations })).revision;
}

export async function rejects(promise: Promise<unknown>, code: StoreErrorCode): Promise<void> {
  await assert.rejects(promise, (error: StoreError) => {
    assert.equal(error.name, 'StoreError', String(error));
    assert.equal(error.code, code, error.message);
    return true;
  });
}

/** An entry with its value as text, to be compared with deepEqual. */
export function readable(entry: Entry | undefined): Record<string, unknown> | undefined {
  if (entry === undefined) return undefined;
  const { key, value, createRevision, modRevision, version } = entry;
  return { key, value: text(value), createRevision, modRevision, version };
}

/** A change in one line: `put a=1` or `delete a (was 1)`. */
export function describeChange(change: Change): string {
  const was = change.previous === undefined ? '' : ` (was ${text(change.previous.value)})`;
  const { key, value } = change.entry;
  return change.type === 'put' ? `put ${key}=${text(value)}${was}` : `delete ${key}${was}`;
}

/** Resolves when `condition` holds, looked at after whatever the store does; fails after `limit` milliseconds. */
export async function eventually(condition: () => boolean | Promise<boolean>, what: string, limit = 15_000) {
  const deadline = performance.now() + limit;
  while (!(await condition())) {
    if (performance.now() > deadline) assert.fail(`did not happen within ${limit} ms: ${what}`);
    await new Promise<void>((resolve) => setTimeout(resolve, 2));
  }
}

/** A watch that keeps all that it was handed. */
export class Recorder {
  readonly calls: { readonly revision: number; readonly changes: readonly Change[] }[] = [];
  readonly progress: number[] = [];
  readonly errors: StoreError[] = [];
  readonly watch: StoreWatch;
  #returned = false;

  constructor(store: Store, fromRevision: number, start = '', end = '\u{10ffff}') {
    this.watch = store.watch({
      start,
      end,
      fromRevision,
      deliver: (changes, revision) => {
        assert.ok(this.#returned, 'deliver was called before watch returned');
        this.calls.push({ revision, changes });
      },
      progress: (revision) => {
        assert.ok(this.#returned, 'progress was called before watch returned');
        this.progress.push(revision);
      },
      ended: (error) => {
        assert.ok(this.#returned, 'ended was called before watch returned');
        this.errors.push(error);
      },
    });
    this.#returned = true;
  }

  /** The highest revision that the watch is known to have reached. */
  get reached(): number {
    return Math.max(0, this.calls.at(-1)?.revision ?? 0, ...this.progress);
  }

  /** Each call as one line, its changes in the order of their keys. */
  get lines(): string[] {
    return this.calls.map(({ changes }) => changes.map(describeChange).sort().join(', '));
  }

  /** Resolves when the watch has said that it reached `revision`, asking for it. */
  async reaches(revision: number): Promise<void> {
    await this.reachesOrEnds(revision);
    assert.deepEqual(this.errors, []);
  }

  async reachesOrEnds(revision: number): Promise<void> {
    await eventually(() => this.progress.length > 0 || this.errors.length > 0, 'the watch catches up');
    if (this.reached < revision) this.watch.requestProgress();
    await eventually(() => this.reached >= revision || this.errors.length > 0, `the watch reaches ${revision}`);
  }
}

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { virtualWorld } from '@keelson/base';
import { type Store, StoreError } from '../../store.ts';
import { eventually, put, Recorder, rejects, remove, text, write } from '../../suite/store-under-test.ts';
import { openSqliteStore } from './index.ts';

const world = virtualWorld('file');

async function setUp(context: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'keelson-file-'));
  context.after(() => rm(directory, { recursive: true, force: true }));
  return join(directory, 'store.db');
}

async function refusal(path: string): Promise<StoreError> {
  const error = await openSqliteStore({ path, world }).then(
    () => assert.fail('the store opened'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof StoreError, String(error));
  return error;
}

/** Writes until the store says that there is no room; returns the keys that were acknowledged. */
async function fill(store: Store): Promise<string[]> {
  const keys: string[] = [];
  for (let index = 0; index < 10_000; index++) {
    try {
      await write(store, put(`fill/${index}`, 'x'.repeat(20_000)));
      keys.push(`fill/${index}`);
    } catch (error) {
      assert.equal((error as StoreError).code, 'noSpace', String(error));
      return keys;
    }
  }
  return assert.fail('the store never filled up');
}

test('everything is there when it is opened again: values, history, the compacted revision', async (context) => {
  const path = await setUp(context);
  const store = await openSqliteStore({ path, world });
  const first = await write(store, put('a', '1'), put('b', '1'));
  await write(store, put('a', '2'));
  const last = await write(store, remove('b'));
  await store.compact(first + 1);
  await store.close();
  const again = await openSqliteStore({ path, world });
  assert.deepEqual([again.revision(), again.compactedRevision()], [last, first + 1]);
  assert.equal(text((await again.get('a'))!.value), '2');
  assert.equal(text((await again.get('b', { revision: first + 1 }))!.value), '1');
  await rejects(again.get('a', { revision: first }), 'compacted');
  const seen = new Recorder(again, last);
  await seen.reaches(last);
  assert.deepEqual(seen.lines, ['delete b (was 1)']);
  await again.close();
});

test('the revision survives when compaction has removed the deletion that made it', async (context) => {
  const path = await setUp(context);
  const store = await openSqliteStore({ path, world });
  await write(store, put('a', '1'));
  const last = await write(store, remove('a'));
  await store.compact(last);
  await store.close();
  const again = await openSqliteStore({ path, world });
  assert.equal(again.revision(), last);
  assert.equal(await write(again, put('a', '2')), last + 1);
  await again.close();
});

test('a key whose time came while the store was closed removes itself when it is opened', async (context) => {
  const path = await setUp(context);
  const moving = virtualWorld('expiry');
  const store = await openSqliteStore({ path, world: moving });
  await write(store, put('soon', '1', 10), put('later', '1', 100));
  await store.close();
  await moving.clock.advance(50_000);
  const again = await openSqliteStore({ path, world: moving });
  await eventually(async () => (await again.get('soon')) === undefined, 'the first key removes itself');
  assert.notEqual(await again.get('later'), undefined);
  await eventually(() => moving.clock.nextDue() !== undefined, 'the timer for the second key');
  await moving.clock.advance(50_000);
  await eventually(async () => (await again.get('later')) === undefined, 'the second key removes itself');
  await again.close();
});

test('only the owner can read the files', async (context) => {
  const path = await setUp(context);
  await writeFile(path, '', { mode: 0o644 });
  const store = await openSqliteStore({ path, world });
  await write(store, put('a', '1'));
  for (const suffix of ['', '-wal', '-shm', '.lock'])
    assert.equal((await stat(path + suffix)).mode & 0o777, 0o600, `the mode of ${path}${suffix}`);
  await store.close();
});

test('a store that is open cannot be opened a second time, and can be once it is closed', async (context) => {
  const path = await setUp(context);
  const store = await openSqliteStore({ path, world });
  const error = await refusal(path);
  assert.equal(error.code, 'unavailable');
  assert.match(error.message, /is in use/);
  await write(store, put('a', '1'));
  await store.close();
  const again = await openSqliteStore({ path, world });
  assert.equal(again.revision(), 2);
  await again.close();
});

test('a newer format is refused with what to do, and the file is left as it is', async (context) => {
  const path = await setUp(context);
  await (await openSqliteStore({ path, world })).close();
  const database = new DatabaseSync(path);
  database.exec('PRAGMA user_version = 99');
  database.close();
  const before = await readFile(path);
  const error = await refusal(path);
  assert.equal(error.code, 'corrupt');
  assert.match(error.message, /has format 99, and this program knows formats up to 1: use the version of Keelson/);
  assert.deepEqual(await readFile(path), before);
});

test('a file that is no store, or damaged, is refused as corrupt', async (context) => {
  const path = await setUp(context);
  await writeFile(path, 'this is not a database'.repeat(100));
  assert.equal((await refusal(path)).code, 'corrupt');
  await rm(path);
  const database = new DatabaseSync(path);
  database.exec('CREATE TABLE someone_elses (a)');
  database.close();
  const error = await refusal(path);
  assert.equal(error.code, 'corrupt');
  assert.match(error.message, /not a store of Keelson/);
});

test('damage found later fails what asked, ends the watches, and is said as corrupt', async (context) => {
  const path = await setUp(context);
  const store = await openSqliteStore({ path, world });
  for (let index = 0; index < 300; index++) await write(store, put(`key-${index}`, 'x'.repeat(3000)));
  await store.close();
  const bytes = await readFile(path);
  bytes.fill(0xa5, 4096 * 5);
  await writeFile(path, bytes);
  const damaged = await openSqliteStore({ path, world }).catch((error: StoreError) => error);
  if (damaged instanceof StoreError) {
    assert.equal(damaged.code, 'corrupt');
    return;
  }
  const seen = new Recorder(damaged, 0);
  await rejects(damaged.range({ start: '', end: '\u{10ffff}' }), 'corrupt');
  await eventually(() => seen.errors.length > 0, 'the watch ends');
  assert.equal(seen.errors[0]!.code, 'corrupt');
  await rejects(damaged.get('key-0'), 'corrupt');
  await damaged.close();
});

test('a directory that does not exist is named in the error', async (context) => {
  const path = `${await setUp(context)}/missing/store.db`;
  const error = await refusal(path);
  assert.equal(error.code, 'unavailable');
  assert.match(error.message, /its directory must exist and be writable/);
});

test('a full store refuses writes, serves reads, takes deletions, and recovers by compaction', async (context) => {
  const path = await setUp(context);
  const store = await openSqliteStore({ path, world, maximumBytes: 2 * 2 ** 20 });
  const keys = await fill(store);
  assert.ok(keys.length > 50, `${keys.length} keys fit`);
  const { revision } = await store.range({ start: 'fill/', end: 'fill0' });
  assert.equal(revision, store.revision());
  const seen = new Recorder(store, 0);
  const mixed = await Promise.allSettled([
    write(store, put('large', 'x'.repeat(50_000))),
    write(store, remove(keys[0]!)),
    store.get(keys[1]!),
  ]);
  assert.deepEqual(
    mixed.map(({ status }) => status),
    ['rejected', 'fulfilled', 'fulfilled'],
  );
  for (const key of keys.slice(1)) await write(store, remove(key));
  await store.compact(store.revision());
  const last = await write(store, put('large', 'x'.repeat(500_000)));
  assert.equal(last, revision + keys.length + 1);
  await seen.reaches(last);
  assert.equal(seen.calls.length, keys.length + 1);
  await store.close();
});

test('the file shrinks after compaction', async (context) => {
  const path = await setUp(context);
  const store = await openSqliteStore({ path, world });
  for (let index = 0; index < 200; index++) await write(store, put('a', 'x'.repeat(50_000)));
  const before = await store.size();
  await store.compact(store.revision());
  const after = await store.size();
  assert.ok(before > 10_000_000 && after < 1_000_000, `${before} bytes before, ${after} after`);
  assert.equal((await store.get('a'))!.value.byteLength, 50_000);
  await store.close();
});

test('the thread that calls does not wait for the disk', async (context) => {
  const path = await setUp(context);
  const store = await openSqliteStore({ path, world });
  let longest = 0;
  let running = true;
  const measuring = (async () => {
    for (let before = performance.now(); running; ) {
      await new Promise((resolve) => setImmediate(resolve));
      const now = performance.now();
      longest = Math.max(longest, now - before);
      before = now;
    }
  })();
  const value = 'x'.repeat(100_000);
  await Promise.all(Array.from({ length: 300 }, (_, index) => write(store, put(`key-${index}`, value))));
  running = false;
  await measuring;
  assert.ok(longest < 300, `the event loop stood still for ${longest.toFixed(1)} ms while 30 MB were written`);
  await store.close();
});

test('more than may wait is refused as unavailable, and what was taken is done', async (context) => {
  const path = await setUp(context);
  const store = await openSqliteStore({ path, world });
  const value = new Uint8Array(1_000_000);
  const writes = Array.from({ length: 100 }, (_, index) =>
    store.transact({ compare: [], success: [{ type: 'put', key: `key-${index}`, value }] }),
  );
  const outcomes = await Promise.allSettled(writes);
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  assert.ok(refused.length > 20 && refused.length < 60, `${refused.length} were refused`);
  for (const outcome of refused) assert.equal((outcome.reason as StoreError).code, 'unavailable');
  assert.equal((await store.range({ start: '', end: 'z', countOnly: true })).count, 100 - refused.length);
  await store.close();
});

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { virtualWorld } from '@keelson/base';
import { put, Recorder, remove, write } from '../../suite/store-under-test.ts';
import { openSqliteStore } from './index.ts';

const world = virtualWorld('history');

async function setUp(context: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'keelson-history-'));
  context.after(() => rm(directory, { recursive: true, force: true }));
  return join(directory, 'store.db');
}

test('history that takes many answers has no gap and no double while writes go on', async (context) => {
  const path = await setUp(context);
  const store = await openSqliteStore({ path, world });
  const long = Array.from({ length: 5000 }, (_, index) => write(store, put(`long/${index % 50}`, `${index}`)));
  const first = Math.min(...(await Promise.all(long)));
  const large = Array.from({ length: 60 }, () => write(store, put('large', 'x'.repeat(100_000))));
  await Promise.all(large);
  const all = new Recorder(store, first);
  const rare = new Recorder(store, first, 'large', 'largf');
  for (let turn = 0; turn < 300; turn++) await write(store, put('live', `${turn}`));
  const last = store.revision();
  assert.equal(last, first + 5359);
  await all.reaches(last);
  await rare.reaches(last);
  const expected = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  assert.deepEqual(
    all.calls.map(({ revision }) => revision),
    expected,
  );
  assert.deepEqual(
    rare.calls.map(({ revision }) => revision),
    expected.slice(5000, 5060),
  );
  await store.close();
});

test('a range of many megabytes is as of one revision while writes go on, and comes in parts', async (context) => {
  const path = await setUp(context);
  const store = await openSqliteStore({ path, world });
  const names = Array.from({ length: 2500 }, (_, index) => `many/${String(index).padStart(5, '0')}`);
  const value = 'x'.repeat(2000);
  const revision = Math.max(...(await Promise.all(names.map((key) => write(store, put(key, value))))));
  const reading = store.range({ start: 'many/', end: 'many0' });
  const limited = store.range({ start: 'many/', end: 'many0', limit: 1700 });
  const answers = Promise.all([reading, limited]);
  let writing = true;
  const done = answers.finally(() => {
    writing = false;
  });
  const read = new Set<number>();
  for (let turn = 0; writing; turn++)
    read.add(await write(store, ...names.slice(0, 50).map((key) => put(key, `${turn}`))));
  const [whole, part] = await done;
  assert.ok(whole.revision === revision || read.has(whole.revision));
  assert.deepEqual(
    whole.entries.map(({ key }) => key),
    names,
  );
  assert.ok(whole.entries.every(({ modRevision }) => modRevision <= whole.revision));
  assert.deepEqual([part.entries.length, part.count, part.more], [1700, 2500, true]);
  assert.equal(new Set(whole.entries.slice(0, 50).map((entry) => entry.value.byteLength)).size, 1);
  await store.close();
});

test('compaction leaves one row for each key, and none for a deleted one', async (context) => {
  const path = await setUp(context);
  const store = await openSqliteStore({ path, world });
  for (let turn = 0; turn < 40; turn++) {
    const puts = Array.from({ length: 50 }, (_, index) => put(`key/${index}`, `${turn}`));
    await write(store, ...puts);
  }
  await write(store, ...Array.from({ length: 20 }, (_, index) => remove(`key/${index}`)));
  const compacted = store.revision();
  await write(store, remove('key/49'), put('key/48', 'later'));
  await store.compact(compacted);
  await store.close();
  const database = new DatabaseSync(path, { readOnly: true });
  const { rows } = database.prepare('SELECT count(*) AS rows FROM change').get()!;
  database.close();
  assert.equal(rows, 30 + 2);
});

test('what a compaction left undone when the process ended is done when the store is opened', async (context) => {
  const path = await setUp(context);
  const store = await openSqliteStore({ path, world });
  const writes = Array.from({ length: 3000 }, (_, index) => write(store, put('a', `${index}`)));
  await Promise.all(writes);
  await store.close();
  const database = new DatabaseSync(path);
  database.exec("UPDATE state SET value = 3001 WHERE name = 'compacted'");
  database.close();
  const again = await openSqliteStore({ path, world });
  assert.equal(again.compactedRevision(), 3001);
  // A compaction waits for the one before it.
  await write(again, put('a', 'last'));
  await again.compact(3002);
  await again.close();
  const cleaned = new DatabaseSync(path, { readOnly: true });
  assert.equal(cleaned.prepare('SELECT count(*) AS rows FROM change').get()!['rows'], 1);
  cleaned.close();
});

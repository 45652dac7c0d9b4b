import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Store } from '../store.ts';
import { eventually, put, Recorder, rejects, remove, type StoreFactory, text, write } from './store-under-test.ts';

/** Compaction: what it takes away, and what it must leave. */
export function compactionCases(create: StoreFactory): void {
  const setUp = async (context: TestContext): Promise<Store> => {
    const made = await create();
    context.after(() => made.dispose());
    return made.store;
  };
  /** Writes 1, 2, 3 to a, deletes b at the second: returns the revision of the first. */
  const history = async (store: Store): Promise<number> => {
    const first = await write(store, put('a', '1'), put('b', '1'), put('c', '1'));
    await write(store, put('a', '2'), remove('b'));
    await write(store, put('a', '3'));
    return first;
  };

  test('reads below the compacted revision fail, those at it and above do not', async (context) => {
    const store = await setUp(context);
    const first = await history(store);
    await store.compact(first + 1);
    assert.equal(store.compactedRevision(), first + 1);
    await rejects(store.get('a', { revision: first }), 'compacted');
    await rejects(store.range({ start: 'a', end: 'z', revision: first }), 'compacted');
    await rejects(store.range({ start: 'z', end: 'a', revision: first }), 'compacted');
    const { entries } = await store.range({ start: 'a', end: 'z', revision: first + 1 });
    assert.deepEqual(
      entries.map(({ key, value }) => `${key}=${text(value)}`),
      ['a=2', 'c=1'],
    );
    assert.equal(text((await store.get('a', { revision: first + 2 }))!.value), '3');
    assert.equal(text((await store.get('c'))!.value), '1');
  });

  test('a watch from the compacted revision or below ends with compacted', async (context) => {
    const store = await setUp(context);
    const first = await history(store);
    await store.compact(first + 1);
    for (const from of [first, first + 1]) {
      const seen = new Recorder(store, from);
      await eventually(() => seen.errors.length > 0, 'the watch ends');
      assert.deepEqual(
        seen.errors.map(({ code }) => code),
        ['compacted'],
      );
      assert.deepEqual(seen.calls, []);
    }
  });

  test('a watch that goes on from a read at the compacted revision works, with what was there before', async (context) => {
    const store = await setUp(context);
    const first = await history(store);
    await store.compact(first + 1);
    const seen = new Recorder(store, first + 2);
    await seen.reaches(first + 2);
    assert.deepEqual(seen.lines, ['put a=3 (was 2)']);
  });

  test('a live watch goes on over a compaction', async (context) => {
    const store = await setUp(context);
    const seen = new Recorder(store, 0);
    const first = await history(store);
    await seen.reaches(first + 2);
    await store.compact(first + 2);
    const last = await write(store, put('a', '4'));
    await seen.reaches(last);
    assert.deepEqual(seen.lines.slice(1), ['delete b (was 1), put a=2 (was 1)', 'put a=3 (was 2)', 'put a=4 (was 3)']);
  });

  test('compacting to what is compacted does nothing; to what is yet to come fails', async (context) => {
    const store = await setUp(context);
    const first = await history(store);
    await store.compact(first + 1);
    await store.compact(first);
    await store.compact(first + 1);
    await store.compact(0);
    assert.equal(store.compactedRevision(), first + 1);
    await rejects(store.compact(first + 3), 'futureRevision');
    await store.compact(first + 2);
    assert.equal(store.compactedRevision(), first + 2);
  });

  test('compaction to the latest revision leaves what is there now', async (context) => {
    const store = await setUp(context);
    const first = await history(store);
    await store.compact(first + 2);
    const { entries, count } = await store.range({ start: 'a', end: 'z' });
    assert.deepEqual(
      entries.map(({ key, value, version }) => `${key}=${text(value)} ${version}`),
      ['a=3 3', 'c=1 1'],
    );
    assert.equal(count, 2);
    const again = await write(store, put('b', 'new'));
    assert.equal((await store.get('b'))!.createRevision, again);
  });

  test('writes go on while the store is compacted', async (context) => {
    const store = await setUp(context);
    for (let turn = 0; turn < 5; turn++) {
      const writes = Array.from({ length: 40 }, (_, index) =>
        write(store, put(`key-${index % 7}`, `${turn}-${index}`)),
      );
      const compaction = store.compact(store.revision());
      await Promise.all([...writes, compaction]);
    }
    const { entries } = await store.range({ start: '', end: '\u{10ffff}' });
    assert.equal(entries.length, 7);
  });
}

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { prefixEnd, type Store } from '../store.ts';
import { put, rejects, remove, type StoreFactory, text, write } from './store-under-test.ts';

/** Ranges: their borders, order, limits, and what they were. */
export function rangeCases(create: StoreFactory): void {
  const setUp = async (context: TestContext): Promise<Store> => {
    const made = await create();
    context.after(() => made.dispose());
    return made.store;
  };
  const keys = async (store: Store, start: string, end: string) =>
    (await store.range({ start, end })).entries.map(({ key }) => key);

  test('a range includes its start and excludes its end', async (context) => {
    const store = await setUp(context);
    await write(store, ...['a', 'b', 'b/1', 'c', 'd'].map((key) => put(key, key)));
    assert.deepEqual(await keys(store, 'b', 'd'), ['b', 'b/1', 'c']);
    assert.deepEqual(await keys(store, 'b\0', 'd'), ['b/1', 'c']);
    assert.deepEqual(await keys(store, 'b', 'b\0'), ['b']);
    assert.deepEqual(await keys(store, 'b', prefixEnd('b')), ['b', 'b/1']);
  });

  test('a range from the empty key to U+10FFFF holds everything', async (context) => {
    const store = await setUp(context);
    await write(store, put('\u0001', ''), put('z', ''), put('\u{10fffe}', ''));
    assert.deepEqual(await keys(store, '', '\u{10ffff}'), ['\u0001', 'z', '\u{10fffe}']);
    assert.deepEqual(await keys(store, '', prefixEnd('')), ['\u0001', 'z', '\u{10fffe}']);
  });

  test('a range whose end is not above its start is empty', async (context) => {
    const store = await setUp(context);
    const revision = await write(store, put('a', ''), put('b', ''));
    for (const [start, end] of [
      ['b', 'a'],
      ['a', 'a'],
      ['a', ''],
      ['', ''],
      ['', '\0'],
    ] as const) {
      const empty = { entries: [], revision, count: 0, more: false };
      assert.deepEqual(await store.range({ start, end }), empty, `${start} to ${end}`);
    }
  });

  test('keys are ordered by their UTF-8 bytes', async (context) => {
    const store = await setUp(context);
    const ordered = ['A', 'a', 'a-', 'a/', 'aa', 'é', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{1f600}'];
    await write(store, ...ordered.toReversed().map((key) => put(key, '')));
    assert.deepEqual(await keys(store, '', '\u{10ffff}'), ordered);
    assert.deepEqual(await keys(store, '\uffff', '\u{1f600}'), ['\uffff', '\u{10000}']);
  });

  test('a limit leaves out the rest and says so; the count is of all', async (context) => {
    const store = await setUp(context);
    const revision = await write(store, ...['a', 'b', 'c'].map((key) => put(key, key)));
    const all = { start: '', end: '\u{10ffff}' };
    const two = await store.range({ ...all, limit: 2 });
    assert.deepEqual(
      two.entries.map(({ key }) => key),
      ['a', 'b'],
    );
    assert.deepEqual([two.count, two.more, two.revision], [3, true, revision]);
    const three = await store.range({ ...all, limit: 3 });
    assert.deepEqual([three.entries.length, three.count, three.more], [3, 3, false]);
    const zero = await store.range({ ...all, limit: 0 });
    assert.deepEqual([zero.entries.length, zero.count, zero.more], [3, 3, false]);
    const counted = await store.range({ ...all, countOnly: true });
    assert.deepEqual(counted, { entries: [], count: 3, more: false, revision });
  });

  test('an old revision reads as it was: values, deletions, counts and limits', async (context) => {
    const store = await setUp(context);
    const first = await write(store, put('a', '1'), put('b', '1'));
    const second = await write(store, put('a', '2'), put('c', '2'));
    const third = await write(store, remove('a'));
    const all = { start: 'a', end: 'z' };
    const at = async (revision: number) => {
      const { entries, count, revision: read } = await store.range({ ...all, revision });
      assert.equal(count, entries.length);
      return [read, ...entries.map(({ key, value }) => `${key}=${text(value)}`)];
    };
    assert.deepEqual(await at(first - 1 || 1), [first - 1 || 1]);
    assert.deepEqual(await at(first), [first, 'a=1', 'b=1']);
    assert.deepEqual(await at(second), [second, 'a=2', 'b=1', 'c=2']);
    assert.deepEqual(await at(third), [third, 'b=1', 'c=2']);
    assert.deepEqual(await at(0), [third, 'b=1', 'c=2']);
    const limited = await store.range({ ...all, revision: second, limit: 2 });
    assert.deepEqual([limited.count, limited.more, limited.entries.length], [3, true, 2]);
    const counted = await store.range({ ...all, revision: second, countOnly: true });
    assert.deepEqual([counted.count, counted.more, counted.entries.length], [3, false, 0]);
    assert.equal(text((await store.get('a', { revision: first }))!.value), '1');
    assert.equal(text((await store.get('a', { revision: second }))!.value), '2');
    assert.equal(await store.get('a', { revision: third }), undefined);
  });

  test('a revision that is yet to come is refused, and so is what is no revision', async (context) => {
    const store = await setUp(context);
    const last = await write(store, put('a', '1'));
    await rejects(store.get('a', { revision: last + 1 }), 'futureRevision');
    await rejects(store.range({ start: 'a', end: 'b', revision: last + 1 }), 'futureRevision');
    await rejects(store.range({ start: 'b', end: 'a', revision: last + 1 }), 'futureRevision');
    await rejects(store.get('a', { revision: -1 }), 'invalidTransaction');
    await rejects(store.get('a', { revision: 0.5 }), 'invalidTransaction');
  });

  test('a read that follows an acknowledged write sees it', async (context) => {
    const store = await setUp(context);
    for (let turn = 0; turn < 20; turn++) {
      const revision = await write(store, put('a', `${turn}`));
      const { entries, revision: read } = await store.range({ start: 'a', end: 'b' });
      assert.equal(text(entries[0]!.value), `${turn}`);
      assert.equal(read, revision);
    }
  });

  test('many entries of some size come whole and in order', async (context) => {
    const store = await setUp(context);
    const value = 'x'.repeat(2000);
    const names = Array.from({ length: 1500 }, (_, index) => `many/${String(index).padStart(5, '0')}`);
    for (let from = 0; from < names.length; from += 100)
      await write(store, ...names.slice(from, from + 100).map((key) => put(key, value)));
    const { entries, count, more } = await store.range({ start: 'many/', end: prefixEnd('many/') });
    assert.deepEqual([count, more], [names.length, false]);
    assert.deepEqual(
      entries.map(({ key }) => key),
      names,
    );
    assert.ok(entries.every((entry) => entry.value.byteLength === 2000));
  });
}

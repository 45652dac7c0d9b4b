import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, put, Recorder, remove, type StoreFactory, write } from './store-under-test.ts';

/** Keys that remove themselves. */
export function expiryCases(create: StoreFactory): void {
  test('a key with a time to live removes itself after it: a deletion like any other', async (context) => {
    const made = await create();
    context.after(() => made.dispose());
    const { store } = made;
    const seen = new Recorder(store, 0);
    const started = performance.now();
    const first = await write(store, put('short', '1', 2), put('kept', '1'));
    await made.advance(1);
    if (performance.now() - started < 1500) assert.notEqual(await store.get('short'), undefined);
    await made.advance(1);
    await eventually(async () => (await store.get('short')) === undefined, 'the key removes itself');
    await seen.reaches(first + 1);
    assert.equal(store.revision(), first + 1);
    assert.deepEqual(seen.lines, ['put kept=1, put short=1', 'delete short (was 1)']);
    assert.notEqual(await store.get('kept'), undefined);
    assert.notEqual(await store.get('short', { revision: first }), undefined);
  });

  test('writing the key again replaces its time to live, or takes it away', async (context) => {
    const made = await create();
    context.after(() => made.dispose());
    const { store } = made;
    const seen = new Recorder(store, 0);
    const first = await write(store, put('taken', '1', 2), put('longer', '1', 2), put('witness', '1', 2));
    await write(store, put('taken', '2'), put('longer', '2', 4), put('fresh', '2'));
    await made.advance(2);
    await eventually(async () => (await store.get('witness')) === undefined, 'the witness removes itself');
    assert.notEqual(await store.get('taken'), undefined);
    assert.notEqual(await store.get('longer'), undefined);
    await made.advance(2);
    await eventually(async () => (await store.get('longer')) === undefined, 'the longer one removes itself');
    assert.notEqual(await store.get('taken'), undefined);
    await seen.reaches(first + 3);
    assert.deepEqual(seen.lines.slice(2), ['delete witness (was 1)', 'delete longer (was 2)']);
  });

  test('a key that was deleted and made again does not inherit the time to live', async (context) => {
    const made = await create();
    context.after(() => made.dispose());
    const { store } = made;
    await write(store, put('a', '1', 1), put('witness', '1', 2));
    await write(store, remove('a'));
    const last = await write(store, put('a', '2'));
    await made.advance(2);
    await eventually(async () => (await store.get('witness')) === undefined, 'the witness removes itself');
    assert.equal((await store.get('a'))?.modRevision, last);
  });

  test('a put that loses its comparison sets no time to live', async (context) => {
    const made = await create();
    context.after(() => made.dispose());
    const { store } = made;
    const first = await write(store, put('a', '1'), put('witness', '1', 2));
    await store.transact({ compare: [{ key: 'a', modRevision: 0 }], success: [put('a', '2', 1)] });
    await made.advance(2);
    await eventually(async () => (await store.get('witness')) === undefined, 'the witness removes itself');
    assert.equal((await store.get('a'))?.modRevision, first);
  });
}

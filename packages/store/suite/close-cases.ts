import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, put, Recorder, rejects, type StoreFactory, write } from './store-under-test.ts';

/** The end of a store. */
export function closeCases(create: StoreFactory): void {
  test('closing ends every watch with closed, and what is asked later fails with it', async (context) => {
    const made = await create();
    context.after(() => made.dispose());
    const { store } = made;
    const live = new Recorder(store, 0);
    const last = await write(store, put('a', '1'));
    await live.reaches(last);
    const cancelled = new Recorder(store, 0);
    cancelled.watch.cancel();
    await store.close();
    await store.close();
    await eventually(() => live.errors.length > 0, 'the watch ends');
    assert.deepEqual(
      live.errors.map(({ code }) => code),
      ['closed'],
    );
    assert.deepEqual(cancelled.errors, []);
    await rejects(store.get('a'), 'closed');
    await rejects(store.range({ start: 'a', end: 'b' }), 'closed');
    await rejects(store.transact({ compare: [], success: [] }), 'closed');
    await rejects(store.compact(1), 'closed');
    await rejects(store.size(), 'closed');
    const late = new Recorder(store, 0);
    await eventually(() => late.errors.length > 0, 'a watch of a closed store ends');
    assert.equal(late.errors[0]!.code, 'closed');
  });

  test('writes under way when the store is closed are acknowledged or fail; none hangs', async (context) => {
    const made = await create();
    context.after(() => made.dispose());
    const { store } = made;
    await write(store, put('a', '1'));
    const writes = Array.from({ length: 50 }, (_, index) => write(store, put(`key-${index}`, '')));
    const closing = store.close();
    const outcomes = await Promise.allSettled([...writes, closing]);
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') continue;
      assert.match((outcome.reason as { code: string }).code, /^(closed|unavailable)$/);
    }
    assert.equal(outcomes.at(-1)!.status, 'fulfilled');
  });

  test('the size grows with what is written', async (context) => {
    const made = await create();
    context.after(() => made.dispose());
    const before = await made.store.size();
    for (let index = 0; index < 8; index++) await write(made.store, put(`large-${index}`, 'x'.repeat(100_000)));
    assert.ok((await made.store.size()) >= before);
    assert.ok((await made.store.size()) > 0);
  });
}

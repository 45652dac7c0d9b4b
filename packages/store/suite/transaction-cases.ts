import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { limits, type Operation, type Store } from '../store.ts';
import { bytes, put, readable, rejects, remove, type StoreFactory, text, write } from './store-under-test.ts';

/** Revisions, comparisons and what a transaction may hold. */
export function transactionCases(create: StoreFactory): void {
  const setUp = async (context: TestContext): Promise<Store> => {
    const made = await create();
    context.after(() => made.dispose());
    return made.store;
  };

  test('an empty store is at revision 1 with nothing compacted', async (context) => {
    const made = await create();
    context.after(() => made.dispose());
    if (made.fresh) assert.equal(made.store.revision(), 1);
    if (made.fresh) assert.equal(made.store.compactedRevision(), 0);
    assert.equal(await made.store.get('a'), undefined);
  });

  test('a write raises the revision by one, however many keys it writes', async (context) => {
    const store = await setUp(context);
    const first = await write(store, put('a', '1'));
    assert.equal(await write(store, put('b', '1'), put('c', '1'), remove('a')), first + 1);
    assert.equal(store.revision(), first + 1);
  });

  test('reading, and a branch that writes nothing, leave the revision alone', async (context) => {
    const store = await setUp(context);
    const first = await write(store, put('a', '1'));
    await store.get('a');
    assert.equal(await write(store), first);
    assert.equal(await write(store, { type: 'get', key: 'a' }, remove('missing')), first);
    const refused = await store.transact({ compare: [{ key: 'a', modRevision: 0 }], success: [put('a', '2')] });
    assert.deepEqual(refused, { succeeded: false, revision: first, results: [] });
    assert.equal(store.revision(), first);
  });

  test('a key carries the revision that made it, the one that wrote it, and its version', async (context) => {
    const store = await setUp(context);
    const made = await write(store, put('a', '1'));
    const written = await write(store, put('a', '2'));
    const expected = { key: 'a', value: '2', createRevision: made, modRevision: written, version: 2 };
    assert.deepEqual(readable(await store.get('a')), expected);
    await write(store, remove('a'));
    const again = await write(store, put('a', '3'));
    const anew = { key: 'a', value: '3', createRevision: again, modRevision: again, version: 1 };
    assert.deepEqual(readable(await store.get('a')), anew);
  });

  test('comparisons decide the branch: all must hold', async (context) => {
    const store = await setUp(context);
    const first = await write(store, put('a', '1'));
    const both = {
      compare: [
        { key: 'a', modRevision: first },
        { key: 'b', modRevision: 0 },
      ],
    };
    const won = await store.transact({ ...both, success: [put('b', 'won')], failure: [put('b', 'lost')] });
    assert.equal(won.succeeded, true);
    const lost = await store.transact({ ...both, success: [put('b', 'won again')], failure: [put('c', 'lost')] });
    assert.equal(lost.succeeded, false);
    assert.equal(text((await store.get('b'))!.value), 'won');
    assert.equal(text((await store.get('c'))!.value), 'lost');
  });

  test('a deleted key compares as one that does not exist', async (context) => {
    const store = await setUp(context);
    await write(store, put('a', '1'));
    await write(store, remove('a'));
    const result = await store.transact({ compare: [{ key: 'a', modRevision: 0 }], success: [put('a', '2')] });
    assert.equal(result.succeeded, true);
  });

  test('of many who compare with the same revision at once, one wins', async (context) => {
    const store = await setUp(context);
    const first = await write(store, put('a', '0'));
    const attempts = Array.from({ length: 20 }, (_, index) =>
      store.transact({ compare: [{ key: 'a', modRevision: first }], success: [put('a', `${index}`)] }),
    );
    const results = await Promise.all(attempts);
    const winners = results.flatMap(({ succeeded }, index) => (succeeded ? [index] : []));
    assert.equal(winners.length, 1);
    const entry = (await store.get('a'))!;
    assert.equal(text(entry.value), `${winners[0]}`);
    assert.equal(entry.modRevision, results[winners[0]!]!.revision);
  });

  test('concurrent writes each get a revision of their own', async (context) => {
    const store = await setUp(context);
    const before = await write(store, put('start', ''));
    const writes = Array.from({ length: 100 }, (_, index) => write(store, put(`key-${index}`, `${index}`)));
    const revisions = (await Promise.all(writes)).sort((left, right) => left - right);
    assert.deepEqual(
      revisions,
      revisions.map((_, index) => before + 1 + index),
    );
  });

  test('results say what a get found and what a put or delete replaced', async (context) => {
    const store = await setUp(context);
    const first = await write(store, put('a', '1'), put('b', '1'));
    const result = await store.transact({
      compare: [],
      success: [{ type: 'get', key: 'a' }, put('a', '2'), put('new', ''), remove('b'), remove('gone')],
    });
    const entry = (key: string) => ({ key, value: '1', createRevision: first, modRevision: first, version: 1 });
    assert.deepEqual(result.results.map(readable), [entry('a'), entry('a'), undefined, entry('b'), undefined]);
    assert.equal(result.revision, first + 1);
  });

  test('operations are applied in their order: a get sees the writes before it only', async (context) => {
    const store = await setUp(context);
    const first = await write(store, put('a', '1'), put('b', '1'));
    const get = (key: string): Operation => ({ type: 'get', key });
    const { results } = await store.transact({
      compare: [],
      success: [get('a'), put('a', '2'), get('a'), remove('b'), get('b')],
    });
    assert.equal(text(results[0]!.value), '1');
    const second = { key: 'a', value: '2', createRevision: first, modRevision: first + 1, version: 2 };
    assert.deepEqual(readable(results[2]), second);
    assert.equal(results[4], undefined);
  });

  test('values are kept byte for byte, empty ones and views into larger buffers too', async (context) => {
    const store = await setUp(context);
    const all = Uint8Array.from({ length: 256 }, (_, index) => index);
    await write(
      store,
      { type: 'put', key: 'all', value: all },
      { type: 'put', key: 'view', value: all.subarray(10, 20) },
      { type: 'put', key: 'buffer', value: Buffer.from('pooled') },
      { type: 'put', key: 'empty', value: new Uint8Array(0) },
    );
    const read = async (key: string) => [...(await store.get(key))!.value];
    assert.deepEqual(await read('all'), [...all]);
    assert.deepEqual(await read('view'), [...all.subarray(10, 20)]);
    assert.deepEqual(await read('buffer'), [...bytes('pooled')]);
    assert.deepEqual(await read('empty'), []);
  });

  test('a transaction that writes a key twice is refused, whichever branch it is in, and nothing is written', async (context) => {
    const store = await setUp(context);
    const before = await write(store, put('a', '1'));
    const twice = [put('b', '1'), remove('b')];
    await rejects(store.transact({ compare: [], success: twice }), 'invalidTransaction');
    await rejects(store.transact({ compare: [], success: [], failure: twice }), 'invalidTransaction');
    assert.equal(await store.get('b'), undefined);
    assert.equal(store.revision(), before);
  });

  test('what is no key, no revision or no time to live is refused', async (context) => {
    const store = await setUp(context);
    for (const key of ['', 'a\0b', '\ud800', '\u{10ffff}a'])
      await rejects(store.transact({ compare: [], success: [put(key, '')] }), 'invalidTransaction');
    await rejects(store.transact({ compare: [{ key: 'a', modRevision: -1 }], success: [] }), 'invalidTransaction');
    for (const ttl of [0, -1, 1.5, Number.NaN, limits.ttl + 1])
      await rejects(store.transact({ compare: [], success: [put('a', '', ttl)] }), 'invalidTransaction');
  });

  test('a transaction may hold what the limits say, and not more', async (context) => {
    const store = await setUp(context);
    const puts = Array.from({ length: limits.operations + 1 }, (_, index) => put(`key-${index}`, ''));
    await rejects(store.transact({ compare: [], success: puts }), 'invalidTransaction');
    const compare = puts.slice(1).map(({ key }) => ({ key, modRevision: 0 }));
    assert.equal((await store.transact({ compare, success: puts.slice(1) })).succeeded, true);
    const large = (size: number): Operation => ({ type: 'put', key: 'large', value: new Uint8Array(size) });
    await rejects(store.transact({ compare: [], success: [large(limits.bytes)] }), 'invalidTransaction');
    await write(store, large(limits.bytes - 'large'.length));
    assert.equal((await store.get('large'))!.value.byteLength, limits.bytes - 'large'.length);
  });
}

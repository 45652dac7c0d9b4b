import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Store } from '../store.ts';
import { eventually, put, Recorder, readable, remove, type StoreFactory, write } from './store-under-test.ts';

/** Watches: from history, from now, without gaps, with what was there before. */
export function watchCases(create: StoreFactory): void {
  const setUp = async (context: TestContext): Promise<Store> => {
    const made = await create();
    context.after(() => made.dispose());
    return made.store;
  };

  test('a watch from now sees what is written after it, and nothing else', async (context) => {
    const store = await setUp(context);
    await write(store, put('a', 'before'));
    const seen = new Recorder(store, 0);
    const last = await write(store, put('a', 'after'));
    await seen.reaches(last);
    assert.deepEqual(seen.lines, ['put a=after (was before)']);
    assert.equal(seen.calls[0]!.revision, last);
  });

  test('a watch from history sees each change once, then what follows', async (context) => {
    const store = await setUp(context);
    const first = await write(store, put('a', '1'));
    await write(store, put('a', '2'));
    await write(store, remove('a'));
    const seen = new Recorder(store, first);
    const last = await write(store, put('a', '3'));
    await seen.reaches(last);
    assert.deepEqual(seen.lines, ['put a=1', 'put a=2 (was 1)', 'delete a (was 2)', 'put a=3']);
    assert.deepEqual(
      seen.calls.map(({ revision }) => revision),
      [first, first + 1, first + 2, last],
    );
    const later = new Recorder(store, first + 1);
    await later.reaches(last);
    assert.deepEqual(later.lines, ['put a=2 (was 1)', 'delete a (was 2)', 'put a=3']);
  });

  test('a watch sees its range only: the start belongs to it, the end does not', async (context) => {
    const store = await setUp(context);
    const first = await write(store, put('a', ''));
    const history = () => new Recorder(store, first, 'b', 'd');
    const before = history();
    const last = await write(store, ...['a', 'b', 'c', 'd'].map((key) => put(key, '')));
    for (const seen of [before, history()]) {
      await seen.reaches(last);
      assert.deepEqual(seen.lines, ['put b=, put c=']);
    }
  });

  test('a watch of an empty range sees nothing, and still tells its progress', async (context) => {
    const store = await setUp(context);
    const seen = [new Recorder(store, 0, 'b', 'a'), new Recorder(store, 1 + store.revision(), 'a', '')];
    const last = await write(store, put('a', ''), put('b', ''));
    for (const watch of seen) {
      await watch.reaches(last);
      assert.deepEqual(watch.lines, []);
    }
  });

  test('all changes of one revision come in one call, from history as from now', async (context) => {
    const store = await setUp(context);
    const first = await write(store, put('b', '0'), put('x', '0'));
    const live = new Recorder(store, 0);
    const last = await write(store, put('a', '1'), put('b', '1'), remove('x'), put('c', '1'));
    const history = new Recorder(store, first + 1);
    for (const seen of [live, history]) {
      await seen.reaches(last);
      assert.deepEqual(seen.lines, ['delete x (was 0), put a=1, put b=1 (was 0), put c=1']);
    }
  });

  test('a change carries the new entry and the one before it', async (context) => {
    const store = await setUp(context);
    const seen = new Recorder(store, 0);
    const made = await write(store, put('a', '1'));
    const written = await write(store, put('a', '2'));
    const removed = await write(store, remove('a'));
    const history = new Recorder(store, made);
    for (const { calls, reaches } of [seen, history].map((watch) => ({
      calls: watch.calls,
      reaches: () => watch.reaches(removed),
    }))) {
      await reaches();
      const changes = calls.map((call) => call.changes[0]!);
      const one = { key: 'a', value: '1', createRevision: made, modRevision: made, version: 1 };
      const two = { key: 'a', value: '2', createRevision: made, modRevision: written, version: 2 };
      const gone = { key: 'a', value: '', createRevision: 0, modRevision: removed, version: 0 };
      assert.deepEqual(
        changes.map(({ entry }) => readable(entry)),
        [one, two, gone],
      );
      assert.deepEqual(
        changes.map(({ previous }) => readable(previous)),
        [undefined, one, two],
      );
      assert.deepEqual(
        changes.map(({ type }) => type),
        ['put', 'put', 'delete'],
      );
    }
  });

  test('deletions of what does not exist and refused transactions are not seen', async (context) => {
    const store = await setUp(context);
    const seen = new Recorder(store, 0);
    await write(store, remove('missing'));
    await store.transact({ compare: [{ key: 'a', modRevision: 7 }], success: [put('a', '')] });
    const last = await write(store, put('b', ''));
    await seen.reaches(last);
    assert.deepEqual(seen.lines, ['put b=']);
  });

  test('a watch from a revision that is yet to come waits for it', async (context) => {
    const store = await setUp(context);
    const seen = new Recorder(store, store.revision() + 3);
    await write(store, put('a', '1'));
    await write(store, put('a', '2'));
    const last = await write(store, put('a', '3'));
    await seen.reaches(last);
    assert.deepEqual(seen.lines, ['put a=3 (was 2)']);
  });

  test('watches opened while many write have no gap and no double', async (context) => {
    const store = await setUp(context);
    const first = await write(store, put('start', ''));
    const watches: { readonly from: number; readonly seen: Recorder }[] = [];
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let turn = 0; turn < 25; turn++) {
        const revision = await write(store, put(`key-${writer}`, `${turn}`));
        if (turn % 5 !== writer % 5) continue;
        const from = turn % 2 === 0 ? first + 1 : revision;
        watches.push({ from, seen: new Recorder(store, from) });
      }
    });
    await Promise.all(writers);
    const last = store.revision();
    assert.equal(last, first + 200);
    for (const { from, seen } of watches) {
      await seen.reaches(last);
      const expected = Array.from({ length: last - from + 1 }, (_, index) => from + index);
      assert.deepEqual(
        seen.calls.map(({ revision }) => revision),
        expected,
      );
    }
  });

  test('a watch tells its progress after it caught up, and when asked', async (context) => {
    const store = await setUp(context);
    const last = await write(store, put('a', ''));
    const seen = new Recorder(store, 0, 'x', 'y');
    await eventually(() => seen.progress.length > 0, 'progress after catching up');
    assert.ok(seen.reached >= last);
    const later = await write(store, put('b', ''));
    seen.watch.requestProgress();
    await eventually(() => seen.reached >= later, 'progress when asked');
    assert.deepEqual(seen.calls, []);
    const history = new Recorder(store, last, 'x', 'y');
    await eventually(() => history.progress.length > 0, 'progress after reading history');
  });

  test('progress never runs ahead of what was delivered', async (context) => {
    const store = await setUp(context);
    const order: string[] = [];
    const watch = store.watch({
      start: '',
      end: '\u{10ffff}',
      fromRevision: await write(store, put('a', 'first')),
      deliver: (_, revision) => order.push(`delivered ${revision}`),
      progress: (revision) => order.push(`progress ${revision}`),
      ended: () => order.push('ended'),
    });
    let last = 0;
    for (let turn = 0; turn < 50; turn++) {
      const writing = write(store, put('a', `${turn}`));
      watch.requestProgress();
      last = await writing;
    }
    watch.requestProgress();
    await eventually(() => order.includes(`progress ${last}`), 'progress reaches the last write');
    let reached = 0;
    for (const line of order) {
      const revision = Number(line.split(' ')[1]);
      if (line.startsWith('delivered')) assert.ok(revision > reached, `${line} after ${reached}`);
      reached = Math.max(reached, revision);
    }
  });

  test('after cancel no callback comes', async (context) => {
    const store = await setUp(context);
    const first = await write(store, put('a', '1'));
    const never = new Recorder(store, first);
    never.watch.cancel();
    const live = new Recorder(store, 0);
    await live.reaches(await write(store, put('a', '2')));
    live.watch.cancel();
    const { calls, progress } = live;
    const counts = [calls.length, progress.length];
    live.watch.requestProgress();
    live.watch.cancel();
    const witness = new Recorder(store, 0);
    await witness.reaches(await write(store, put('a', '3')));
    assert.deepEqual([calls.length, progress.length], counts);
    assert.deepEqual(live.errors, []);
    assert.deepEqual([never.calls, never.progress, never.errors], [[], [], []]);
  });

  test('a watch may be cancelled, and others opened, from inside a delivery', async (context) => {
    const store = await setUp(context);
    const lines: string[] = [];
    const inner: Recorder[] = [];
    const watch = store.watch({
      start: '',
      end: '\u{10ffff}',
      fromRevision: 0,
      deliver: (_, revision) => {
        lines.push(`${revision}`);
        inner.push(new Recorder(store, revision));
        watch.cancel();
      },
      ended: () => lines.push('ended'),
    });
    const first = await write(store, put('a', '1'));
    const last = await write(store, put('a', '2'));
    await eventually(() => inner.length > 0, 'the delivery');
    await inner[0]!.reaches(last);
    assert.deepEqual(inner[0]!.lines, ['put a=1', 'put a=2 (was 1)']);
    assert.deepEqual(lines, [`${first}`]);
  });

  test('a write from inside a delivery is seen by every watch in order', async (context) => {
    const store = await setUp(context);
    const before = new Recorder(store, 0);
    const nested: Promise<number>[] = [];
    store.watch({
      start: 'a',
      end: 'b',
      fromRevision: 0,
      deliver: () => nested.push(write(store, put('b', 'nested'))),
      ended: () => {},
    });
    const after = new Recorder(store, 0);
    await write(store, put('a', 'outer'));
    await eventually(() => nested.length > 0, 'the delivery');
    const last = await nested[0]!;
    for (const seen of [before, after]) {
      await seen.reaches(last);
      assert.deepEqual(seen.lines, ['put a=outer', 'put b=nested']);
    }
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '@keelson/base';
import { storeSuite } from '../../suite/index.ts';
import { put, Recorder, remove, write } from '../../suite/store-under-test.ts';
import { MemoryStore } from './memory-store.ts';

storeSuite(
  'memory',
  async () => {
    const world = virtualWorld('memory');
    const store = new MemoryStore(world);
    return {
      store,
      fresh: true,
      advance: (seconds) => world.clock.advance(seconds * 1000),
      dispose: () => store.close(),
    };
  },
  { seeds: 30 },
);

test('a watch has been handed a write when transact resolves', async () => {
  const store = new MemoryStore(virtualWorld('order'));
  const seen = new Recorder(store, 0);
  await write(store, put('a', '1'));
  assert.deepEqual(seen.lines, ['put a=1']);
});

test('a time to live longer than a timer can wait is kept to the second', async () => {
  const world = virtualWorld('long');
  const store = new MemoryStore(world);
  const days = 60 * 86_400;
  await write(store, put('a', '1', days));
  await world.clock.advance(days * 1000 - 1);
  assert.notEqual(await store.get('a'), undefined);
  await world.clock.advance(1);
  assert.equal(await store.get('a'), undefined);
});

test('compaction frees what was superseded', async () => {
  const store = new MemoryStore(virtualWorld('size'));
  const empty = await store.size();
  for (let turn = 0; turn < 10; turn++) await write(store, put('a', 'x'.repeat(1000)), put(`b-${turn}`, ''));
  const full = await store.size();
  await write(store, remove('a'), ...Array.from({ length: 10 }, (_, turn) => remove(`b-${turn}`)));
  await store.compact(store.revision());
  assert.ok(full > 10_000);
  assert.equal(await store.size(), empty);
});

test('a callback that throws loses its watch and disturbs no other', async () => {
  const store = new MemoryStore(virtualWorld('throw'));
  let calls = 0;
  store.watch({
    start: '',
    end: '\u{10ffff}',
    fromRevision: 0,
    deliver: () => {
      calls++;
      throw new Error('a mistake of the watcher');
    },
    ended: () => {},
  });
  const seen = new Recorder(store, 0);
  await write(store, put('a', '1'));
  await write(store, put('a', '2'));
  assert.deepEqual(seen.lines, ['put a=1', 'put a=2 (was 1)']);
  assert.equal(calls, 1);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@keelson/base';
import { WorkQueue } from './work-queue.ts';

test('a key is given out once however often it is added, and never to two at a time', async () => {
  const queue = new WorkQueue({ clock: new VirtualClock() });
  queue.add('a');
  queue.add('b');
  queue.add('a');
  assert.equal(await queue.take(), 'a');
  assert.equal(await queue.take(), 'b');
  const third = queue.take();
  queue.add('a');
  queue.add('a');
  assert.equal(queue.length, 0);
  queue.done('a');
  assert.equal(await third, 'a');
  queue.done('a');
  queue.done('b');
  assert.equal(queue.idle, true);
});

test('of several delays the soonest counts', async () => {
  const clock = new VirtualClock();
  const queue = new WorkQueue({ clock });
  queue.addAfter('a', 500);
  queue.addAfter('a', 100);
  queue.addAfter('a', 300);
  await clock.advance(99);
  assert.equal(queue.length, 0);
  await clock.advance(1);
  assert.equal(queue.length, 1);
  await queue.take();
  queue.done('a');
  await clock.advance(1000);
  assert.equal(queue.length, 0);
});

test('failures in a row are waited for longer and longer, until they are forgotten', async () => {
  const clock = new VirtualClock();
  const queue = new WorkQueue({ clock });
  const waits: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    const from = clock.monotonic();
    queue.addRateLimited('a');
    await clock.until(() => queue.length === 1);
    waits.push(clock.monotonic() - from);
    queue.done((await queue.take())!);
  }
  assert.deepEqual(waits, [5, 10, 20, 40, 80]);
  assert.equal(queue.failures('a'), 5);
  queue.forget('a');
  assert.equal(queue.failures('a'), 0);
});

test('many keys that fail share one rate', async () => {
  const clock = new VirtualClock();
  const queue = new WorkQueue({ clock, perSecond: 10, burst: 100 });
  for (let index = 0; index < 200; index++) queue.addRateLimited(`k${index}`);
  await clock.advance(5);
  assert.equal(queue.length, 100);
  await clock.advance(5000);
  assert.ok(queue.length >= 150 && queue.length <= 151, `${queue.length} keys after five seconds`);
});

test('a closed queue gives nothing, to those who wait either', async () => {
  const clock = new VirtualClock();
  const queue = new WorkQueue({ clock });
  const waiting = queue.take();
  queue.addAfter('a', 10);
  queue.close();
  assert.equal(await waiting, undefined);
  assert.equal(await queue.take(), undefined);
  assert.equal(clock.nextDue(), undefined);
});

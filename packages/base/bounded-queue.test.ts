import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoundedQueue } from './bounded-queue.ts';

test('refuses what goes over the limit and keeps the order of what it took', async () => {
  const queue = new BoundedQueue<number>(100);
  for (let index = 0; index < 150; index++) assert.equal(queue.offer(index), index < 100);
  for (let index = 0; index < 100; index++) assert.equal(await queue.take(), index);
  assert.equal(queue.poll(), undefined);
});

test('a waiting consumer gets the next item, and undefined when the queue closes', async () => {
  const queue = new BoundedQueue<string>(1);
  const first = queue.take();
  queue.offer('a');
  assert.equal(await first, 'a');
  const second = queue.take();
  queue.close();
  assert.equal(await second, undefined);
  assert.equal(queue.offer('b'), false);
});

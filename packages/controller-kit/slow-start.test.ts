import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slowStart } from './slow-start.ts';

test('batches double, and the first that fails is the last', async () => {
  let calls = 0;
  const all = await slowStart(10, async () => void calls++);
  assert.deepEqual([all.succeeded, all.skipped, calls], [10, 0, 10]);

  calls = 0;
  const some = await slowStart(20, async () => {
    if (++calls > 3) throw new Error('quota');
  });
  assert.deepEqual([some.succeeded, some.skipped, calls, (some.error as Error).message], [3, 13, 7, 'quota']);

  const none = await slowStart(0, async () => assert.fail('nothing to do'));
  assert.deepEqual([none.succeeded, none.skipped, none.error], [0, 0, undefined]);
});

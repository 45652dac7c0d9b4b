import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sleep } from './clock.ts';
import { VirtualClock } from './virtual-clock.ts';

test('timers fire in the order of their due times, whatever the order in which they were set', async () => {
  const clock = new VirtualClock();
  const fired: string[] = [];
  clock.setTimer(30, () => fired.push('c'));
  clock.setTimer(10, () => fired.push('a'));
  clock.setTimer(10, () => fired.push('b'));
  clock.setTimer(20, () => fired.push('never')).cancel();
  await clock.advance(30);
  assert.deepEqual(fired, ['a', 'b', 'c']);
});

test('what a timer sets off has come to rest before the next one fires', async () => {
  const clock = new VirtualClock();
  const seen: number[] = [];
  const loop = async () => {
    for (let turn = 0; turn < 3; turn++) {
      await sleep(clock, 100);
      seen.push(clock.monotonic());
    }
  };
  const done = loop();
  await clock.advance(1000);
  await done;
  assert.deepEqual(seen, [100, 200, 300]);
});

test('until stops at the moment the condition holds', async () => {
  const clock = new VirtualClock();
  let value = 0;
  clock.setTimer(500, () => {
    value = 1;
  });
  assert.equal(await clock.until(() => value === 1), true);
  assert.equal(clock.monotonic(), 500);
  assert.equal(await clock.until(() => value === 2, 1000), false);
  assert.equal(clock.monotonic(), 1500);
});

test('sleep ends early when its signal aborts', async () => {
  const clock = new VirtualClock();
  const controller = new AbortController();
  const sleeping = sleep(clock, 1_000_000, controller.signal);
  controller.abort();
  await sleeping;
  assert.equal(clock.nextDue(), undefined);
});

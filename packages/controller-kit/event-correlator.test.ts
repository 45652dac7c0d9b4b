import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@keelson/base';
import { EventCorrelator, type Occurrence } from './event-correlator.ts';

function occurrence(clock: VirtualClock, message: string, name = 'p'): Occurrence {
  const about = { kind: 'Pod', namespace: 'n', name, uid: name };
  return { component: 'c', host: '', about, type: 'Normal', reason: 'R', message, time: clock.now() };
}

test('the same again is the same Event', () => {
  const clock = new VirtualClock();
  const correlator = new EventCorrelator(clock);
  const first = correlator.correlate(occurrence(clock, 'm'))!;
  assert.equal(first.written, undefined);
  correlator.remember(first.key, { metadata: { name: 'e' } });
  assert.equal(correlator.correlate(occurrence(clock, 'm'))!.written!.metadata!.name, 'e');
  assert.equal(correlator.correlate(occurrence(clock, 'other'))!.written, undefined);
});

test('the tenth differing message is said to be one of many', () => {
  const clock = new VirtualClock();
  const correlator = new EventCorrelator(clock);
  const messages = Array.from(
    { length: 11 },
    (_, index) => correlator.correlate(occurrence(clock, `m${index}`))!.message,
  );
  assert.equal(messages[8], 'm8');
  assert.equal(messages[9], '(combined from similar events): m9');
  assert.equal(messages[10], '(combined from similar events): m10');
});

test('an object that talks too much is heard 25 times, then once in five minutes', async () => {
  const clock = new VirtualClock();
  const correlator = new EventCorrelator(clock);
  const heard = () => correlator.correlate(occurrence(clock, 'm')) !== undefined;
  assert.equal(Array.from({ length: 30 }, heard).filter(Boolean).length, 25);
  assert.ok(correlator.correlate(occurrence(clock, 'm', 'another')));
  await clock.advance(299_000);
  assert.equal(heard(), false);
  await clock.advance(1000);
  assert.deepEqual([heard(), heard()], [true, false]);
});

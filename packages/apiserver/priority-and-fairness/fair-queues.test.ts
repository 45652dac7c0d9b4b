import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomInteger, SeededRandom } from '@keelson/base';
import { allocate } from './concurrency-allocation.ts';
import { FairQueues, QueuedRequest } from './fair-queues.ts';
import { RetryAfter } from './retry-after.ts';
import { SeatDemand } from './seat-demand.ts';
import { handOf } from './shuffle-sharding.ts';

const work = (initialSeats = 1) => ({ initialSeats, finalSeats: 0, additionalLatency: 0 });

interface Flow {
  readonly name: string;
  /** Milliseconds between two requests. */
  readonly every: number;
  readonly seats?: number;
}

/** Plays flows against a level for some seconds of virtual time; how much service each got, in requests. */
function play(seed: string, flows: readonly Flow[], options: { limit: number; queues: number; serviceTime: number }) {
  const random = new SeededRandom(seed);
  const settings = { queues: options.queues, queueLengthLimit: 50 };
  const level = new FairQueues(settings, options.limit, 0);
  const served = new Map(flows.map(({ name }) => [name, 0]));
  const refused = new Map(flows.map(({ name }) => [name, 0]));
  const ends: { at: number; request: QueuedRequest }[] = [];
  let most = 0;
  const begin = (request: QueuedRequest, now: number) => {
    const length = Math.round(options.serviceTime * (0.5 + randomInteger(random, 1000) / 1000));
    ends.push({ at: now + Math.max(1, length), request });
    most = Math.max(most, level.seatsInUse);
  };
  for (let now = 0; now < 10_000; now++) {
    for (const end of ends.filter(({ at }) => at === now)) {
      ends.splice(ends.indexOf(end), 1);
      served.set(end.request.distinguisher, served.get(end.request.distinguisher)! + 1);
      for (const next of level.finish(end.request, now)) begin(next, now);
    }
    for (const { name, every, seats } of flows) {
      if (randomInteger(random, every) !== 0) continue;
      const request = new QueuedRequest('schema', name, work(seats));
      const outcome = level.arrive(request, handOf('schema', name, options.queues, 6), now);
      if (outcome === 'running') begin(request, now);
      if (outcome === 'rejected') refused.set(name, refused.get(name)! + 1);
    }
    assert.ok(level.seatsInUse <= options.limit, `${level.seatsInUse} seats`);
    // Nothing waits while it could run.
    assert.ok(level.waiting === 0 || level.seatsInUse + 10 > options.limit, 'seats are used');
  }
  for (let now = 10_000; ends.length > 0; now++)
    for (const end of ends.filter(({ at }) => at <= now)) {
      ends.splice(ends.indexOf(end), 1);
      for (const next of level.finish(end.request, now)) begin(next, now);
    }
  assert.deepEqual([level.idle, level.seatsInUse, level.seatsWaiting, level.waiting], [true, 0, 0, 0]);
  return { served, refused, most };
}

test('under overload a greedy flow does not take what the others need', () => {
  for (const seed of ['1', '2', '3', '4']) {
    // 10 seats of 20 ms are 500 requests a second; the greedy flow alone wants 1000, each polite one 25.
    const polite = Array.from({ length: 8 }, (_, index) => ({ name: `polite-${index}`, every: 40 }));
    const { served, refused, most } = play(seed, [{ name: 'greedy', every: 1 }, ...polite], {
      limit: 10,
      queues: 64,
      serviceTime: 20,
    });
    assert.equal(most, 10, `seed ${seed}`);
    assert.ok(refused.get('greedy')! > 1000, `seed ${seed}: ${refused.get('greedy')}`);
    for (const { name } of polite) {
      assert.equal(refused.get(name), 0, `seed ${seed} ${name}`);
      assert.ok(served.get(name)! > 190, `seed ${seed} ${name} ${served.get(name)}`);
    }
  }
});

test('flows that want more than there is get the same, in seats', () => {
  const flows = [
    { name: 'narrow', every: 1 },
    { name: 'wide', every: 1, seats: 5 },
  ];
  const { served } = play('7', flows, { limit: 10, queues: 512, serviceTime: 20 });
  const ratio = served.get('narrow')! / (5 * served.get('wide')!);
  assert.ok(ratio > 0.7 && ratio < 1.4, `${ratio}`);
});

test('a level without queues refuses what it cannot serve at once; one wider than the level runs alone', () => {
  const level = new FairQueues({ queues: 0, queueLengthLimit: 0 }, 2, 0);
  const [one, wide] = [new QueuedRequest('s', '', work()), new QueuedRequest('s', '', work(5))];
  assert.equal(level.arrive(one, [], 0), 'running');
  assert.equal(level.arrive(wide, [], 1), 'rejected');
  level.finish(one, 2);
  assert.equal(level.arrive(new QueuedRequest('s', '', work(5)), [], 3), 'running');
  assert.equal(level.arrive(new QueuedRequest('s', '', work()), [], 4), 'rejected');
});

test('seats are kept after the answer for what follows it; those that wait can be taken out', () => {
  const level = new FairQueues({ queues: 8, queueLengthLimit: 2 }, 1, 0);
  const first = new QueuedRequest('s', 'a', { initialSeats: 1, finalSeats: 1, additionalLatency: 5 });
  const [second, third, fourth] = ['b', 'c', 'd'].map((name) => new QueuedRequest('s', name, work())) as any;
  assert.equal(level.arrive(first, [0], 0), 'running');
  assert.equal(level.arrive(second, [1], 0), 'waiting');
  assert.equal(level.arrive(third, [1], 0), 'waiting');
  assert.equal(level.arrive(fourth, [1], 0), 'rejected', 'the queue is full');
  assert.deepEqual(level.finish(first, 1), []);
  assert.equal(level.cancel(second, 'time-out', 2), true);
  assert.deepEqual(level.release(first, 6), [third]);
  assert.equal(level.cancel(third, 'cancelled', 7), false, 'it runs');
  assert.deepEqual([level.rejected, level.timedOut, level.cancelled], [2, 1, 0]);
  assert.deepEqual(level.configure({ queues: 0, queueLengthLimit: 0 }, 4, 8), []);
});

test('a hand is different queues, the same for the same flow', () => {
  for (const [queues, size] of [
    [128, 6],
    [64, 8],
    [6, 6],
    [1, 1],
  ] as const) {
    const hand = handOf('schema', 'user', queues, size);
    assert.equal(new Set(hand).size, size);
    assert.ok(hand.every((queue) => queue >= 0 && queue < queues));
    assert.deepEqual(handOf('schema', 'user', queues, size), hand);
  }
});

test('seats are divided in proportion, within bounds', () => {
  const item = (lowerBound: number, upperBound: number, target: number) => ({ lowerBound, upperBound, target });
  const cases: [number, ReturnType<typeof item>[], number[] | undefined][] = [
    [30, [item(0, 100, 10), item(0, 100, 20)], [10, 20]],
    [30, [item(0, 100, 1), item(20, 100, 20)], [10 / 7, 200 / 7]],
    [30, [item(0, 5, 10), item(0, 100, 10)], [5, 25]],
    [30, [item(20, 20, 20), item(5, 100, 5), item(0, 100, 5)], [20, 5, 5]],
    [30, [item(20, 30, 20), item(11, 30, 11)], undefined],
    [30, [item(0, 10, 5), item(0, 10, 5)], undefined],
    [0, [item(0, 10, 5)], [0]],
  ];
  for (const [sum, items, expected] of cases) {
    const seats = allocate(sum, items)?.seats;
    if (expected === undefined) assert.equal(seats, undefined);
    else
      for (const [index, value] of expected.entries()) assert.ok(Math.abs(seats![index]! - value) < 1e-6, `${seats}`);
  }
});

test('a demand is averaged over its period and forgotten slowly', () => {
  const demand = new SeatDemand(0);
  demand.set(10, 0);
  demand.set(0, 5000);
  demand.turn(10_000);
  assert.deepEqual([demand.average, demand.deviation, demand.highWatermark, demand.smoothed], [5, 5, 10, 10]);
  for (let turn = 2; turn <= 31; turn++) demand.turn(turn * 10_000);
  assert.ok(demand.smoothed > 4.5 && demand.smoothed < 5.5, `${demand.smoothed}`);
});

test('who is refused often waits longer, up to half a minute, and less when it is over', () => {
  const retry = new RetryAfter();
  const seconds: number[] = [];
  for (let second = 100; second < 240; second++)
    for (let count = 0; count < 200; count++) seconds.push(retry.refuse(second * 1000));
  assert.equal(seconds[0], 1);
  assert.equal(seconds.at(-1), 32);
  for (let second = 400; second < 1500; second += 33) retry.refuse(second * 1000);
  assert.equal(retry.refuse(1_600_000), 1);
});

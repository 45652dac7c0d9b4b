import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@keelson/base';
import type { Node } from '@keelson/model/generated/types/core-v1.ts';
import { wantedTaints } from './taints.ts';
import { EvictionLimiter, evictionRate, zoneState } from './zones.ts';

const nodeIn = (zone: string, name: string, ready: boolean): Node => ({
  metadata: { name, labels: { 'topology.kubernetes.io/zone': zone } },
  status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'Unknown' }] },
});
const zone = (name: string, up: number, down: number) =>
  Array.from({ length: up + down }, (_, index) => nodeIn(name, `${name}${index}`, index < up));

test('a zone is disrupted by the share of its nodes that are not ready', () => {
  const states = [zone('a', 3, 0), zone('a', 1, 2), zone('a', 4, 5), zone('a', 5, 4), zone('a', 0, 3)].map(zoneState);
  assert.deepEqual(states, ['Normal', 'Normal', 'PartialDisruption', 'Normal', 'FullDisruption']);
});

test('a small zone that is partly down drives nobody off, a large one slowly, none at all when all are down', () => {
  assert.equal(evictionRate('Normal', 3, false), 0.1);
  assert.equal(evictionRate('PartialDisruption', 10, false), 0);
  assert.equal(evictionRate('PartialDisruption', 51, false), 0.01);
  assert.equal(evictionRate('FullDisruption', 3, false), 0.1);
  assert.equal(evictionRate('FullDisruption', 3, true), 0);
});

test('each zone drives one node empty at once, and the next ten seconds later', async () => {
  const clock = new VirtualClock();
  const limiter = new EvictionLimiter(clock);
  const nodes = [...zone('a', 5, 2), ...zone('b', 5, 1)];
  limiter.observe(nodes);
  const take = (name: string) => limiter.tryTake(nodes.find(({ metadata }) => metadata!.name === name)!);
  assert.deepEqual([take('a5'), take('a6'), take('b5')], [true, false, true]);
  await clock.advance(9000);
  limiter.observe(nodes);
  assert.equal(take('a6'), false);
  await clock.advance(1000);
  assert.equal(take('a6'), true);
});

test('taints of others stay as they are', () => {
  const node: Node = {
    spec: {
      taints: [
        { key: 'mine', effect: 'NoSchedule' },
        { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' },
      ],
    },
    status: {
      conditions: [
        { type: 'Ready', status: 'Unknown' },
        { type: 'DiskPressure', status: 'True' },
      ],
    },
  };
  const wanted = wantedTaints(node, false, 'now').map(({ key, effect }) => `${key}:${effect}`);
  assert.deepEqual(wanted.sort(), [
    'mine:NoSchedule',
    'node.kubernetes.io/disk-pressure:NoSchedule',
    'node.kubernetes.io/unreachable:NoExecute',
    'node.kubernetes.io/unreachable:NoSchedule',
  ]);
});

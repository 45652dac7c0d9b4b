import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import { compareForDeletion, podsToDelete } from './deletion-ranking.ts';

const now = Date.UTC(2026, 0, 1, 12);
const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString().replace('.000', '');

interface Facts {
  node?: string;
  phase?: string;
  readyFor?: number;
  cost?: string;
  restarts?: number;
  age?: number;
  uid?: string;
}

function podOf({ node = 'n', phase = 'Running', readyFor, cost, restarts = 0, age = 1000, uid = 'u' }: Facts): Pod {
  const annotations: Record<string, string> =
    cost === undefined ? {} : { 'controller.kubernetes.io/pod-deletion-cost': cost };
  const condition = {
    type: 'Ready',
    status: readyFor === undefined ? 'False' : 'True',
    lastTransitionTime: ago(readyFor ?? 0),
  };
  return {
    metadata: { name: uid, uid, annotations, creationTimestamp: ago(age) },
    spec: { containers: [], ...(node && { nodeName: node }) },
    status: { phase, conditions: [condition], containerStatuses: [{ restartCount: restarts } as any] },
  };
}

const ready = { readyFor: 100 };
const table: readonly (readonly [string, Facts, Facts, number?, number?])[] = [
  ['unassigned before assigned', { ...ready, node: '' }, ready],
  ['pending before running', { ...ready, phase: 'Pending' }, ready],
  ['unknown before running', { ...ready, phase: 'Unknown' }, ready],
  ['not ready before ready', {}, ready],
  ['cheaper before dearer', { ...ready, cost: '-5' }, { ...ready, cost: '5' }],
  ['a cost that is no number counts as none', { ...ready, cost: '-1' }, { ...ready, cost: '+100' }],
  ['more neighbours before fewer', ready, ready, 3, 1],
  ['ready for less long before longer', { readyFor: 10 }, { readyFor: 1000 }],
  ['restarted more often before less', { ...ready, restarts: 3 }, ready],
  ['younger before older', { ...ready, age: 10 }, { ...ready, age: 1000 }],
  ['of one order of magnitude by uid', { readyFor: 1000, uid: 'a' }, { readyFor: 900, uid: 'b' }],
];

for (const [name, first, second, left = 0, right = 0] of table)
  test(name, () => {
    const one = { pod: podOf(first), neighbours: left };
    const two = { pod: podOf(second), neighbours: right };
    assert.ok(compareForDeletion(one, two, now) < 0, 'the first goes first');
    assert.ok(compareForDeletion(two, one, now) > 0, 'and in the other order too');
  });

test('as many go as are asked for, in that order', () => {
  const pods = [podOf({ ...ready, uid: 'a' }), podOf({ uid: 'b' }), podOf({ node: '', uid: 'c' })];
  const ranked = pods.map((pod) => ({ pod, neighbours: 0 }));
  assert.deepEqual(
    podsToDelete(ranked, 2, now).map(({ metadata }) => metadata!.name),
    ['c', 'b'],
  );
});

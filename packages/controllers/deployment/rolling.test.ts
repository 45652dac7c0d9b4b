import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Deployment, ReplicaSet } from '@keelson/model/generated/types/apps-v1.ts';
import { maxSurge, maxUnavailable } from './replicas.ts';
import { newestReplicas, oldScalings } from './rolling.ts';
import { scalings } from './scaling.ts';

function deploymentOf(replicas: number, surge: number | string, unavailable: number | string): Deployment {
  const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable } };
  return { spec: { replicas, strategy, selector: {}, template: {} } };
}

function replicaSetOf(name: string, replicas: number, available = replicas, max?: number): ReplicaSet {
  const annotations: Record<string, string> =
    max === undefined ? {} : { 'deployment.kubernetes.io/max-replicas': String(max) };
  const creationTimestamp = `2026-01-01T00:00:0${name.length}Z`;
  return {
    metadata: { name, annotations, creationTimestamp },
    spec: { replicas, selector: {} },
    status: { replicas, availableReplicas: available },
  };
}

const bounds: readonly (readonly [number, number | string, number | string, number, number])[] = [
  [10, '25%', '25%', 3, 2],
  [1, '25%', '25%', 1, 0],
  [3, 0, '10%', 0, 1],
  [10, 0, 1, 0, 1],
  [2, 5, 5, 5, 2],
  [0, '25%', '25%', 0, 0],
];

for (const [replicas, surge, unavailable, up, down] of bounds)
  test(`${replicas} replicas with ${surge} more and ${unavailable} fewer are ${up} and ${down}`, () => {
    const deployment = deploymentOf(replicas, surge, unavailable);
    assert.deepEqual([maxSurge(deployment), maxUnavailable(deployment)], [up, down]);
  });

test('the newest grows into the room there is, and shrinks at once', () => {
  const deployment = deploymentOf(10, 2, 2);
  const sizes = (newest: number, old: number) =>
    newestReplicas(deployment, [replicaSetOf('n', newest), replicaSetOf('o', old)], newest);
  assert.deepEqual([sizes(0, 10), sizes(2, 10), sizes(2, 8), sizes(9, 0), sizes(12, 0)], [2, 2, 4, 10, 10]);
});

const steps: readonly (readonly [string, [number, number], [number, number][], number[]])[] = [
  ['nothing while too few are available', [3, 0], [[8, 8]], [8]],
  ['two at once while two may be missing', [2, 0], [[10, 10]], [8]],
  ['unhealthy ones first', [2, 0], [[10, 8]], [8]],
  [
    'unhealthy ones of every old one',
    [0, 0],
    [
      [4, 0],
      [8, 8],
    ],
    [0, 8],
  ],
  ['the rest once the new ones are there', [10, 10], [[2, 2]], [0]],
];

for (const [name, [wanted, available], old, expected] of steps)
  test(`old ones: ${name}`, () => {
    const sets = old.map(([replicas, up], index) => replicaSetOf('o'.repeat(index + 1), replicas, up));
    const planned = oldScalings(deploymentOf(10, 2, 2), replicaSetOf('newest', wanted, available), sets);
    const sizes = sets.map(
      (set) => planned.find(({ replicaSet }) => replicaSet === set)?.replicas ?? set.spec!.replicas,
    );
    assert.deepEqual(sizes, expected);
  });

test('scaling in a rollout is shared by size, and the rounding goes to the largest', () => {
  const share = (replicas: number, sizes: number[], max: number) => {
    const sets = sizes.map((size, index) => replicaSetOf('s'.repeat(index + 1), size, size, max));
    return scalings(deploymentOf(replicas, 0, 1), sets[0], sets.slice(1))
      .toSorted((left, right) => left.replicaSet.metadata!.name!.length - right.replicaSet.metadata!.name!.length)
      .map((scaling) => scaling.replicas);
  };
  assert.deepEqual(share(12, [5, 5], 10), [6, 6]);
  assert.deepEqual(share(16, [8, 2], 10), [13, 3]);
  assert.deepEqual(share(5, [8, 2], 10), [4, 1]);
  assert.deepEqual(share(0, [6, 4], 10), [0, 0]);
});

test('the only active one takes every change; of a finished rollout the old ones go', () => {
  const newest = replicaSetOf('new', 0);
  const old = replicaSetOf('o', 3);
  assert.deepEqual(scalings(deploymentOf(5, 1, 1), newest, [old]), [{ replicaSet: old, replicas: 5 }]);
  const done = replicaSetOf('new', 5);
  done.metadata!.annotations = { 'deployment.kubernetes.io/desired-replicas': '5' };
  assert.deepEqual(scalings(deploymentOf(5, 1, 1), done, [old]), [{ replicaSet: old, replicas: 0 }]);
});

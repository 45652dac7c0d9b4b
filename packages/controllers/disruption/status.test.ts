import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import { budgetStatus, desiredHealthy } from './status.ts';

const podOf = (name: string, ready = true): Pod => ({
  metadata: { name },
  status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});
const budget = (spec: object, status: object = {}) => ({ metadata: { generation: 2 }, spec, status }) as any;

test('percentages round up, and maxUnavailable counts from what is expected', () => {
  const of = (spec: object, expected: number) => desiredHealthy(budget(spec), expected);
  assert.deepEqual(
    [
      of({ minAvailable: 2 }, 5),
      of({ minAvailable: '50%' }, 5),
      of({ maxUnavailable: 1 }, 5),
      of({ maxUnavailable: '30%' }, 5),
    ],
    [2, 3, 4, 3],
  );
});

test('only healthy pods may be given up, and those beyond what must stay', () => {
  const status = budgetStatus(
    budget({ minAvailable: 2 }),
    [podOf('a'), podOf('b'), podOf('c'), podOf('d', false)],
    4,
    0,
  );
  assert.deepEqual(
    [
      status.disruptionsAllowed,
      status.currentHealthy,
      status.desiredHealthy,
      status.expectedPods,
      status.observedGeneration,
    ],
    [1, 3, 2, 4, 2],
  );
  assert.equal(status.conditions![0]!.reason, 'SufficientPods');
});

test('an eviction that was granted counts until its pod has gone, for two minutes', () => {
  const disruptedPods = { a: '2026-01-01T00:00:00Z', gone: '2026-01-01T00:00:00Z' };
  const at = (seconds: number) =>
    budgetStatus(
      budget({ minAvailable: 1 }, { disruptedPods }),
      [podOf('a'), podOf('b')],
      2,
      Date.UTC(2026, 0, 1, 0, 0, seconds),
    );
  assert.deepEqual([at(60).disruptionsAllowed, at(60).disruptedPods], [0, { a: disruptedPods.a }]);
  assert.deepEqual([at(121).disruptionsAllowed, at(121).disruptedPods], [1, undefined]);
  assert.equal(at(60).conditions![0]!.reason, 'InsufficientPods');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, Taint, Toleration } from '@keelson/model/generated/types/core-v1.ts';
import { evictionTime } from './schedule.ts';

const start = Date.UTC(2026, 0, 1);
const now = start + 100_000;
const taint = (key: string, after = 0): Taint => ({
  key,
  effect: 'NoExecute',
  timeAdded: new Date(start + after * 1000).toISOString(),
});
const podWith = (tolerations: Toleration[], startTime = '2025-12-31T00:00:00Z'): Pod => ({
  spec: { containers: [], tolerations },
  status: { startTime },
});
const exists = (key: string, tolerationSeconds?: number): Toleration => ({
  key,
  operator: 'Exists',
  ...(tolerationSeconds !== undefined && { tolerationSeconds }),
});

const table: readonly (readonly [string, Pod, Taint[], number | undefined])[] = [
  ['no taint: never', podWith([]), [], undefined],
  ['a taint of another effect: never', podWith([]), [{ key: 'a', effect: 'NoSchedule' }], undefined],
  ['not tolerated: now', podWith([]), [taint('a')], now],
  ['tolerated for good: never', podWith([exists('a')]), [taint('a')], undefined],
  ['everything tolerated: never', podWith([{ operator: 'Exists' }]), [taint('a')], undefined],
  ['tolerated for a time, from when the taint came', podWith([exists('a', 300)]), [taint('a', 50)], start + 350_000],
  [
    'from when the pod came, if later',
    podWith([exists('a', 300)], '2026-01-01T00:01:20Z'),
    [taint('a')],
    start + 380_000,
  ],
  ['the sooner of two', podWith([exists('a', 300), exists('b', 60)]), [taint('a'), taint('b', 90)], start + 150_000],
  ['the shortest of several for one taint', podWith([exists('a', 300), exists('a', 10)]), [taint('a')], start + 10_000],
  ['one of two not tolerated: now', podWith([exists('a')]), [taint('a'), taint('b')], now],
  ['a negative time is none', podWith([exists('a', -5)]), [taint('a')], start],
];

for (const [name, pod, taints, expected] of table)
  test(name, () => assert.equal(evictionTime(pod, taints, now), expected));

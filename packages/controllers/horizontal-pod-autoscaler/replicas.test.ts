import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rfc3339 } from '@keelson/base';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import { allow, noMemory } from './limits.ts';
import type { PodMeasurements } from './measurements.ts';
import { byAverage, byShare, byUtilization, byValue, type Situation } from './replicas.ts';

const now = Date.UTC(2026, 0, 1, 1);
const early = rfc3339(now - 3_600_000);

function podOf(name: string, status: object = {}): Pod {
  const resources = { requests: { cpu: '1', memory: '1Gi' } };
  const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: early }];
  return {
    metadata: { name },
    spec: { containers: [{ name: 'main', resources }] },
    status: { phase: 'Running', startTime: early, conditions, ...status },
  };
}

const situation = (pods: readonly Pod[], current = pods.length): Situation => ({
  current,
  tolerances: { up: 0.1, down: 0.1 },
  pods,
  now,
});
const measured = (...values: number[]): PodMeasurements =>
  new Map(values.map((value, index) => [`p${index}`, { value, time: now, window: 30_000 }]));
const pods = (...statuses: object[]) => statuses.map((status, index) => podOf(`p${index}`, status));

const utilization: [string, readonly Pod[], PodMeasurements, number, number][] = [
  ['twice the target', pods({}, {}), measured(1000, 1000), 50, 4],
  ['within the tolerance', pods({}, {}), measured(530, 530), 50, 2],
  ['half the target', pods({}, {}, {}, {}), measured(250, 250, 250, 250), 50, 2],
  // Pods that say nothing are taken to be idle when there would be more, and busy when there would be fewer.
  ['above, one unknown', pods({}, {}, {}), measured(900, 900), 50, 4],
  ['below, one unknown', pods({}, {}, {}), measured(100, 100), 50, 3],
  ['above, one starting', pods({}, { phase: 'Pending' }), measured(800), 50, 2],
];
for (const [name, present, values, target, expected] of utilization) {
  test(`replicas at ${name}`, () =>
    assert.equal(byUtilization(situation(present), values, target, 'cpu', undefined).replicas, expected));
}

test('what cannot be reckoned is told', () => {
  const [pod] = pods({});
  const bare = { ...pod!, spec: { containers: [{ name: 'main' }] } };
  assert.throws(() => byUtilization(situation([bare]), measured(1), 50, 'cpu', undefined), {
    message: 'missing request for cpu in container main of Pod p0',
  });
  assert.throws(() => byAverage(situation([]), measured(1), 1, ''), {
    message: 'no pods returned by selector while calculating replica count',
  });
  assert.throws(() => byAverage(situation(pods({})), new Map(), 1, ''), {
    message: 'did not receive metrics for targeted pods (pods might be unready)',
  });
});

test('by averages, whole values and shares', () => {
  assert.deepEqual(byAverage(situation(pods({}, {})), measured(3000, 5000), 2000, ''), { replicas: 4, average: 4000 });
  assert.equal(byValue(situation(pods({}, {})), 30_000, 10_000).replicas, 6);
  assert.equal(byValue(situation([], 0), 30_000, 10_000).replicas, 3);
  assert.deepEqual(byShare(situation(pods({}, {})), 30_000, 10_000, 2), { replicas: 3, average: 15_000 });
});

const behavior = (up: object, down: object) => ({ scaleUp: up, scaleDown: down });
const autoscaler = (spec: object) => ({ spec: { maxReplicas: 20, ...spec } }) as any;
const percent = (value: number) => ({ type: 'Percent', value, periodSeconds: 60 });
const limits: [string, object, object, number, number, number, string[]][] = [
  ['no rules', {}, {}, 3, 50, 6, ['ReadyForNewScale', 'ScaleUpLimit']],
  [
    'no rules, and a wish from before',
    {},
    { wishes: [{ at: now - 60_000, count: 5 }] },
    5,
    2,
    5,
    ['ScaleDownStabilized', 'DesiredWithinRange'],
  ],
  ['a maximum', { maxReplicas: 4 }, {}, 3, 50, 4, ['ReadyForNewScale', 'TooManyReplicas']],
  ['a minimum', {}, {}, 3, 0, 1, ['ReadyForNewScale', 'TooFewReplicas']],
  [
    'a rate up',
    { behavior: behavior({ policies: [percent(50)] }, {}) },
    {},
    4,
    10,
    6,
    ['ReadyForNewScale', 'ScaleUpLimit'],
  ],
  [
    'a rate that is used up',
    { behavior: behavior({ policies: [percent(50)] }, {}) },
    { added: [{ at: now - 30_000, count: 2 }] },
    6,
    10,
    6,
    ['ReadyForNewScale', 'ScaleUpLimit'],
  ],
  [
    'a rate down',
    { behavior: behavior({}, { stabilizationWindowSeconds: 0, policies: [percent(25)] }) },
    {},
    8,
    1,
    6,
    ['ReadyForNewScale', 'ScaleDownLimit'],
  ],
  [
    'a window up',
    { behavior: behavior({ stabilizationWindowSeconds: 60, policies: [percent(900)] }, {}) },
    { wishes: [{ at: now - 30_000, count: 3 }] },
    2,
    9,
    3,
    ['ScaleUpStabilized', 'DesiredWithinRange'],
  ],
  [
    'no way down',
    { behavior: behavior({}, { stabilizationWindowSeconds: 0, selectPolicy: 'Disabled' }) },
    {},
    8,
    1,
    8,
    ['ReadyForNewScale', 'ScaleDownLimit'],
  ],
];
for (const [name, spec, memory, current, wished, expected, reasons] of limits) {
  test(`with ${name} from ${current} towards ${wished}`, () => {
    const { replicas, findings } = allow(autoscaler(spec), { ...noMemory, ...memory }, current, wished, 1, now);
    assert.deepEqual([replicas, findings.map(({ reason }) => reason)], [expected, reasons]);
  });
}

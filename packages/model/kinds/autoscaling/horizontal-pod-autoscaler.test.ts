import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject } from '../../object.ts';
import { tableOf } from '../../table/table.ts';
import { changeRefusals, created, refusals } from '../testing/refusals.ts';
import { horizontalPodAutoscaler } from './horizontal-pod-autoscaler/index.ts';
import { horizontalPodAutoscalerV1 } from './horizontal-pod-autoscaler-v1/index.ts';
import { secondVersionForm } from './horizontal-pod-autoscaler-v1/stored-form.ts';

const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
const autoscaler = (spec: object): ApiObject => ({
  metadata: { name: 'web', namespace: 'shop' },
  spec: { scaleTargetRef, maxReplicas: 5, ...spec },
});
const cpu = (target: object) => ({ type: 'Resource', resource: { name: 'cpu', target } });

test('what is scaled by when nobody says', () => {
  const { metrics, minReplicas, behavior } = created(horizontalPodAutoscaler, autoscaler({}))['spec'];
  assert.deepEqual([minReplicas, behavior], [1, undefined]);
  assert.deepEqual(metrics, [cpu({ type: 'Utilization', averageUtilization: 80 })]);
  const given = { behavior: { scaleDown: { stabilizationWindowSeconds: 60 } } };
  assert.deepEqual(created(horizontalPodAutoscaler, autoscaler(given))['spec'].behavior, {
    scaleUp: {
      stabilizationWindowSeconds: 0,
      selectPolicy: 'Max',
      policies: [
        { type: 'Pods', value: 4, periodSeconds: 15 },
        { type: 'Percent', value: 100, periodSeconds: 15 },
      ],
    },
    scaleDown: {
      stabilizationWindowSeconds: 60,
      selectPolicy: 'Max',
      policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
    },
  });
});

const refused: [object, string[]][] = [
  [{}, []],
  [
    { minReplicas: 0, maxReplicas: 0, scaleTargetRef: {} },
    [
      'spec.minReplicas: Invalid value: 0: must be greater than or equal to 1',
      'spec.maxReplicas: Invalid value: 0: must be greater than 0',
      'spec.scaleTargetRef.kind: Required value',
      'spec.scaleTargetRef.name: Required value',
      'spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas',
    ],
  ],
  [
    { metrics: [cpu({ type: 'Some', averageUtilization: 0, averageValue: '1' })] },
    [
      'spec.metrics[0].resource.target.type: Invalid value: "Some": must be either Utilization, Value, or AverageValue',
      'spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0',
      'spec.metrics[0].resource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization',
    ],
  ],
  [
    { metrics: [{ type: 'Pods', external: { metric: { name: 'q' }, target: { type: 'Value', value: '3' } } }] },
    ['spec.metrics[0].pods: Required value: must populate information for the given metric source'],
  ],
  [
    {
      behavior: {
        scaleUp: { stabilizationWindowSeconds: 3601, policies: [{ type: 'Pods', value: 1, periodSeconds: 1801 }] },
      },
    },
    [
      'spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600',
      'spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800',
    ],
  ],
];
for (const [spec, expected] of refused) {
  test(`an autoscaler with ${JSON.stringify(spec)}`, () =>
    assert.deepEqual(refusals(horizontalPodAutoscaler, autoscaler(spec)), expected));
}

const full: ApiObject = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web', namespace: 'shop', annotations: { mine: 'yes' } },
  spec: {
    scaleTargetRef,
    minReplicas: 2,
    maxReplicas: 5,
    metrics: [
      { type: 'Pods', pods: { metric: { name: 'hits' }, target: { type: 'AverageValue', averageValue: '1k' } } },
      {
        type: 'External',
        external: {
          metric: { name: 'queue', selector: { matchLabels: { a: 'b' } } },
          target: { type: 'Value', value: '30' },
        },
      },
      {
        type: 'Object',
        object: {
          describedObject: { kind: 'Service', name: 'web' },
          metric: { name: 'calls' },
          target: { type: 'Value', value: '10' },
        },
      },
      cpu({ type: 'Utilization', averageUtilization: 60 }),
    ],
    behavior: { scaleUp: { selectPolicy: 'Min', policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] } },
  },
  status: {
    desiredReplicas: 3,
    currentReplicas: 2,
    currentMetrics: [
      { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 41, averageValue: '82m' } } },
    ],
    conditions: [{ type: 'AbleToScale', status: 'True', reason: 'ReadyForNewScale' }],
  },
};

test('autoscaling/v1 loses nothing of what autoscaling/v2 has', () => {
  const old = secondVersionForm.fromStored(full);
  assert.equal(old['spec'].targetCPUUtilizationPercentage, 60);
  assert.equal(old['status'].currentCPUUtilizationPercentage, 41);
  const annotations = old.metadata!.annotations!;
  assert.equal(
    annotations['autoscaling.alpha.kubernetes.io/behavior'],
    '{"ScaleUp":{"StabilizationWindowSeconds":null,"SelectPolicy":"Min","Policies":[{"Type":"Pods","Value":1,"PeriodSeconds":60}],"Tolerance":null},"ScaleDown":null}',
  );
  assert.equal(
    annotations['autoscaling.alpha.kubernetes.io/current-metrics'],
    '[{"type":"Resource","resource":{"name":"cpu","currentAverageUtilization":41,"currentAverageValue":"82m"}}]',
  );
  assert.deepEqual(JSON.parse(JSON.stringify(secondVersionForm.toStored(old))), full);
});

test('annotations that cannot be read, or are of other types, are not there', () => {
  for (const text of ['{', '[1]', '[{"type":{},"resource":{"name":5}}]', 'null', '[null]']) {
    const names = ['metrics', 'behavior', 'current-metrics', 'conditions'];
    const annotations = Object.fromEntries(names.map((name) => [`autoscaling.alpha.kubernetes.io/${name}`, text]));
    const object = { ...autoscaler({ targetCPUUtilizationPercentage: 50 }), status: {} };
    object.metadata = { ...object.metadata, annotations };
    assert.deepEqual(refusals(horizontalPodAutoscalerV1, object), []);
    const stored = secondVersionForm.toStored(object);
    assert.deepEqual(stored['spec'].metrics, [cpu({ type: 'Utilization', averageUtilization: 50 })]);
    assert.deepEqual([stored['spec'].behavior, stored['status']], [undefined, {}]);
    assert.equal(stored.metadata!.annotations, undefined);
  }
});

test('through autoscaling/v1 a client sets the spec, and not what the controller has found out', () => {
  const present = secondVersionForm.fromStored(full);
  const next = structuredClone(present);
  next['spec'].targetCPUUtilizationPercentage = 70;
  delete next.metadata!.annotations!['autoscaling.alpha.kubernetes.io/conditions'];
  next.metadata!.annotations!['autoscaling.alpha.kubernetes.io/current-metrics'] = '[]';
  horizontalPodAutoscalerV1.prepareForUpdate!(next, present);
  const stored = secondVersionForm.toStored(next);
  assert.deepEqual(stored['status'], full['status']);
  assert.equal(stored['spec'].metrics.at(-1).resource.target.averageUtilization, 70);
  assert.deepEqual(
    changeRefusals(horizontalPodAutoscalerV1, autoscaler({}), (object) => (object.spec.maxReplicas = 0)),
    [
      'spec.maxReplicas: Invalid value: 0: must be greater than 0',
      'spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`',
    ],
  );
});

test('an autoscaler in a table', () => {
  const cells = (strategy: typeof horizontalPodAutoscaler, object: ApiObject) =>
    tableOf({ strategy }, [object], { now: 0 }).rows[0]!.cells.slice(0, 6);
  const shown = ['web', 'Deployment/web', '<unknown>/1k, <unknown>/30 + 2 more...', '2', 5, 2];
  assert.deepEqual(cells(horizontalPodAutoscaler, full), shown);
  assert.deepEqual(cells(horizontalPodAutoscalerV1, secondVersionForm.fromStored(full)), shown);
  const plain = created(horizontalPodAutoscaler, autoscaler({}));
  assert.equal(cells(horizontalPodAutoscaler, plain)[2], 'cpu: <unknown>/80%');
});

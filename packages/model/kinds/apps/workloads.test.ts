import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject } from '../../object.ts';
import type { Strategy } from '../../strategy.ts';
import { tableOf } from '../../table/table.ts';
import { changeRefusals, created, refusals, statusRefusals } from '../testing/refusals.ts';
import { controllerRevision } from './controller-revision/index.ts';
import { daemonSet } from './daemon-set/index.ts';
import { deployment } from './deployment/index.ts';
import { replicaSet } from './replica-set/index.ts';

function workload(spec: Record<string, unknown> = {}): ApiObject {
  return {
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'web:1' }] } },
      ...spec,
    },
  };
}

const podSpec = { containers: [{ name: 'c', image: 'web:1' }] };
const mismatch = (app: string) =>
  `spec.template.metadata.labels: Invalid value: {"app":"${app}"}: \`selector\` does not match template \`labels\``;

const cases: [string, Strategy, Record<string, unknown>, string[]][] = [
  ['a plain one', deployment, {}, []],
  ['a plain one', replicaSet, {}, []],
  ['a plain one', daemonSet, {}, []],
  ['no selector', deployment, { selector: undefined }, ['spec.selector: Required value']],
  [
    'an empty selector',
    deployment,
    { selector: {} },
    ['spec.selector: Invalid value: {}: empty selector is invalid for deployment'],
  ],
  [
    'an empty selector',
    daemonSet,
    { selector: {} },
    ['spec.selector: Invalid value: {}: empty selector is invalid for daemonset'],
  ],
  [
    'labels of others',
    deployment,
    { template: { metadata: { labels: { app: 'db' } }, spec: podSpec } },
    [mismatch('db')],
  ],
  [
    'labels of others',
    replicaSet,
    { template: { metadata: { labels: { app: 'db' } }, spec: podSpec } },
    [mismatch('db')],
  ],
  [
    'fewer than none',
    deployment,
    { replicas: -1 },
    ['spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
  ],
  [
    'pods that end',
    deployment,
    {
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { ...podSpec, restartPolicy: 'Never', activeDeadlineSeconds: 5 },
      },
    },
    [
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
      'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported',
    ],
  ],
  [
    'a broken template',
    deployment,
    { template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c' }] } } },
    ['spec.template.spec.containers[0].image: Required value'],
  ],
  [
    'a rollout that cannot move',
    deployment,
    { strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: '0%' } } },
    ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0'],
  ],
  [
    'shares that are none',
    deployment,
    { strategy: { rollingUpdate: { maxUnavailable: '101%', maxSurge: 'some' } } },
    [
      "spec.strategy.rollingUpdate.maxSurge: Invalid value: \"some\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
      'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
    ],
  ],
  [
    'Recreate with the parameters of another',
    deployment,
    { strategy: { type: 'Recreate', rollingUpdate: {} } },
    ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"],
  ],
  [
    'no time to be ready in',
    deployment,
    { minReadySeconds: 10, progressDeadlineSeconds: 10 },
    ['spec.progressDeadlineSeconds: Invalid value: 10: must be greater than minReadySeconds'],
  ],
  [
    'both unavailable and surplus pods',
    daemonSet,
    { updateStrategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } } },
    ['spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero'],
  ],
  [
    'an unknown strategy',
    daemonSet,
    { updateStrategy: { type: 'Now' } },
    ['spec.updateStrategy.type: Unsupported value: "Now": supported values: "RollingUpdate", "OnDelete"'],
  ],
];
for (const [name, strategy, spec, expected] of cases) {
  test(`${strategy.kind} with ${name}`, () => assert.deepEqual(refusals(strategy, workload(spec)), expected));
}

test('the selector is fixed', () => {
  for (const strategy of [deployment, replicaSet, daemonSet]) {
    const change = (object: any) => {
      object.spec.selector = { matchLabels: { app: 'db' } };
      object.spec.template.metadata.labels = { app: 'db' };
    };
    assert.deepEqual(changeRefusals(strategy, workload(), change), [
      'spec.selector: Invalid value: {"matchLabels":{"app":"db"}}: field is immutable',
    ]);
  }
});

test('counts of a status agree', () => {
  const change = (object: any) => {
    object.status = { replicas: 1, updatedReplicas: 2, readyReplicas: 0, availableReplicas: 1 };
    object.spec.replicas = 9;
  };
  assert.deepEqual(statusRefusals(deployment, workload(), change), [
    'status.updatedReplicas: Invalid value: 2: cannot be greater than status.replicas',
    'status.availableReplicas: Invalid value: 1: cannot be greater than readyReplicas',
  ]);
});

test('what workloads get when nobody says', () => {
  const { template, ...spec } = created(deployment, workload())['spec'];
  assert.deepEqual(spec, {
    selector: { matchLabels: { app: 'web' } },
    replicas: 1,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
  });
  assert.equal(template.spec.restartPolicy, 'Always');
  assert.equal(template.spec.enableServiceLinks, undefined);
  assert.deepEqual(created(daemonSet, workload())['spec'].updateStrategy, {
    type: 'RollingUpdate',
    rollingUpdate: { maxUnavailable: 1, maxSurge: 0 },
  });
});

test('a daemon set counts the changes of its template', () => {
  const previous = created(daemonSet, workload());
  const annotation = 'deprecated.daemonset.template.generation';
  assert.equal(previous.metadata!.annotations![annotation], '1');
  const next = structuredClone(previous);
  daemonSet.prepareForUpdate!(next, previous);
  assert.equal(next.metadata!.annotations![annotation], '1');
  next['spec'].template.spec.containers[0].image = 'web:2';
  daemonSet.prepareForUpdate!(next, previous);
  assert.equal(next.metadata!.annotations![annotation], '2');
});

test('the scale of a deployment', () => {
  const object = created(deployment, workload({ replicas: 3 }));
  object['status'] = { replicas: 2 };
  assert.deepEqual(deployment.scale!.read(object), {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { replicas: 3 },
    status: { replicas: 2, selector: 'app=web' },
  });
  deployment.scale!.write(object, { spec: { replicas: 5 } });
  assert.equal(object['spec'].replicas, 5);
  assert.equal(deployment.scale!.validate({ spec: { replicas: -1 } })[0]!.field, 'spec.replicas');
});

test('workloads in a table', () => {
  const now = Date.parse('2026-01-01T00:10:00Z');
  const cells = (strategy: Strategy, status: object) => {
    const object = created(strategy, workload());
    object.metadata!.creationTimestamp = '2026-01-01T00:00:00Z';
    return tableOf({ strategy }, [{ ...object, status }], { now }).rows[0]!.cells;
  };
  assert.deepEqual(cells(deployment, { readyReplicas: 1, updatedReplicas: 1, availableReplicas: 1 }), [
    'web',
    '1/1',
    1,
    1,
    '10m',
    'c',
    'web:1',
    'app=web',
  ]);
  assert.deepEqual(cells(replicaSet, { replicas: 1 }), ['web', 1, 1, 0, '10m', 'c', 'web:1', 'app=web']);
  assert.deepEqual(cells(daemonSet, { desiredNumberScheduled: 3, numberReady: 2 }), [
    'web',
    3,
    0,
    2,
    0,
    0,
    '<none>',
    '10m',
    'c',
    'web:1',
    'app=web',
  ]);
});

test('a revision keeps its data', () => {
  const revision = { metadata: { name: 'a' }, data: { a: 1 }, revision: 1 };
  assert.deepEqual(refusals(controllerRevision, { ...revision, data: undefined }), [
    'data: Required value: data is mandatory',
  ]);
  const change = (object: any) => {
    object.data = { a: 2 };
  };
  assert.deepEqual(changeRefusals(controllerRevision, revision, change), [
    'data: Invalid value: {"a":2}: field is immutable',
  ]);
  const owned = {
    metadata: {
      name: 'a',
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', uid: '1', controller: true }],
    },
    revision: 2,
  };
  assert.deepEqual(tableOf({ strategy: controllerRevision }, [owned], { now: 0 }).rows[0]!.cells.slice(1, 3), [
    'daemonset.apps/d',
    2,
  ]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { tableOf } from '../../../table/table.ts';
import { podTemplate } from '../../core/pod-template/index.ts';
import { replicationController } from '../../core/replication-controller/index.ts';
import { changeRefusals, created, refusals, statusRefusals } from '../../testing/refusals.ts';
import { statefulSet } from './index.ts';

const labels = { app: 'db' };
const container = { name: 'c', image: 'db:1' };
const template = { metadata: { labels }, spec: { containers: [container] } };
const setOf = (spec: object = {}): ApiObject => ({
  metadata: { name: 'db', namespace: 'shop' },
  spec: { selector: { matchLabels: labels }, serviceName: 'db', template, ...spec },
});
const claim = {
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1024Mi' } } },
};
const mounted = (name: string) => ({
  ...template,
  spec: { containers: [{ ...container, volumeMounts: [{ name, mountPath: '/data' }] }] },
});

test('what a stateful set gets when nobody says', () => {
  const {
    template: _,
    volumeClaimTemplates,
    ...spec
  } = created(statefulSet, setOf({ volumeClaimTemplates: [claim] }))['spec'];
  assert.deepEqual(spec, {
    selector: { matchLabels: labels },
    serviceName: 'db',
    podManagementPolicy: 'OrderedReady',
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    replicas: 1,
    revisionHistoryLimit: 10,
  });
  assert.deepEqual(volumeClaimTemplates, [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem', resources: { requests: { storage: '1Gi' } } },
      status: { phase: 'Pending' },
    },
  ]);
});

const refused: [object, string[]][] = [
  [{}, []],
  [{ template: mounted('data'), volumeClaimTemplates: [claim] }, []],
  [{ template: mounted('other') }, ['spec.template.spec.containers[0].volumeMounts[0].name: Not found: "other"']],
  [{ selector: {} }, ['spec.selector: Invalid value: {}: empty selector is invalid for statefulset']],
  [
    { podManagementPolicy: 'Any' },
    ["spec.podManagementPolicy: Invalid value: \"Any\": must be 'OrderedReady' or 'Parallel'"],
  ],
  [{ serviceName: 'a.b' }, ['spec.serviceName: Invalid value: "a.b": must not contain dots']],
  [{ ordinals: { start: -1 } }, ['spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0']],
  [
    { updateStrategy: { type: 'OnDelete', rollingUpdate: {} } },
    ["spec.updateStrategy.rollingUpdate: Invalid value: {}: only allowed for updateStrategy 'RollingUpdate'"],
  ],
  [
    { updateStrategy: { rollingUpdate: { maxUnavailable: 0, partition: -1 } } },
    [
      'spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0',
      'spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: 0: cannot be 0',
    ],
  ],
  [
    { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Never' } },
    [
      'spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "Never": supported values: "Retain", "Delete"',
    ],
  ],
];
for (const [spec, expected] of refused) {
  test(`a stateful set with ${JSON.stringify(spec)}`, () =>
    assert.deepEqual(refusals(statefulSet, setOf(spec)), expected));
}

test('only some of a stateful set can be changed', () => {
  const change = (edit: (spec: any) => void) => changeRefusals(statefulSet, setOf(), (object) => edit(object.spec));
  assert.deepEqual(
    change((spec) =>
      Object.assign(spec, { replicas: 3, minReadySeconds: 1, revisionHistoryLimit: 2, ordinals: { start: 1 } }),
    ),
    [],
  );
  assert.deepEqual(
    change((spec) => (spec.serviceName = 'other')),
    [
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ],
  );
  const report = (object: any) => (object.status = { replicas: 1, currentReplicas: 2, availableReplicas: 1 });
  assert.deepEqual(statusRefusals(statefulSet, setOf(), report), [
    'status.currentReplicas: Invalid value: 2: cannot be greater than status.replicas',
    'status.availableReplicas: Invalid value: 1: cannot be greater than status.readyReplicas',
  ]);
});

test('a replication controller takes selector and labels from its template', () => {
  const object: ApiObject = { metadata: { name: 'web' }, spec: { template } };
  const { metadata, spec } = created(replicationController, object);
  assert.deepEqual([metadata!.labels, spec.selector, spec.replicas], [labels, labels, 1]);
  assert.deepEqual(replicationController.scale!.read(created(replicationController, object))['status'], {
    replicas: 0,
    selector: 'app=db',
  });
  assert.deepEqual(refusals(replicationController, object), []);
  assert.deepEqual(refusals(replicationController, { metadata: { name: 'web' }, spec: { replicas: -1 } }), [
    'spec.selector: Required value',
    'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    'spec.template: Required value',
  ]);
  assert.deepEqual(refusals(replicationController, { ...object, spec: { template, selector: { app: 'x' } } }), [
    'spec.template.metadata.labels: Invalid value: {"app":"db"}: `selector` does not match template `labels`',
  ]);
  assert.deepEqual(replicationController.warnings!({ metadata: { name: 'a.b' }, spec: { template } }), [
    'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]',
  ]);
});

test('stateful sets and their like in a table', () => {
  const at = Date.parse('2026-01-01T00:10:00Z');
  const cells = (strategy: Strategy, object: ApiObject) => {
    const shown = created(strategy, object);
    shown.metadata!.creationTimestamp = '2026-01-01T00:00:00Z';
    return tableOf({ strategy }, [shown], { now: at }).rows[0]!.cells;
  };
  assert.deepEqual(cells(statefulSet, setOf({ replicas: 3 })), ['db', '0/3', '10m', 'c', 'db:1']);
  assert.deepEqual(cells(replicationController, { metadata: { name: 'web' }, spec: { template } }), [
    'web',
    1,
    0,
    0,
    '10m',
    'c',
    'db:1',
    'app=db',
  ]);
  assert.deepEqual(cells(podTemplate, { metadata: { name: 'one' }, template }), ['one', 'c', 'db:1', 'app=db']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject } from '../../object.ts';
import type { Strategy } from '../../strategy.ts';
import { tableOf } from '../../table/table.ts';
import { persistentVolume } from '../core/persistent-volume/index.ts';
import { persistentVolumeClaim } from '../core/persistent-volume-claim/index.ts';
import { changeRefusals, created, facts, refusals, statusRefusals } from '../testing/refusals.ts';
import { storageClass } from './storage-class/index.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const cells = (strategy: Strategy, object: ApiObject) => tableOf({ strategy }, [object], { now }).rows[0]!.cells;
const volume = (spec: object = {}) => ({
  metadata: { name: 'data' },
  spec: { capacity: { storage: '1024Mi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/data' }, ...spec },
});
const claim = (spec: object = {}) => ({
  metadata: { name: 'data', namespace: 'default' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
});

test('a volume is pending, retained and a file system unless it says otherwise', () => {
  assert.deepEqual(created(persistentVolume, { ...volume(), status: { phase: 'Bound' } }), {
    metadata: { name: 'data' },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      hostPath: { path: '/data', type: '' },
      persistentVolumeReclaimPolicy: 'Retain',
      volumeMode: 'Filesystem',
    },
    status: { phase: 'Pending', lastPhaseTransitionTime: facts.now },
  });
});

const csi = { driver: 'ebs.csi.aws.com', volumeHandle: 'vol-1' };
const volumeCases: [object, string[]][] = [
  [{}, []],
  [{ hostPath: undefined, csi }, []],
  [{ hostPath: undefined }, ['spec: Required value: must specify a volume type']],
  [{ csi }, ['spec.csi: Forbidden: may not specify more than 1 volume type']],
  [
    { accessModes: ['ReadWriteOncePod', 'ReadWriteOnce'], capacity: { storage: '0' }, volumeMode: 'Tape' },
    [
      'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
      'spec.capacity[storage]: Invalid value: "0": must be greater than zero',
      'spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"',
    ],
  ],
  [
    { accessModes: ['Write'], capacity: {}, persistentVolumeReclaimPolicy: 'Burn', storageClassName: 'A' },
    [
      'spec.accessModes: Unsupported value: "Write": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
      'spec.capacity: Required value',
      'spec.capacity: Unsupported value: {}: supported values: "storage"',
      'spec.persistentVolumeReclaimPolicy: Unsupported value: "Burn": supported values: "Delete", "Recycle", "Retain"',
      "spec.storageClassName: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ],
  ],
  [
    { hostPath: undefined, local: { path: '/a/../b' } },
    [
      'spec.local.path: Invalid value: "/a/../b": must not contain \'..\'',
      'spec.nodeAffinity: Required value: Local volume requires node affinity',
    ],
  ],
  [
    { hostPath: undefined, csi: { driver: '', controllerPublishSecretRef: { name: 'a' } } },
    [
      'spec.csi.driver: Required value',
      "spec.csi.driver: Invalid value: \"\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      'spec.csi.volumeHandle: Required value',
      'spec.csi.controllerPublishSecretRef.namespace: Required value',
    ],
  ],
  [
    { hostPath: { path: '/./' }, persistentVolumeReclaimPolicy: 'Recycle' },
    ["spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'"],
  ],
  [{ nodeAffinity: {} }, ['spec.nodeAffinity.required: Required value: must specify required node constraints']],
  [
    { volumeAttributesClassName: 'gold' },
    ['spec.csi: Required value: has to be specified when using volumeAttributesClassName'],
  ],
];

test('volumes are refused in the words of upstream', () => {
  for (const [spec, expected] of volumeCases) assert.deepEqual(refusals(persistentVolume, volume(spec)), expected);
});

test('a volume keeps its source, its mode and its place', () => {
  const terms = (key: string) => ({
    required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values: ['a'] }] }] },
  });
  const old = volume({ nodeAffinity: terms('failure-domain.beta.kubernetes.io/zone') });
  const change = (edit: (spec: any) => void) => changeRefusals(persistentVolume, old, ({ spec }) => edit(spec));
  assert.deepEqual(
    change((spec) => {
      spec.hostPath.path = '/other';
      spec.volumeMode = 'Block';
    }),
    [
      'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation\n',
      'volumeMode: Invalid value: "Block": field is immutable',
    ],
  );
  const moved = change((spec) => {
    spec.nodeAffinity = terms('topology.kubernetes.io/zone');
    spec.capacity.storage = '2Gi';
    spec.persistentVolumeReclaimPolicy = 'Delete';
  });
  assert.deepEqual(moved, []);
  const gone = change((spec) => {
    delete spec.nodeAffinity;
  });
  assert.deepEqual(gone, [
    'nodeAffinity: Invalid value: null: field is immutable, except for updating from beta label to GA',
  ]);
});

test('a change of phase is dated', () => {
  const previous = created(persistentVolume, volume());
  const next = structuredClone(previous);
  next['status'].phase = 'Bound';
  next['spec'].capacity.storage = '5Gi';
  persistentVolume.prepareForStatusUpdate!(next, previous, { ...facts, now: '2026-02-02T00:00:00Z' });
  assert.deepEqual(next['status'], { phase: 'Bound', lastPhaseTransitionTime: '2026-02-02T00:00:00Z' });
  assert.equal(next['spec'].capacity.storage, '1Gi');
});

const claimCases: [object, string[]][] = [
  [{}, []],
  [{ accessModes: [] }, ['spec.accessModes: Required value: at least 1 access mode is required']],
  [{ resources: {} }, ['spec.resources[storage]: Required value']],
  [
    { resources: { requests: { storage: '-1' } } },
    ['spec.resources[storage]: Invalid value: "-1": must be greater than zero'],
  ],
  [
    { dataSourceRef: { kind: 'Image', name: '' } },
    [
      'spec.dataSource.name: Required value',
      'spec.dataSource: Invalid value: "Image": must be \'PersistentVolumeClaim\' when referencing the default apiGroup',
      'spec.dataSourceRef.name: Required value',
      'spec.dataSourceRef: Invalid value: "Image": must be \'PersistentVolumeClaim\' when referencing the default apiGroup',
    ],
  ],
];

test('claims are refused in the words of upstream', () => {
  for (const [spec, expected] of claimCases) assert.deepEqual(refusals(persistentVolumeClaim, claim(spec)), expected);
});

test('the two data sources of a claim say the same', () => {
  const source = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'a' };
  assert.deepEqual(created(persistentVolumeClaim, claim({ dataSource: source }))['spec'].dataSourceRef, source);
  const other = { apiGroup: 'example.com', kind: 'Backup', name: 'a' };
  const made = created(persistentVolumeClaim, claim({ dataSource: other }))['spec'];
  assert.equal(made.dataSource, undefined);
  assert.equal(made.dataSourceRef, undefined);
});

const immutableSpec =
  'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n';

test('a claim may be bound once, and grow when it is bound', () => {
  const change = (edit: (object: any) => void, old: ApiObject = claim()) =>
    changeRefusals(persistentVolumeClaim, old, edit);
  const name = (volumeName: string) => (object: any) => {
    object.spec.volumeName = volumeName;
  };
  const size = (storage: string) => (object: any) => {
    object.spec.resources.requests.storage = storage;
  };
  assert.deepEqual(change(name('pv')), []);
  assert.deepEqual(change(name('other'), claim({ volumeName: 'pv' })), [immutableSpec]);
  assert.deepEqual(change(size('2Gi')), [immutableSpec]);
  const classed = (object: any) => {
    object.spec.storageClassName = 'gp2';
  };
  assert.deepEqual(change(classed), []);
  assert.deepEqual(change(classed, claim({ storageClassName: 'gp3' })), [immutableSpec]);
  const bound = created(persistentVolumeClaim, claim({ volumeName: 'pv' }));
  bound['status'] = { phase: 'Bound', capacity: { storage: '1Gi' } };
  const resized = (storage: string) => {
    const next = structuredClone(bound);
    size(storage)(next);
    return persistentVolumeClaim.validateUpdate!(next, bound).map(({ field }) => field);
  };
  assert.deepEqual(resized('2Gi'), []);
  assert.deepEqual(resized('512Mi'), ['spec.resources.requests.storage']);
});

test('the status of a claim', () => {
  const change = (object: any) => {
    object.status = { capacity: { storage: '-1' }, allocatedResourceStatuses: { cpu: 'NodeResizePending' } };
  };
  assert.deepEqual(statusRefusals(persistentVolumeClaim, claim(), change), [
    'status.capacity[storage]: Invalid value: -1: must be a valid resource quantity',
    'status.allocatedResourceStatus: Unsupported value: "cpu": supported values: "storage"',
  ]);
});

test('storage classes', () => {
  const gp2 = { metadata: { name: 'gp2' }, provisioner: 'kubernetes.io/aws-ebs', parameters: { type: 'gp2' } };
  const term = { matchLabelExpressions: [{ key: 'zone', values: ['a', 'a'] }] };
  assert.deepEqual(refusals(storageClass, gp2), []);
  assert.deepEqual(
    refusals(storageClass, {
      provisioner: '',
      parameters: { '': 'a' },
      reclaimPolicy: 'Recycle',
      volumeBindingMode: 'Later',
      allowedTopologies: [term, term, { matchLabelExpressions: [{ key: 'zone' }] }],
    }),
    [
      'provisioner: Required value',
      'parameters: Invalid value: "": field can not be empty.',
      'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
      'volumeBindingMode: Unsupported value: "Later": supported values: "Immediate", "WaitForFirstConsumer"',
      'allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "a"',
      'allowedTopologies[1].matchLabelExpressions[0].values[1]: Duplicate value: "a"',
      'allowedTopologies[1].matchLabelExpressions: Duplicate value: ""',
      'allowedTopologies[2].matchLabelExpressions[0].values: Required value',
    ],
  );
  const change = (object: any) => {
    object.parameters = { type: 'gp3' };
    object.volumeBindingMode = 'WaitForFirstConsumer';
    object.allowVolumeExpansion = true;
  };
  assert.deepEqual(changeRefusals(storageClass, gp2, change), [
    'parameters: Forbidden: updates to parameters are forbidden.',
    'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
  ]);
  const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
  assert.deepEqual(
    cells(storageClass, created(storageClass, { ...gp2, metadata: { name: 'gp2', annotations } })).slice(0, 5),
    ['gp2 (default)', 'kubernetes.io/aws-ebs', 'Delete', 'Immediate', false],
  );
});

test('what kubectl shows of volumes and claims', () => {
  const shown = created(persistentVolume, volume({ claimRef: { namespace: 'default', name: 'data' } }));
  shown['status'].phase = 'Bound';
  assert.deepEqual(cells(persistentVolume, shown), [
    'data',
    '1Gi',
    'RWO',
    'Retain',
    'Bound',
    'default/data',
    '',
    '<unset>',
    '',
    '<unknown>',
    'Filesystem',
  ]);
  const held = created(persistentVolumeClaim, claim({ volumeName: 'data', storageClassName: 'gp2' }));
  held['status'] = { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce', 'ReadOnlyMany'] };
  assert.deepEqual(cells(persistentVolumeClaim, held), [
    'data',
    'Bound',
    'data',
    '1Gi',
    'RWO,ROX',
    'gp2',
    '<unset>',
    '<unknown>',
    'Filesystem',
  ]);
});

test('warnings for what is going out of use', () => {
  const old = volume({ persistentVolumeReclaimPolicy: 'Recycle' });
  assert.deepEqual(persistentVolume.warnings!(old), [
    'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
  ]);
  assert.deepEqual(persistentVolumeClaim.warnings!(claim({ resources: { requests: { storage: '1500m' } } })), [
    'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer',
  ]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeRefusals, created, facts, statusRefusals } from '../../testing/refusals.ts';
import { pod } from './index.ts';

const plain = {
  metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' } },
  spec: {
    containers: [{ name: 'app', image: 'app:1' }],
    nodeName: 'n1',
    tolerations: [{ key: 'a', operator: 'Exists' }],
  },
};

test('images, deadlines and tolerations of a pod may change', () => {
  const change = (object: any) => {
    object.spec.containers[0].image = 'app:2';
    object.spec.activeDeadlineSeconds = 60;
    object.spec.tolerations.push({ key: 'b', operator: 'Exists' });
    object.metadata.labels.more = 'yes';
  };
  assert.deepEqual(changeRefusals(pod, plain, change), []);
});

const fixed =
  'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n';

const cases: [string, (object: any) => void, string[]][] = [
  [
    'a container is added',
    (object) => object.spec.containers.push({ name: 'x', image: 'y' }),
    ['spec.containers: Forbidden: pod updates may not add or remove containers'],
  ],
  [
    'the node is changed',
    (object) => {
      object.spec.nodeName = 'n2';
    },
    [`${fixed}- \tnodeName: "n1",\n+ \tnodeName: "n2",\n`],
  ],
  [
    'an image is removed',
    (object) => {
      object.spec.containers[0].image = '';
    },
    ['spec.containers[0].image: Required value'],
  ],
  [
    'a toleration is removed',
    (object) => {
      object.spec.tolerations = [];
    },
    ['spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds'],
  ],
  [
    'a gate is added',
    (object) => {
      object.spec.schedulingGates = [{ name: 'new' }];
    },
    ["spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'new'"],
  ],
];
for (const [name, change, expected] of cases) {
  test(`a change of a pod is refused when ${name}`, () =>
    assert.deepEqual(changeRefusals(pod, plain, change), expected));
}

test('a status update leaves the spec alone and is checked', () => {
  const change = (object: any) => {
    object.spec.nodeName = 'other';
    object.status.qosClass = 'Guaranteed';
    object.status.podIPs = [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }, { ip: 'x' }];
    object.status.hostIPs = [{ ip: '10.1.0.1' }];
    object.status.hostIP = '10.1.0.2';
  };
  assert.deepEqual(statusRefusals(pod, plain, change), [
    'status.qosClass: Invalid value: "Guaranteed": field is immutable',
    'status.podIPs[2]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    'status.podIPs: Invalid value: [{"ip":"10.0.0.1"},{"ip":"10.0.0.2"},{"ip":"x"}]: may specify no more than one IP for each IP family',
    'status.hostIPs[0].ip: Invalid value: "10.1.0.1": must be equal to `hostIP`',
  ]);
  const next = created(pod, plain);
  next['spec'].nodeName = 'other';
  pod.prepareForStatusUpdate!(next, created(pod, plain), facts);
  assert.equal(next['spec'].nodeName, 'n1');
});

test('a container that has ended for good stays ended', () => {
  const once = { ...plain, spec: { ...plain.spec, restartPolicy: 'OnFailure' } };
  const ended = (exitCode: number) => {
    const previous = created(pod, once);
    previous['status'].containerStatuses = [{ name: 'app', state: { terminated: { exitCode } } }];
    const next = structuredClone(previous);
    next['status'].containerStatuses[0].state = { running: {} };
    return pod.validateStatusUpdate!(next, previous).map((error) => `${error.field}: ${error.message}`);
  };
  assert.deepEqual(ended(1), []);
  assert.deepEqual(ended(0), [
    'status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state',
  ]);
});

test('how long a deletion waits', () => {
  const running = { spec: { nodeName: 'n', terminationGracePeriodSeconds: 30 }, status: { phase: 'Running' } };
  assert.equal(pod.gracePeriod!(running, undefined), 30);
  assert.equal(pod.gracePeriod!(running, 5), 5);
  assert.equal(pod.gracePeriod!(running, 0), 0);
  assert.equal(pod.gracePeriod!(running, -1), 1);
  assert.equal(pod.gracePeriod!({ ...running, status: { phase: 'Succeeded' } }, undefined), 0);
  assert.equal(pod.gracePeriod!({ spec: { terminationGracePeriodSeconds: 30 } }, undefined), 0);
});

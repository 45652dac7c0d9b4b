import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject } from '../../../object.ts';
import { created, facts, lines } from '../../testing/refusals.ts';
import { pod } from './index.ts';

const plain = {
  metadata: { name: 'web', namespace: 'shop', resourceVersion: '5' },
  spec: {
    nodeName: 'n1',
    containers: [{ name: 'app', image: 'app:1', resources: { requests: { cpu: '1', 'ephemeral-storage': '1Gi' } } }],
    initContainers: [{ name: 'start', image: 'app:1' }],
  },
};

/** What a client's change through the sub-resource becomes, and why it is refused. */
function through(
  name: string,
  change: (object: any) => void,
  from: ApiObject = plain,
): { next: any; refused: string[] } {
  const previous = created(pod, from);
  const next = structuredClone(previous);
  change(next);
  const rules = pod.subresourceUpdates![name]!;
  rules.prepare(next, previous, facts);
  pod.defaults!(next);
  return { next, refused: lines(rules.validate(next, previous)) };
}

test('an ephemeral container is added, and nothing else changes', () => {
  const { next, refused } = through('ephemeralcontainers', (object) => {
    object.spec.ephemeralContainers = [{ name: 'debug', image: 'busybox', targetContainerName: 'app' }];
    object.spec.nodeName = 'n2';
    object.metadata.labels = { a: 'b' };
    object.status.phase = 'Failed';
  });
  assert.deepEqual(refused, []);
  assert.equal(next.spec.ephemeralContainers[0].terminationMessagePolicy, 'File');
  assert.deepEqual([next.spec.nodeName, next.metadata.labels, next.status.phase], ['n1', undefined, 'Pending']);
});

test('ephemeral containers stay as they are', () => {
  const previous = created(pod, plain);
  previous['spec'].ephemeralContainers = [
    { name: 'a', image: 'x' },
    { name: 'b', image: 'x' },
  ];
  pod.defaults!(previous);
  const next = structuredClone(previous);
  next['spec'].ephemeralContainers.shift();
  next['spec'].ephemeralContainers[0].image = 'y';
  const rules = pod.subresourceUpdates!['ephemeralcontainers']!;
  rules.prepare(next, previous, facts);
  assert.deepEqual(lines(rules.validate(next, previous)), [
    'spec.ephemeralContainers: Forbidden: existing ephemeral containers "a" may not be removed\n',
    'spec.ephemeralContainers: Forbidden: existing ephemeral containers "b" may not be changed\n',
  ]);
});

test('CPU of a container that runs is changed', () => {
  const { next, refused } = through('resize', (object) => {
    object.spec.containers[0].resources.requests.cpu = '2';
    object.spec.containers[0].image = 'other';
  });
  assert.deepEqual(refused, []);
  assert.equal(next.spec.containers[0].resources.requests.cpu, '2');
  assert.equal(next.spec.containers[0].image, 'app:1');
});

const cases: [string, (object: any) => void, string[]][] = [
  [
    'other resources change',
    (object) => {
      object.spec.containers[0].resources.requests['ephemeral-storage'] = '2Gi';
    },
    ['spec: Forbidden: only cpu and memory resources are mutable'],
  ],
  [
    'a request is removed',
    (object) => {
      delete object.spec.containers[0].resources.requests.cpu;
    },
    [
      'spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing',
      'spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed',
    ],
  ],
  [
    'an init container is resized',
    (object) => {
      object.spec.initContainers[0].resources = { requests: { cpu: '1' } };
    },
    ['spec: Forbidden: resources for non-sidecar init containers are immutable'],
  ],
];
for (const [name, change, expected] of cases) {
  test(`a resize is refused when ${name}`, () => assert.deepEqual(through('resize', change).refused, expected));
}

test('static pods are their node’s', () => {
  const annotations = { 'kubernetes.io/config.mirror': 'x' };
  const mirror = { ...plain, metadata: { ...plain.metadata, annotations } };
  assert.deepEqual(through('resize', () => {}, mirror).refused, ['[]: Forbidden: static pods cannot be resized']);
  assert.deepEqual(through('ephemeralcontainers', () => {}, mirror).refused, [
    '[]: Forbidden: static pods do not support ephemeral containers',
  ]);
});

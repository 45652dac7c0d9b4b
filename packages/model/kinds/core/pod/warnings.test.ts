import assert from 'node:assert/strict';
import { test } from 'node:test';
import { podSpecWarnings, podWarnings } from './warnings.ts';

const container = { name: 'c', image: 'i' };
const cases: [string, object, string[]][] = [
  ['nothing odd', { containers: [container] }, []],
  [
    'old labels of nodes',
    {
      nodeSelector: { 'beta.kubernetes.io/os': 'linux' },
      topologySpreadConstraints: [{ topologyKey: 'failure-domain.beta.kubernetes.io/zone' }],
    },
    [
      'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
      'spec.topologySpreadConstraints[0].topologyKey: failure-domain.beta.kubernetes.io/zone is deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
      'spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod',
    ],
  ],
  [
    'affinity to no pod',
    { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'a' }] } } },
    [
      'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector: a null labelSelector results in matching no pod',
    ],
  ],
  [
    'things twice',
    {
      hostAliases: [{ ip: '1.1.1.1' }, { ip: '1.1.1.1' }],
      imagePullSecrets: [{ name: 'a' }, { name: 'a' }, {}],
      volumes: [{ name: 'v', rbd: {} }],
    },
    [
      'spec.volumes[0].rbd: deprecated in v1.28, non-functional in v1.31+',
      'spec.hostAliases[1].ip: duplicate ip "1.1.1.1"',
      'spec.imagePullSecrets[1].name: duplicate name "a"',
      'spec.imagePullSecrets[2].name: invalid empty name ""',
    ],
  ],
  [
    'parts of bytes, hidden variables and clashing ports',
    {
      containers: [
        {
          ...container,
          resources: { limits: { memory: '100m' } },
          env: [
            { name: 'A', value: '1' },
            { name: 'A', value: '$(A)2' },
            { name: 'A', value: '$(A)' },
          ],
          ports: [{ containerPort: 80 }, { containerPort: 80 }, { containerPort: 80, hostPort: 8080 }],
        },
      ],
    },
    [
      'spec.containers[0].resources.limits[memory]: fractional byte value "100m" is invalid, must be an integer',
      'spec.containers[0].env[2]: hides previous definition of "A", which may be dropped when using apply',
      'spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]',
      'spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[0]',
      'spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[1]',
    ],
  ],
];
for (const [name, spec, expected] of cases) {
  test(`warnings of a pod with ${name}`, () => assert.deepEqual(podSpecWarnings(spec, 'spec'), expected));
}

test('annotations that nobody reads, and names that are no host names', () => {
  const annotations = {
    'scheduler.alpha.kubernetes.io/critical-pod': '',
    'container.apparmor.security.beta.kubernetes.io/c': 'unconfined',
  };
  const spec = { containers: [container] };
  assert.deepEqual(podSpecWarnings(spec, 'spec.template.spec', { annotations }), [
    'spec.template.metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; use the "priorityClassName" field instead',
    'spec.template.metadata.annotations[container.apparmor.security.beta.kubernetes.io/c]: deprecated since v1.30; use the "appArmorProfile" field instead',
  ]);
  const pod = { metadata: { name: 'a.b' }, spec };
  assert.deepEqual(podWarnings(pod), [
    "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]",
  ]);
  assert.deepEqual(podWarnings(pod, pod), []);
});

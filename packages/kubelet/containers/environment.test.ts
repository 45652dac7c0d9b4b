import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, Pod, Service } from '@keelson/model/generated/types/core-v1.ts';
import { DanglingReference } from '../pods/field-reference.ts';
import { type EnvironmentSources, environmentOf, serviceVariables } from './environment.ts';
import { expand } from './expansion.ts';

const expansions: [string, string][] = [
  ['$(A)', 'one'],
  ['x$(A)y$(B)', 'xoneytwo'],
  ['$$(A)', '$(A)'],
  ['$$$(A)', '$one'],
  ['$(NONE)', '$(NONE)'],
  ['$(A', '$(A'],
  ['$A ${A} $', '$A ${A} $'],
  ['', ''],
];

for (const [text, expected] of expansions)
  test(`references expand as Kubernetes has it: ${JSON.stringify(text)}`, () => {
    const known: Record<string, string> = { A: 'one', B: 'two' };
    assert.equal(
      expand(text, (name) => known[name]),
      expected,
    );
  });

const pod = {
  metadata: { name: 'web', namespace: 'shop', uid: 'u1', labels: { app: 'web' }, annotations: { note: 'a "b"' } },
  spec: { nodeName: 'n1', serviceAccountName: 'robot', containers: [] },
} as Pod;

const sources: EnvironmentSources = {
  configMap: async (_namespace, name) => (name === 'cfg' ? { data: { k: 'from map', 'has.dot': 'x' } } : undefined),
  secret: async (_namespace, name) =>
    name === 'sec' ? { data: { k: Buffer.from('from secret').toString('base64') } } : undefined,
  services: [],
  place: { nodeName: 'n1', hostAddresses: ['10.0.0.1'], podAddresses: ['10.1.0.5', 'fd00::5'] },
  allocatable: { cpu: '2', memory: '3Gi' },
};

const environment = async (container: Partial<Container>, more: Partial<EnvironmentSources> = {}) =>
  Object.fromEntries(await environmentOf(pod, { name: 'c', ...container }, { ...sources, ...more }));

test('every kind of source gives its value, and later ones may refer to earlier ones', async () => {
  const resources = { limits: { cpu: '1500m' }, requests: { memory: '100Mi' } };
  const env = [
    { name: 'PLAIN', value: 'v' },
    { name: 'REFERS', value: '$(PLAIN)-$(LATER)-$(FROM_k)' },
    { name: 'LATER', value: 'l' },
    { name: 'MAP', valueFrom: { configMapKeyRef: { name: 'cfg', key: 'k' } } },
    { name: 'SECRET', valueFrom: { secretKeyRef: { name: 'sec', key: 'k' } } },
    { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIPs' } } },
    { name: 'HOST', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } },
    { name: 'LABEL', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
    { name: 'ACCOUNT', valueFrom: { fieldRef: { fieldPath: 'spec.serviceAccountName' } } },
    { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
    { name: 'MILLI', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
    { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
    { name: 'ABSENT', valueFrom: { configMapKeyRef: { name: 'none', key: 'k', optional: true } } },
  ];
  const envFrom = [{ prefix: 'FROM_', configMapRef: { name: 'cfg' } }];
  assert.deepEqual(await environment({ env, envFrom, resources }), {
    FROM_k: 'from map',
    'FROM_has.dot': 'x',
    PLAIN: 'v',
    REFERS: 'v-$(LATER)-from map',
    LATER: 'l',
    MAP: 'from map',
    SECRET: 'from secret',
    IP: '10.1.0.5,fd00::5',
    HOST: '10.0.0.1',
    LABEL: 'web',
    ACCOUNT: 'robot',
    CPU: '2',
    MILLI: '1500',
    MEMORY: '3072',
  });
});

const missing: [Partial<Container>, string][] = [
  [{ env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'no', key: 'k' } } }] }, 'configmap "no" not found'],
  [{ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'no', key: 'k' } } }] }, 'secret "no" not found'],
  [
    { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'cfg', key: 'z' } } }] },
    "couldn't find key z in ConfigMap shop/cfg",
  ],
  [
    { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'sec', key: 'z' } } }] },
    "couldn't find key z in Secret shop/sec",
  ],
  [{ envFrom: [{ configMapRef: { name: 'no' } }] }, 'configmap "no" not found'],
  [
    { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.nothing' } } }] },
    'unsupported fieldPath: spec.nothing',
  ],
];

for (const [container, message] of missing)
  test(`what is missing is named: ${message}`, async () => {
    await assert.rejects(environment(container), new DanglingReference(message));
  });

test('services are told by variables: those of the namespace when links are on, kubernetes always', () => {
  const service = (namespace: string, name: string, clusterIP: string, ports: object[]) =>
    ({ metadata: { namespace, name }, spec: { clusterIP, ports } }) as unknown as Service;
  const services = [
    service('default', 'kubernetes', '10.100.0.1', [{ name: 'https', port: 443, protocol: 'TCP' }]),
    service('shop', 'my-db', '10.100.0.7', [{ port: 5432 }]),
    service('shop', 'headless', 'None', [{ port: 1 }]),
    service('other', 'far', '10.100.0.8', [{ port: 1 }]),
  ];
  const linked = Object.fromEntries(serviceVariables('shop', services, true));
  assert.deepEqual(
    Object.keys(linked).filter((name) => name.startsWith('MY_DB')),
    [
      'MY_DB_SERVICE_HOST',
      'MY_DB_SERVICE_PORT',
      'MY_DB_PORT',
      'MY_DB_PORT_5432_TCP',
      'MY_DB_PORT_5432_TCP_PROTO',
      'MY_DB_PORT_5432_TCP_PORT',
      'MY_DB_PORT_5432_TCP_ADDR',
    ],
  );
  assert.equal(linked['MY_DB_PORT'], 'tcp://10.100.0.7:5432');
  assert.equal(linked['KUBERNETES_SERVICE_PORT_HTTPS'], '443');
  assert.deepEqual(
    Object.keys(linked).filter((name) => /FAR|HEADLESS/.test(name)),
    [],
  );
  const unlinked = serviceVariables('shop', services, false);
  assert.ok(unlinked.has('KUBERNETES_SERVICE_HOST') && !unlinked.has('MY_DB_PORT'));
});

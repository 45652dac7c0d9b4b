import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '@keelson/base';
import type { ApiObject } from '@keelson/model';
import { DefaultTolerationSeconds } from './default-toleration-seconds.ts';
import { MemoryReader } from './memory-reader.ts';
import { NamespaceLifecycle } from './namespace-lifecycle.ts';
import { Priority } from './priority.ts';
import { ServiceAccount } from './service-account.ts';
import { TaintNodesByCondition } from './taint-nodes-by-condition.ts';
import { refusalOf, writeRequest } from './test-requests.ts';

function pod(spec: Record<string, unknown> = {}, metadata: ApiObject['metadata'] = {}): ApiObject {
  return { metadata: { name: 'web', namespace: 'shop', ...metadata }, spec: { containers: [{ name: 'c' }], ...spec } };
}

const lifecycle: readonly [string, string, Parameters<typeof writeRequest>[1], [number, string] | undefined][] = [
  ['into a namespace', 'CREATE pods', { object: pod() }, undefined],
  ['into none', 'CREATE pods', { object: pod({}, { namespace: 'gone' }) }, [404, 'namespaces "gone" not found']],
  [
    'an update into none',
    'UPDATE pods',
    { object: pod({}, { namespace: 'gone' }) },
    [404, 'namespaces "gone" not found'],
  ],
  ['a deletion from none', 'DELETE pods', { previous: pod({}, { namespace: 'gone' }) }, undefined],
  [
    'into one that goes',
    'CREATE pods',
    { object: pod({}, { namespace: 'going' }) },
    [403, 'pods "web" is forbidden: unable to create new content in namespace going because it is being terminated'],
  ],
  [
    'with a generated name',
    'CREATE deployments.apps',
    { object: { metadata: { generateName: 'web-', namespace: 'going' } } },
    [
      403,
      'deployments.apps "web-" is forbidden: unable to create new content in namespace going because it is being terminated',
    ],
  ],
  ['an update in one that goes', 'UPDATE pods', { object: pod({}, { namespace: 'going' }) }, undefined],
  ['a review about none', 'CREATE localsubjectaccessreviews.authorization.k8s.io', { namespace: 'gone' }, undefined],
  ['something without namespace', 'CREATE nodes', { object: { metadata: { name: 'n' } } }, undefined],
  [
    'the default namespace away',
    'DELETE namespaces',
    { name: 'default' },
    [403, 'namespaces "default" is forbidden: this namespace may not be deleted'],
  ],
  ['another namespace away', 'DELETE namespaces', { name: 'shop' }, undefined],
  ['a namespace', 'CREATE namespaces', { object: { metadata: { name: 'new' } }, namespace: 'new' }, undefined],
];

for (const [name, what, given, expected] of lifecycle) {
  test(`NamespaceLifecycle: ${name}`, async () => {
    const reader = new MemoryReader();
    reader.put('', 'namespaces', { metadata: { name: 'shop' }, status: { phase: 'Active' } });
    reader.put('', 'namespaces', { metadata: { name: 'going' }, status: { phase: 'Terminating' } });
    const refusal = await refusalOf(new NamespaceLifecycle(reader), writeRequest(what, given));
    assert.deepEqual(refusal && [refusal.code, refusal.message], expected);
    if (expected?.[0] === 403 && what.startsWith('CREATE')) {
      assert.deepEqual(refusal!.details?.causes, [
        {
          reason: 'NamespaceTerminating',
          message: 'namespace going is being terminated',
          field: 'metadata.namespace',
        },
      ]);
    }
  });
}

function accounts() {
  const world = virtualWorld('accounts');
  const reader = new MemoryReader();
  reader.put('', 'serviceaccounts', { metadata: { name: 'default', namespace: 'shop' } });
  reader.put('', 'serviceaccounts', {
    metadata: { name: 'quiet', namespace: 'shop' },
    automountServiceAccountToken: false,
    imagePullSecrets: [{ name: 'pull' }],
  });
  reader.put('', 'serviceaccounts', {
    metadata: {
      name: 'strict',
      namespace: 'shop',
      annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' },
    },
    secrets: [{ name: 'good' }],
    imagePullSecrets: [{ name: 'pull' }],
  });
  return { world, reader, plugin: new ServiceAccount(reader, world) };
}

test('ServiceAccount gives a pod the default account and its token in every container', async () => {
  const { plugin } = accounts();
  const elsewhere = { name: 'own', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' };
  const object = pod({
    initContainers: [{ name: 'i' }],
    containers: [{ name: 'c' }, { name: 'd', volumeMounts: [elsewhere] }],
    volumes: [{ name: 'own', emptyDir: {} }],
  });
  assert.equal(await refusalOf(plugin, writeRequest('CREATE pods', { object })), undefined);
  const { spec } = object as any;
  const name = spec.volumes[1].name;
  assert.match(name, /^kube-api-access-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  const mount = { name, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' };
  assert.deepEqual([spec.serviceAccountName, spec.serviceAccount], ['default', 'default']);
  assert.deepEqual(spec.initContainers[0].volumeMounts, [mount]);
  assert.deepEqual(spec.containers[0].volumeMounts, [mount]);
  assert.deepEqual(spec.containers[1].volumeMounts, [elsewhere]);
  assert.deepEqual(spec.volumes[1], {
    name,
    projected: {
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
    },
  });
  assert.equal(spec.imagePullSecrets, undefined);
});

test('ServiceAccount mounts nothing where it is not wanted, and adds pull secrets where there are none', async () => {
  const { plugin } = accounts();
  const quiet = pod({ serviceAccountName: 'quiet' });
  const loud = pod({
    serviceAccountName: 'quiet',
    automountServiceAccountToken: true,
    imagePullSecrets: [{ name: 'o' }],
  });
  for (const object of [quiet, loud]) await plugin.mutate(writeRequest('CREATE pods', { object }));
  assert.equal(quiet['spec'].volumes, undefined);
  assert.deepEqual(quiet['spec'].imagePullSecrets, [{ name: 'pull' }]);
  assert.equal(loud['spec'].volumes.length, 1);
  assert.deepEqual(loud['spec'].imagePullSecrets, [{ name: 'o' }]);
});

test('ServiceAccount waits for the default account of a new namespace, and not for ever', async () => {
  const { world, reader, plugin } = accounts();
  const object = pod({}, { namespace: 'new' });
  const admitted = refusalOf(plugin, writeRequest('CREATE pods', { object }));
  await world.clock.advance(400);
  reader.put('', 'serviceaccounts', { metadata: { name: 'default', namespace: 'new' } });
  await world.clock.advance(100);
  assert.equal(await admitted, undefined);
  const refused = refusalOf(plugin, writeRequest('CREATE pods', { object: pod({}, { namespace: 'other' }) }));
  await world.clock.advance(2000);
  assert.equal(
    (await refused)?.message,
    'pods "web" is forbidden: error looking up service account other/default: serviceaccount "default" not found',
  );
});

const mirror = { annotations: { 'kubernetes.io/config.mirror': 'x' } };
const because = 'is not allowed because service account strict does not reference that';
const accountRefusals: readonly [Record<string, unknown>, ApiObject['metadata'], string | undefined][] = [
  [
    { serviceAccountName: 'nobody' },
    {},
    'error looking up service account shop/nobody: serviceaccount "nobody" not found',
  ],
  [{ serviceAccountName: 'default' }, mirror, 'a mirror pod may not reference service accounts'],
  [{ volumes: [{ name: 'v', secret: { secretName: 's' } }] }, mirror, 'a mirror pod may not reference secrets'],
  [
    { volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: {} }] } }] },
    mirror,
    'a mirror pod may not use ServiceAccountToken volume projections',
  ],
  [{}, mirror, undefined],
  [{ serviceAccountName: 'strict', volumes: [{ name: 'v', secret: { secretName: 'good' } }] }, {}, undefined],
  [
    { serviceAccountName: 'strict', volumes: [{ name: 'v', secret: { secretName: 's' } }] },
    {},
    `volume with secret.secretName="s" ${because} secret`,
  ],
  [
    {
      serviceAccountName: 'strict',
      containers: [{ name: 'c', env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 's' } } }] }],
    },
    {},
    `container c with envVar E referencing secret.secretName="s" ${because} secret`,
  ],
  [
    { serviceAccountName: 'strict', initContainers: [{ name: 'i', envFrom: [{ secretRef: { name: 's' } }] }] },
    {},
    `init container i with envFrom referencing secret.secretName="s" ${because} secret`,
  ],
  [
    { serviceAccountName: 'strict', imagePullSecrets: [{ name: 'pull' }, { name: 's' }] },
    {},
    `imagePullSecrets[1].name="s" ${because} imagePullSecret`,
  ],
];

for (const [spec, metadata, expected] of accountRefusals) {
  test(`ServiceAccount: ${expected ?? `admits ${JSON.stringify(spec)}`}`, async () => {
    const refusal = await refusalOf(accounts().plugin, writeRequest('CREATE pods', { object: pod(spec, metadata) }));
    assert.equal(refusal?.message, expected && `pods "web" is forbidden: ${expected}`);
  });
}

test('ServiceAccount looks at the secrets of debug containers too', async () => {
  const object = pod({
    serviceAccountName: 'strict',
    ephemeralContainers: [{ name: 'd', envFrom: [{ secretRef: { name: 's' } }] }],
  });
  const refusal = await refusalOf(accounts().plugin, writeRequest('UPDATE pods/ephemeralcontainers', { object }));
  assert.match(refusal!.message, /ephemeral container d with envFrom referencing secret\.secretName="s"/);
});

test('DefaultTolerationSeconds adds what a pod does not say itself', async () => {
  const added = (key: string) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 });
  const [notReady, unreachable] = [added('node.kubernetes.io/not-ready'), added('node.kubernetes.io/unreachable')];
  const all = { operator: 'Exists' };
  const own = { key: 'node.kubernetes.io/not-ready', operator: 'Exists', tolerationSeconds: 5 };
  const cases: [unknown[], unknown[]][] = [
    [[], [notReady, unreachable]],
    [[all], [all]],
    [[own], [own, unreachable]],
    [[{ ...own, effect: 'NoSchedule' }], [{ ...own, effect: 'NoSchedule' }, notReady, unreachable]],
  ];
  for (const [tolerations, expected] of cases) {
    const object = pod({ tolerations });
    await new DefaultTolerationSeconds().mutate(writeRequest('CREATE pods', { object }));
    assert.deepEqual(object['spec'].tolerations, expected);
    await new DefaultTolerationSeconds().mutate(writeRequest('UPDATE pods/status', { object: pod() }));
  }
});

test('TaintNodesByCondition taints a new node once', async () => {
  const taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
  const plugin = new TaintNodesByCondition();
  const fresh: ApiObject = { metadata: { name: 'n' } };
  const tainted: ApiObject = { metadata: { name: 'n' }, spec: { taints: [{ ...taint, value: 'x' }] } };
  for (const object of [fresh, tainted]) await plugin.mutate(writeRequest('CREATE nodes', { object }));
  assert.deepEqual(fresh['spec'].taints, [taint]);
  assert.equal(tainted['spec'].taints.length, 1);
  const later: ApiObject = { metadata: { name: 'n' }, spec: {} };
  await plugin.mutate(writeRequest('UPDATE nodes', { object: later }));
  assert.equal(later['spec'].taints, undefined);
});

function classes(...objects: ApiObject[]) {
  const reader = new MemoryReader();
  for (const object of objects) reader.put('scheduling.k8s.io', 'priorityclasses', object);
  return new Priority(reader);
}

const high: ApiObject = { metadata: { name: 'high' }, value: 1000, preemptionPolicy: 'Never' };
const usual: ApiObject = { metadata: { name: 'usual' }, value: 10, globalDefault: true };

test('Priority fills in the class, its number and its policy', async () => {
  const cases: [Priority, Record<string, unknown>, unknown[]][] = [
    [classes(high), {}, [undefined, 0, 'PreemptLowerPriority']],
    [classes(high), { priorityClassName: 'high' }, ['high', 1000, 'Never']],
    [classes(high), { priorityClassName: 'high', priority: 1000 }, ['high', 1000, 'Never']],
    [classes(usual, { ...usual, metadata: { name: 'more' }, value: 20 }), {}, ['usual', 10, undefined]],
    [
      classes(),
      { priorityClassName: 'system-node-critical' },
      ['system-node-critical', 2000001000, 'PreemptLowerPriority'],
    ],
  ];
  for (const [plugin, given, expected] of cases) {
    const object = pod(given);
    await plugin.mutate(writeRequest('CREATE pods', { object }));
    const { priorityClassName, priority, preemptionPolicy } = object['spec'];
    assert.deepEqual([priorityClassName, priority, preemptionPolicy], expected);
  }
  const object = pod();
  await classes().mutate(writeRequest('UPDATE pods', { object, previous: pod({ priority: 7 }) }));
  assert.equal(object['spec'].priority, 7);
});

test('Priority refuses what contradicts the class', async () => {
  const text = async (spec: Record<string, unknown>) =>
    (await refusalOf(classes(high), writeRequest('CREATE pods', { object: pod(spec) })))?.message;
  assert.equal(
    await text({ priorityClassName: 'low' }),
    'pods "web" is forbidden: no PriorityClass with name low was found',
  );
  assert.equal(
    await text({ priority: 3 }),
    'pods "web" is forbidden: the integer value of priority (3) must not be provided in pod spec; priority admission controller computed 0 from the given PriorityClass name',
  );
  assert.equal(
    await text({ priorityClassName: 'high', preemptionPolicy: 'PreemptLowerPriority' }),
    'pods "web" is forbidden: the string value of PreemptionPolicy (PreemptLowerPriority) must not be provided in pod spec; priority admission controller computed Never from the given PriorityClass name',
  );
});

test('Priority allows one default class', async () => {
  const plugin = classes(usual);
  const second = { ...usual, metadata: { name: 'second' } };
  const target = 'priorityclasses.scheduling.k8s.io';
  assert.equal(
    (await refusalOf(plugin, writeRequest(`CREATE ${target}`, { object: second })))?.message,
    'priorityclasses.scheduling.k8s.io "second" is forbidden: PriorityClass usual is already marked as default. Only one default can exist',
  );
  assert.equal(
    await refusalOf(plugin, writeRequest(`UPDATE ${target}`, { object: usual, previous: usual })),
    undefined,
  );
});

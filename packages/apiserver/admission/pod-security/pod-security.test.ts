import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject } from '@keelson/model';
import { MemoryReader } from '../memory-reader.ts';
import { refusalOf, writeRequest } from '../test-requests.ts';
import { defaultPodSecurity, PodSecurity } from './pod-security.ts';
import { policyOf } from './security-policy.ts';
import { violations, violationsText } from './violations.ts';

const prefix = 'pod-security.kubernetes.io/';
const good = {
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [
    {
      name: 'c',
      image: 'nginx',
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    },
  ],
};
const container = (securityContext: object, more: object = {}) => ({
  containers: [{ name: 'c', image: 'nginx', securityContext, ...more }],
});

const baseline: [string, object, string][] = [
  [
    'privileged',
    container({ privileged: true }),
    'privileged (container "c" must not set securityContext.privileged=true)',
  ],
  ['host namespaces', { hostNetwork: true, hostPID: true }, 'host namespaces (hostNetwork=true, hostPID=true)'],
  [
    'host ports',
    container({}, { ports: [{ hostPort: 80 }, { hostPort: 443 }] }),
    'hostPort (container "c" uses hostPorts 443, 80)',
  ],
  [
    'host paths',
    {
      volumes: [
        { name: 'a', hostPath: {} },
        { name: 'b', hostPath: {} },
      ],
    },
    'hostPath volumes (volumes "a", "b")',
  ],
  [
    'capabilities',
    container({ capabilities: { add: ['NET_RAW', 'CHOWN'] } }),
    'non-default capabilities (container "c" must not include "NET_RAW" in securityContext.capabilities.add)',
  ],
  [
    'SELinux',
    { securityContext: { seLinuxOptions: { type: 'x', user: 'u' } } },
    'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "x"; user may not be set)',
  ],
  [
    'procMount',
    container({ procMount: 'Unmasked' }),
    'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
  ],
  [
    'seccomp',
    container({ seccompProfile: { type: 'Unconfined' } }),
    'seccompProfile (container "c" must not set securityContext.seccompProfile.type to "Unconfined")',
  ],
  [
    'AppArmor',
    container({ appArmorProfile: { type: 'Unconfined' } }),
    'forbidden AppArmor profile (container "c" must not set AppArmor profile type to "Unconfined")',
  ],
  [
    'sysctls',
    { securityContext: { sysctls: [{ name: 'kernel.msgmax' }, { name: 'net.ipv4.tcp_rmem' }] } },
    'forbidden sysctls (kernel.msgmax)',
  ],
  [
    'host process',
    { securityContext: { windowsOptions: { hostProcess: true } } },
    'hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)',
  ],
  [
    'probed hosts',
    container({}, { livenessProbe: { httpGet: { host: 'h' } } }),
    'probe or lifecycle host (container "c" uses probe or lifecycle host "h")',
  ],
];

for (const [title, spec, expected] of baseline)
  test(`baseline: ${title}`, () => {
    const found = violations({ level: 'baseline', version: 'latest' }, {}, spec, 36);
    assert.equal(violationsText(found), expected);
    assert.deepEqual(violations({ level: 'privileged', version: 'latest' }, {}, spec, 36), []);
  });

test('restricted asks for more, of every kind of container', () => {
  const spec = { initContainers: [{ name: 'i' }], containers: [{ name: 'c' }], volumes: [{ name: 'v', nfs: {} }] };
  assert.equal(
    violationsText(violations({ level: 'restricted', version: 'latest' }, {}, spec, 36)),
    'allowPrivilegeEscalation != false (containers "i", "c" must set securityContext.allowPrivilegeEscalation=false), ' +
      'unrestricted capabilities (containers "i", "c" must set securityContext.capabilities.drop=["ALL"]), ' +
      'restricted volume types (volume "v" uses restricted volume type "nfs"), ' +
      'runAsNonRoot != true (pod or containers "i", "c" must set securityContext.runAsNonRoot=true), ' +
      'seccompProfile (pod or containers "i", "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  );
  assert.deepEqual(violations({ level: 'restricted', version: 'latest' }, {}, good, 36), []);
});

test('a version holds a pod to what was asked then, and later ones to the cluster’s own', () => {
  const tcp = { securityContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem' }] } };
  const count = (version: number | 'latest', newest: number) =>
    violations({ level: 'baseline', version }, {}, tcp, newest).length;
  assert.deepEqual([count(31, 36), count(32, 36), count('latest', 31), count(99, 31)], [1, 0, 1, 1]);
  const inOwnNamespace = { hostUsers: false, ...container({ procMount: 'Unmasked' }) };
  const procMounts = (level: 'baseline' | 'restricted', version: number) =>
    violations({ level, version }, {}, inOwnNamespace, 36).filter(({ reason }) => reason === 'procMount').length;
  assert.deepEqual([procMounts('baseline', 34), procMounts('baseline', 35), procMounts('restricted', 35)], [1, 0, 1]);
});

test('labels say what holds, and warnings follow enforcement', () => {
  const read = (labels: Record<string, string>) =>
    policyOf(
      Object.fromEntries(Object.entries(labels).map(([name, value]) => [prefix + name, value])),
      defaultPodSecurity.defaults,
    );
  assert.deepEqual(read({ enforce: 'baseline', 'enforce-version': 'v1.25' }).policy.warn, {
    level: 'baseline',
    version: 25,
  });
  assert.deepEqual(read({ enforce: 'baseline', warn: 'privileged' }).policy.warn.level, 'privileged');
  const { policy, errors } = read({ enforce: 'strict', 'warn-version': 'v2' });
  assert.equal(policy.enforce.level, 'restricted');
  assert.deepEqual(
    errors.map(({ field, message }) => `${field}: ${message}`),
    [
      `metadata.labels[${prefix}enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted`,
      `metadata.labels[${prefix}warn-version]: Invalid value: "v2": must be "latest" or "v1.x"`,
    ],
  );
});

function namespace(labels: Record<string, string>): ApiObject {
  const named = Object.entries(labels).map(([name, value]) => [prefix + name, value]);
  return { metadata: { name: 'team', labels: Object.fromEntries(named) } };
}

function withNamespace(labels: Record<string, string>): MemoryReader {
  const reader = new MemoryReader();
  reader.put('', 'namespaces', namespace(labels));
  return reader;
}

const bad = { metadata: { name: 'p', namespace: 'team' }, spec: container({ privileged: true }) };

test('a pod that its namespace does not allow is refused; what would make it earns a warning', async () => {
  const plugin = new PodSecurity(withNamespace({ enforce: 'baseline' }), 36);
  const refusal = await refusalOf(plugin, writeRequest('CREATE pods', { object: bad }));
  const text = 'privileged (container "c" must not set securityContext.privileged=true)';
  assert.equal(refusal?.message, `pods "p" is forbidden: violates PodSecurity "baseline:latest": ${text}`);
  const template = { metadata: { name: 'd', namespace: 'team' }, spec: { template: bad } };
  const deployment = writeRequest('CREATE deployments.apps', { object: template });
  assert.equal(await refusalOf(plugin, deployment), undefined);
  assert.deepEqual(deployment.warnings, [`would violate PodSecurity "baseline:latest": ${text}`]);
  const job = { metadata: template.metadata, spec: { jobTemplate: { spec: { template: bad } } } };
  const cronJob = writeRequest('CREATE cronjobs.batch', { object: job });
  await refusalOf(plugin, cronJob);
  assert.equal(cronJob.warnings.length, 1);
  const touched = writeRequest('UPDATE pods', { object: { ...bad, status: {} }, previous: bad });
  assert.equal(await refusalOf(plugin, touched), undefined, 'nothing that matters has changed');
  const spec = { ...bad.spec, ephemeralContainers: [{ name: 'debug', securityContext: { privileged: true } }] };
  const debugged = writeRequest('UPDATE pods/ephemeralcontainers', { object: { ...bad, spec }, previous: bad });
  assert.equal((await refusalOf(plugin, debugged))?.code, 403);
});

test('modes are apart: a warning refuses nothing, audit says nothing', async () => {
  const plugin = new PodSecurity(withNamespace({ warn: 'restricted', audit: 'baseline' }), 36);
  const notes: string[] = [];
  const request = writeRequest('CREATE pods', {
    object: bad,
    annotate: (name, value) => notes.push(`${name}=${value}`),
  });
  assert.equal(await refusalOf(plugin, request), undefined);
  assert.match(request.warnings[0]!, /^would violate PodSecurity "restricted:latest": privileged \(/);
  assert.match(
    notes.join('\n'),
    /enforce-policy=privileged:latest\n.*audit-violations=would violate PodSecurity "baseline:latest"/,
  );
});

test('exemptions', async (t) => {
  const none = { usernames: [], namespaces: [], runtimeClasses: [] };
  const cases: [string, object][] = [
    ['user', { usernames: ['jane'] }],
    ['namespace', { namespaces: ['team'] }],
    ['runtime class', { runtimeClasses: ['kata'] }],
  ];
  for (const [title, exemption] of cases)
    await t.test(title, async () => {
      const configuration = { ...defaultPodSecurity, exemptions: { ...none, ...exemption } };
      const plugin = new PodSecurity(withNamespace({ enforce: 'restricted' }), 36, configuration);
      const object = { ...bad, spec: { ...bad.spec, runtimeClassName: 'kata' } };
      assert.equal(await refusalOf(plugin, writeRequest('CREATE pods', { object })), undefined);
    });
});

test('a namespace with wrong labels is refused, one that becomes stricter tells of its pods', async () => {
  const reader = withNamespace({});
  const plugin = new PodSecurity(reader, 36);
  await assert.rejects(
    refusalOf(plugin, writeRequest('CREATE namespaces', { object: namespace({ enforce: 'x' }) })),
    /is invalid: metadata.labels\[pod-security.kubernetes.io\/enforce\]: Invalid value: "x": must be one of/,
  );
  for (const name of ['b', 'a', 'c']) reader.put('', 'pods', { ...bad, metadata: { name, namespace: 'team' } });
  const request = writeRequest('UPDATE namespaces', {
    object: namespace({ enforce: 'baseline', 'enforce-version': 'v1.30' }),
    previous: namespace({}),
  });
  assert.equal(await refusalOf(plugin, request), undefined);
  assert.deepEqual(request.warnings, [
    'existing pods in namespace "team" violate the new PodSecurity enforce level "baseline:v1.30"',
    'a (and 2 other pods): privileged',
  ]);
  const relaxed = writeRequest('UPDATE namespaces', {
    object: namespace({ enforce: 'baseline' }),
    previous: namespace({ enforce: 'restricted' }),
  });
  await refusalOf(plugin, relaxed);
  assert.deepEqual(relaxed.warnings, []);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '@keelson/base';
import { catalogueFor } from '@keelson/model';
import { MemoryStore } from '@keelson/store/drivers/memory/index.ts';
import { ResourceCaches } from '../../storage/resource-caches.ts';
import { TestServer } from '../../testing/test-server.ts';
import { LimitRanger } from '../limit-ranger.ts';
import { ResourceQuota } from './resource-quota.ts';

const base = '/api/v1/namespaces/default';

async function start(): Promise<TestServer> {
  const world = virtualWorld('quota');
  const store = new MemoryStore(world);
  const catalogue = catalogueFor(35);
  const caches = new ResourceCaches({ world, store, catalogue });
  const admission = [new LimitRanger(caches), new ResourceQuota(caches, world)];
  return TestServer.start({ world, store, catalogue, caches, admission });
}

/** A quota whose usage was counted already. */
async function quota(server: TestServer, name: string, hard: Record<string, string>, more: object = {}, used = {}) {
  const none = Object.fromEntries(Object.keys(hard).map((key) => [key, '0']));
  const object = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name }, spec: { hard, ...more } };
  const made = await server.ask('POST', `${base}/resourcequotas`, object);
  assert.equal(made.status, 201, made.text);
  const status = { hard, used: { ...none, ...used } };
  const written = await server.ask('PUT', `${base}/resourcequotas/${name}/status`, { ...made.json, status });
  assert.equal(written.status, 200, written.text);
}

async function used(server: TestServer, name: string): Promise<Record<string, string>> {
  return (await server.ask('GET', `${base}/resourcequotas/${name}`)).json.status.used;
}

const pod = (name: string, resources: object = {}, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'nginx', resources }], ...spec },
});
const cpu = (request: string, limit = request) => ({ requests: { cpu: request }, limits: { cpu: limit } });
const make = (server: TestServer, resource: string, object: object) =>
  server.ask('POST', `${base}/${resource}`, object);

test('what is used is written down, and what would be too much is refused', async () => {
  const server = await start();
  await quota(server, 'q', { 'requests.cpu': '1', pods: '3' });
  assert.equal((await make(server, 'pods', pod('a', cpu('600m')))).status, 201);
  assert.deepEqual(await used(server, 'q'), { 'requests.cpu': '600m', pods: '1' });
  const { status, json } = await make(server, 'pods', pod('b', cpu('500m')));
  assert.equal(status, 403);
  assert.equal(
    json.message,
    'pods "b" is forbidden: exceeded quota: q, requested: requests.cpu=500m, used: requests.cpu=600m, limited: requests.cpu=1',
  );
  const silent = await make(server, 'pods', pod('c'));
  assert.equal(silent.json.message, 'pods "c" is forbidden: failed quota: q: must specify requests.cpu for: c');
  assert.equal((await server.ask('POST', `${base}/pods?dryRun=All`, pod('d', cpu('100m')))).status, 201);
  assert.deepEqual(await used(server, 'q'), { 'requests.cpu': '600m', pods: '1' });
});

test('what exists already is not charged again', async () => {
  const server = await start();
  await quota(server, 'q', { 'count/configmaps': '2' });
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' } };
  const answers = [];
  for (let i = 0; i < 4; i++) answers.push((await make(server, 'configmaps', object)).status);
  assert.deepEqual(answers, [201, 409, 409, 409]);
  assert.deepEqual(await used(server, 'q'), { 'count/configmaps': '1' });
});

test('a quota that was not counted yet lets nothing pass', async () => {
  const server = await start();
  await quota(server, 'q', { pods: '3' });
  const present = await server.ask('GET', `${base}/resourcequotas/q`);
  await server.ask('PUT', `${base}/resourcequotas/q/status`, { ...present.json, status: { hard: { pods: '3' } } });
  const { json } = await make(server, 'pods', pod('a'));
  assert.equal(json.message, 'pods "a" is forbidden: status unknown for quota: q, resources: pods');
});

test('many at once get as much as there is', async () => {
  const server = await start();
  await quota(server, 'q', { pods: '10' });
  await quota(server, 'other', { 'count/pods': '100' });
  const before = server.store.revision();
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => make(server, 'pods', pod(`p${i}`))));
  assert.equal(answers.filter(({ status }) => status === 201).length, 10);
  assert.equal((await used(server, 'q'))['pods'], '10');
  assert.ok(server.store.revision() - before < 40, 'they are charged together');
});

test('scopes', async (t) => {
  const high = { scopeName: 'PriorityClass', operator: 'In', values: ['high'] };
  const affinity = {
    podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'a', namespaces: ['x'] }] },
  };
  const cases: [string, object, object, boolean][] = [
    ['best effort', { scopes: ['BestEffort'] }, pod('p'), true],
    ['not best effort', { scopes: ['NotBestEffort'] }, pod('p'), false],
    ['terminating', { scopes: ['Terminating'] }, pod('p', {}, { activeDeadlineSeconds: 5 }), true],
    ['not terminating', { scopes: ['NotTerminating'] }, pod('p', {}, { activeDeadlineSeconds: 5 }), false],
    ['priority', { scopeSelector: { matchExpressions: [high] } }, pod('p', {}, { priorityClassName: 'high' }), true],
    ['other priority', { scopeSelector: { matchExpressions: [high] } }, pod('p'), false],
    ['affinity', { scopes: ['CrossNamespacePodAffinity'] }, pod('p', {}, { affinity }), true],
  ];
  for (const [title, spec, object, counted] of cases)
    await t.test(title, async () => {
      const server = await start();
      await quota(server, 'q', { pods: '0' }, spec);
      assert.equal((await make(server, 'pods', object)).status, counted ? 403 : 201);
    });
});

test('every other thing that can be counted', async (t) => {
  const service = (spec: object) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's' },
    spec: { ports: [{ port: 80 }], ...spec },
  });
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'c' },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'gold', resources: { requests: { storage: '2Gi' } } },
  };
  const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' } };
  const gpu = { limits: { 'nvidia.com/gpu': '2' }, requests: { 'nvidia.com/gpu': '2' } };
  const cases: [string, string, object, string, string][] = [
    ['services', 'services', service({}), '1', '1'],
    ['services.nodeports', 'services', service({ type: 'NodePort' }), '1', '1'],
    ['services.loadbalancers', 'services', service({ type: 'LoadBalancer' }), '1', '1'],
    ['requests.storage', 'persistentvolumeclaims', claim, '3Gi', '2Gi'],
    ['gold.storageclass.storage.k8s.io/requests.storage', 'persistentvolumeclaims', claim, '3Gi', '2Gi'],
    ['gold.storageclass.storage.k8s.io/persistentvolumeclaims', 'persistentvolumeclaims', claim, '1', '1'],
    ['configmaps', 'configmaps', configMap, '1', '1'],
    ['count/configmaps', 'configmaps', configMap, '1', '1'],
    ['requests.nvidia.com/gpu', 'pods', pod('p', gpu), '3', '2'],
  ];
  for (const [name, resource, object, limit, once] of cases)
    await t.test(name, async () => {
      const server = await start();
      await quota(server, 'q', { [name]: limit });
      assert.equal((await make(server, resource, object)).status, 201);
      assert.deepEqual(await used(server, 'q'), { [name]: once });
      const second = structuredClone(object) as any;
      second.metadata.name = 'second';
      const { json } = await make(server, resource, second);
      assert.match(json.message, /exceeded quota: q, requested: /);
    });
});

test('a claim that grows is charged what it grows by', async () => {
  const server = await start();
  const claim = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } };
  await quota(server, 'q', { services: '5', 'services.nodeports': '5' });
  await make(server, 'services', claim);
  const change = { spec: { type: 'NodePort' } };
  await server.ask('PATCH', `${base}/services/s`, change, { 'content-type': 'application/merge-patch+json' });
  assert.deepEqual(await used(server, 'q'), { services: '1', 'services.nodeports': '1' });
});

const range = (...limits: object[]) => ({
  apiVersion: 'v1',
  kind: 'LimitRange',
  metadata: { name: 'l' },
  spec: { limits },
});

test('containers get the defaults of limit ranges, and a note of it', async () => {
  const server = await start();
  await make(
    server,
    'limitranges',
    range({ type: 'Container', default: { cpu: '1', memory: '1Gi' }, defaultRequest: { cpu: '500m' } }),
  );
  const { json } = await make(server, 'pods', pod('p', { limits: { memory: '2Gi' } }));
  assert.deepEqual(json.spec.containers[0].resources, {
    limits: { cpu: '1', memory: '2Gi' },
    requests: { cpu: '500m', memory: '2Gi' },
  });
  assert.equal(
    json.metadata.annotations['kubernetes.io/limit-ranger'],
    'LimitRanger plugin set: cpu request for container c; cpu limit for container c',
  );
});

test('limits are held', async (t) => {
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'p' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } },
  };
  const cases: [object, string, object, string][] = [
    [
      { type: 'Container', min: { cpu: '1' } },
      'pods',
      pod('p', cpu('500m', '2')),
      'minimum cpu usage per Container is 1, but request is 500m',
    ],
    [
      { type: 'Container', max: { cpu: '1' } },
      'pods',
      pod('p', cpu('2')),
      '[maximum cpu usage per Container is 1, but limit is 2]',
    ],
    [
      { type: 'Container', maxLimitRequestRatio: { cpu: '2' } },
      'pods',
      pod('p', cpu('1', '3')),
      'cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000',
    ],
    [{ type: 'Pod', max: { cpu: '1' } }, 'pods', pod('p'), 'maximum cpu usage per Pod is 1.  No limit is specified'],
    [
      { type: 'PersistentVolumeClaim', max: { storage: '1Gi' } },
      'persistentvolumeclaims',
      claim,
      'maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi',
    ],
    [
      { type: 'PersistentVolumeClaim', min: { storage: '3Gi' } },
      'persistentvolumeclaims',
      claim,
      'minimum storage usage per PersistentVolumeClaim is 3Gi, but request is 2Gi',
    ],
  ];
  for (const [limit, resource, object, text] of cases)
    await t.test(text, async () => {
      const server = await start();
      await make(server, 'limitranges', range(limit));
      const { status, json } = await make(server, resource, object);
      assert.equal(status, 403);
      assert.equal(json.message, `${resource} "p" is forbidden: ${text.replace(/^\[(.*)\]$/, '$1')}`);
    });
});

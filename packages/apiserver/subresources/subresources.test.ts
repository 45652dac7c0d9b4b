import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestServer } from '../testing/test-server.ts';

const merge = { 'content-type': 'application/merge-patch+json' };
const pods = '/api/v1/namespaces/default/pods';
const deployments = '/apis/apps/v1/namespaces/default/deployments';
const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';

const pod = (name: string, labels: Record<string, string> = {}) => ({
  metadata: { name, labels },
  spec: { containers: [{ name: 'main', image: 'nginx' }] },
});
const deployment = {
  metadata: { name: 'web' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: pod('x').spec },
  },
};
const bindingTo = (node: string) => ({ metadata: { name: 'one' }, target: { kind: 'Node', name: node } });

test('a status is changed apart from the spec, and does not raise the generation', async () => {
  const server = await TestServer.start();
  const { json } = await server.ask('POST', deployments, deployment);
  assert.equal(json.metadata.generation, 1);
  const sneaky = { ...json, spec: { ...json.spec, replicas: 9 }, status: { replicas: 2, observedGeneration: 1 } };
  const status = await server.ask('PUT', `${deployments}/web/status`, sneaky);
  assert.deepEqual([status.json.spec.replicas, status.json.status.replicas], [2, 2]);
  assert.equal(status.json.metadata.generation, 1);
  const spec = await server.ask(
    'PATCH',
    `${deployments}/web`,
    { spec: { paused: true }, status: { replicas: 7 } },
    merge,
  );
  assert.equal(spec.json.metadata.generation, 2);
  assert.equal(spec.json.status.replicas, 2);
});

test('a scale is read, put and patched', async () => {
  const server = await TestServer.start();
  await server.ask('POST', deployments, deployment);
  const { json } = await server.ask('GET', `${deployments}/web/scale`);
  assert.deepEqual(
    [json.kind, json.spec, json.status],
    ['Scale', { replicas: 2 }, { replicas: 0, selector: 'app=web' }],
  );
  const put = await server.ask('PUT', `${deployments}/web/scale`, { ...json, spec: { replicas: 5 } });
  assert.equal(put.json.spec.replicas, 5);
  const old = await server.ask('PUT', `${deployments}/web/scale`, { ...json, spec: { replicas: 6 } });
  assert.deepEqual([old.status, old.json.reason], [409, 'Conflict']);
  const patched = await server.ask('PATCH', `${deployments}/web/scale`, { spec: { replicas: 3 } }, merge);
  assert.equal(patched.json.spec.replicas, 3);
  const wrong = await server.ask('PATCH', `${deployments}/web/scale`, { spec: { replicas: -1 } }, merge);
  assert.equal(
    wrong.json.message,
    'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
  );
  const { json: full } = await server.ask('GET', `${deployments}/web`);
  assert.deepEqual([full.spec.replicas, full.metadata.generation], [3, 3]);
});

test('a pod is bound once', async () => {
  const server = await TestServer.start();
  await server.ask('POST', pods, pod('one'));
  const bound = await server.ask('POST', `${pods}/one/binding`, bindingTo('node-1'));
  assert.deepEqual([bound.status, bound.json.status], [201, 'Success']);
  const { json } = await server.ask('GET', `${pods}/one`);
  assert.equal(json.spec.nodeName, 'node-1');
  const scheduled = json.status.conditions.find((condition: any) => condition.type === 'PodScheduled');
  assert.equal(scheduled.status, 'True');
  const again = await server.ask('POST', `${pods}/one/binding`, bindingTo('node-2'));
  assert.equal(
    again.json.message,
    'Operation cannot be fulfilled on pods/binding "one": pod one is already assigned to node "node-1"',
  );
  assert.equal((await server.ask('POST', `${pods}/one/binding`, bindingTo(''))).status, 422);
});

test('a pod on a node is deleted gracefully, and a shorter period counts', async () => {
  const server = await TestServer.start();
  await server.ask('POST', pods, pod('one'));
  await server.ask('POST', `${pods}/one/binding`, bindingTo('node-1'));
  const first = await server.ask('DELETE', `${pods}/one`);
  assert.equal(first.json.metadata.deletionGracePeriodSeconds, 30);
  assert.equal(first.json.metadata.deletionTimestamp, '2026-01-01T00:00:30Z');
  const same = await server.ask('DELETE', `${pods}/one`);
  assert.equal(same.json.metadata.resourceVersion, first.json.metadata.resourceVersion);
  const shorter = await server.ask('DELETE', `${pods}/one`, { gracePeriodSeconds: 5 });
  assert.equal(shorter.json.metadata.deletionTimestamp, '2026-01-01T00:00:05Z');
  const now = await server.ask('DELETE', `${pods}/one?gracePeriodSeconds=0`);
  assert.equal(now.json.status, 'Success');
  assert.equal((await server.ask('GET', `${pods}/one`)).status, 404);
});

async function evictable(server: TestServer, name: string, labels: Record<string, string>): Promise<void> {
  await server.ask('POST', pods, pod(name, labels));
  await server.ask('POST', `${pods}/${name}/binding`, { metadata: { name }, target: { name: 'node-1' } });
  const { json } = await server.ask('GET', `${pods}/${name}`);
  json.status.phase = 'Running';
  json.status.conditions = [{ type: 'Ready', status: 'True' }];
  const status = await server.ask('PUT', `${pods}/${name}/status`, json);
  assert.equal(status.status, 200, status.text);
}

test('an eviction spends what the disruption budget allows, and is put off when it is spent', async () => {
  const server = await TestServer.start();
  for (const name of ['a', 'b']) await evictable(server, name, { app: 'web' });
  const { json } = await server.ask('POST', budgets, {
    metadata: { name: 'web' },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
  });
  const early = await server.ask('POST', `${pods}/a/eviction`, { metadata: { name: 'a' } });
  assert.equal(early.status, 429);
  json.status = { observedGeneration: 1, disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2 };
  await server.ask('PUT', `${budgets}/web/status`, json);
  const first = await server.ask('POST', `${pods}/a/eviction`, { metadata: { name: 'a' } });
  assert.equal(first.status, 201, first.text);
  assert.ok((await server.ask('GET', `${pods}/a`)).json.metadata.deletionTimestamp);
  const second = await server.ask('POST', `${pods}/b/eviction`, { metadata: { name: 'b' } });
  assert.equal(second.status, 429);
  assert.equal(second.json.message, "Cannot evict pod as it would violate the pod's disruption budget.");
  assert.deepEqual(second.json.details.causes, [
    { reason: 'DisruptionBudget', message: 'The disruption budget web needs 1 healthy pods and has 2 currently' },
  ]);
  const { json: budget } = await server.ask('GET', `${budgets}/web`);
  assert.deepEqual(Object.keys(budget.status.disruptedPods), ['a']);
});

test('events are one resource in two groups', async () => {
  const server = await TestServer.start();
  const event = {
    metadata: { name: 'e' },
    eventTime: '2026-01-01T00:00:00.000000Z',
    reportingController: 'test',
    reportingInstance: 'test-1',
    action: 'Testing',
    reason: 'Because',
    type: 'Normal',
    regarding: { kind: 'Pod', name: 'p', namespace: 'default' },
    note: 'what happened',
  };
  const created = await server.ask('POST', '/apis/events.k8s.io/v1/namespaces/default/events', event);
  assert.equal(created.status, 201, created.text);
  assert.equal(created.json.note, 'what happened');
  const core = await server.ask('GET', '/api/v1/namespaces/default/events/e');
  assert.deepEqual([core.json.apiVersion, core.json.message], ['v1', 'what happened']);
  const list = await server.ask('GET', '/apis/events.k8s.io/v1/events');
  assert.deepEqual([list.json.apiVersion, list.json.items[0].note], ['events.k8s.io/v1', 'what happened']);
  await server.world.clock.advance(3_700_000);
  assert.equal((await server.ask('GET', '/api/v1/namespaces/default/events/e')).status, 404, 'events go by themselves');
});

test('sub-resources that nobody answers are not there, and not in discovery', async () => {
  const server = await TestServer.start();
  await server.ask('POST', pods, pod('one'));
  assert.equal((await server.ask('GET', `${pods}/one/log`)).status, 404);
  const { json } = await server.ask('GET', '/api/v1');
  const names = json.resources.map((resource: any) => resource.name);
  assert.ok(names.includes('pods/status') && names.includes('pods/binding'));
  assert.ok(!names.includes('pods/log') && !names.includes('pods/proxy'));
});

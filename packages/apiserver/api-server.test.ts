import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestServer } from './testing/test-server.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const configMap = (name: string, data: Record<string, string> = {}, labels: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels },
  data,
});

test('an object is created, read, changed, patched and deleted, each with the revision of its write', async () => {
  const server = await TestServer.start();
  const created = await server.ask('POST', maps, configMap('one', { key: 'first' }));
  assert.equal(created.status, 201);
  assert.match(created.json.metadata.uid, /^[0-9a-f-]{36}$/);
  assert.equal(created.json.metadata.creationTimestamp, '2026-01-01T00:00:00Z');
  const read = await server.ask('GET', `${maps}/one`);
  assert.deepEqual(read.json, created.json);
  const updated = await server.ask('PUT', `${maps}/one`, { ...created.json, data: { key: 'second' } });
  assert.equal(updated.status, 200);
  assert.ok(Number(updated.json.metadata.resourceVersion) > Number(created.json.metadata.resourceVersion));
  const again = await server.ask('PUT', `${maps}/one`, updated.json);
  assert.equal(again.json.metadata.resourceVersion, updated.json.metadata.resourceVersion, 'nothing changed');
  const patched = await server.ask(
    'PATCH',
    `${maps}/one`,
    { data: { more: 'x' } },
    { 'content-type': 'application/strategic-merge-patch+json' },
  );
  assert.deepEqual(patched.json.data, { key: 'second', more: 'x' });
  const deleted = await server.ask('DELETE', `${maps}/one`);
  assert.equal(deleted.json.status, 'Success');
  assert.deepEqual(deleted.json.details, { name: 'one', kind: 'configmaps', uid: created.json.metadata.uid });
  assert.equal((await server.ask('GET', `${maps}/one`)).status, 404);
});

test('an unknown field is pruned and warned about', async () => {
  const server = await TestServer.start();
  const answer = await server.ask('POST', maps, { ...configMap('one'), nonsense: 1 });
  assert.equal(answer.status, 201);
  assert.equal(answer.headers['warning'], '299 - "unknown field \\"nonsense\\""');
  assert.equal(answer.json.nonsense, undefined);
});

test('a dry run does everything but store', async () => {
  const server = await TestServer.start();
  const revision = server.store.revision();
  assert.equal((await server.ask('POST', `${maps}?dryRun=All`, configMap('one'))).status, 201);
  assert.equal((await server.ask('GET', `${maps}/one`)).status, 404);
  await server.ask('POST', maps, configMap('two', { key: 'a' }));
  const put = await server.ask('PUT', `${maps}/two?dryRun=All`, configMap('two', { key: 'b' }));
  assert.deepEqual(put.json.data, { key: 'b' });
  assert.equal((await server.ask('POST', `${maps}?dryRun=All`, configMap('two'))).status, 409);
  assert.equal((await server.ask('DELETE', `${maps}/two?dryRun=All`)).status, 200);
  assert.deepEqual((await server.ask('GET', `${maps}/two`)).json.data, { key: 'a' });
  assert.equal(server.store.revision(), revision + 1);
});

test('a generated name is drawn anew', async () => {
  const server = await TestServer.start();
  const names = new Set<string>();
  for (let count = 0; count < 20; count++) {
    const answer = await server.ask('POST', maps, { metadata: { generateName: 'job-' } });
    assert.match(answer.json.metadata.name, /^job-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    names.add(answer.json.metadata.name);
  }
  assert.equal(names.size, 20);
});

test('finalizers hold a deleted object until the last one is taken away', async () => {
  const server = await TestServer.start();
  await server.ask('POST', maps, { metadata: { name: 'held', finalizers: ['example.com/hold'] } });
  const deleted = await server.ask('DELETE', `${maps}/held`);
  assert.equal(deleted.json.metadata.deletionTimestamp, '2026-01-01T00:00:00Z');
  assert.equal((await server.ask('DELETE', `${maps}/held`)).json.metadata.name, 'held');
  const more = await server.ask(
    'PATCH',
    `${maps}/held`,
    { metadata: { finalizers: ['example.com/hold', 'a.b/c'] } },
    {
      'content-type': 'application/merge-patch+json',
    },
  );
  assert.match(more.json.message, /no new finalizers can be added if the object is being deleted/);
  const recreated = await server.ask('POST', maps, configMap('held'));
  assert.equal(recreated.json.message, 'object is being deleted: configmaps "held" already exists');
  await server.ask(
    'PATCH',
    `${maps}/held`,
    { metadata: { finalizers: null } },
    {
      'content-type': 'application/merge-patch+json',
    },
  );
  assert.equal((await server.ask('GET', `${maps}/held`)).status, 404);
});

test('the propagation policy is kept for the garbage collector', async () => {
  const server = await TestServer.start();
  for (const [policy, finalizer] of [
    ['Orphan', 'orphan'],
    ['Foreground', 'foregroundDeletion'],
  ]) {
    await server.ask('POST', maps, configMap('owner'));
    const answer = await server.ask('DELETE', `${maps}/owner`, { propagationPolicy: policy });
    assert.deepEqual(answer.json.metadata.finalizers, [finalizer]);
    const background = await server.ask('DELETE', `${maps}/owner?propagationPolicy=Background`);
    assert.equal(background.json.status, 'Success');
  }
});

test('an update creates what may be created so, unless it means an object that was there', async () => {
  const server = await TestServer.start();
  const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
  const lease = { metadata: { name: 'one' }, spec: { holderIdentity: 'me' } };
  const created = await server.ask('PUT', `${leases}/one`, lease);
  assert.equal(created.status, 201, created.text);
  await server.ask('DELETE', `${leases}/one`);
  for (const metadata of [created.json.metadata, { name: 'one', resourceVersion: '5' }]) {
    const again = await server.ask('PUT', `${leases}/one`, { ...lease, metadata });
    assert.deepEqual([again.status, again.json.reason], [409, 'Conflict']);
  }
  assert.equal((await server.ask('PUT', `${leases}/two`, lease)).status, 400, 'another name');
  assert.equal((await server.ask('PUT', `${maps}/none`, configMap('none'))).status, 404);
});

test('a namespace waits for its finalizer, and goes with it', async () => {
  const server = await TestServer.start();
  await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'team' } });
  const deleted = await server.ask('DELETE', '/api/v1/namespaces/team');
  assert.equal(deleted.json.status.phase, 'Terminating');
  deleted.json.spec.finalizers = [];
  const finalized = await server.ask('PUT', '/api/v1/namespaces/team/finalize', deleted.json);
  assert.equal(finalized.status, 200);
  assert.equal((await server.ask('GET', '/api/v1/namespaces/team')).status, 404);
});

test('a collection is deleted by selector', async () => {
  const server = await TestServer.start();
  for (const name of ['a', 'b', 'c'])
    await server.ask('POST', maps, configMap(name, {}, { pick: name === 'c' ? 'no' : 'yes' }));
  const answer = await server.ask('DELETE', `${maps}?labelSelector=pick%3Dyes`);
  assert.equal(answer.json.items.length, 2);
  const left = await server.ask('GET', maps);
  assert.deepEqual(
    left.json.items.map((item: any) => item.metadata.name),
    ['c'],
  );
});

test('one caller may act as another when the rules say so', async () => {
  const asked: string[] = [];
  const server = await TestServer.start({
    authorizer: {
      authorize: async (attributes) => {
        asked.push(`${attributes.user.name} ${attributes.verb} ${attributes.resource} ${attributes.name}`);
        const allowed = attributes.verb === 'impersonate' ? attributes.name !== 'root' : true;
        return { decision: allowed ? 'allow' : 'noOpinion', reason: '' };
      },
    },
  });
  const headers = { 'impersonate-user': 'jane', 'impersonate-group': 'dev' };
  assert.equal((await server.ask('GET', maps, undefined, headers)).status, 200);
  assert.deepEqual(asked, ['admin impersonate users jane', 'admin impersonate groups dev', 'jane list configmaps ']);
  const refused = await server.ask('GET', maps, undefined, { 'impersonate-user': 'root' });
  assert.equal(
    refused.json.message,
    'users "root" is forbidden: User "admin" cannot impersonate resource "users" in API group "" at the cluster scope',
  );
  const nobody = await server.ask('GET', maps, undefined, { 'impersonate-extra-scopes': 'all' });
  assert.deepEqual(
    [nobody.status, nobody.json.message],
    [400, 'requested [{UserExtra  all  authentication.k8s.io/v1  scopes}] without impersonating a user'],
  );
});

test('who is not known is 401, who may not is 403', async () => {
  const nobody = await TestServer.start({ authenticator: { authenticate: async () => ({ outcome: 'none' }) } });
  const unknown = await nobody.ask('GET', maps);
  assert.deepEqual([unknown.status, unknown.json.message], [401, 'Unauthorized']);
  const nothing = await TestServer.start({
    authorizer: { authorize: async () => ({ decision: 'noOpinion', reason: '' }) },
  });
  const texts = await Promise.all(
    ['/api/v1/namespaces/default/pods', '/apis/apps/v1/deployments', '/metrics'].map((path) =>
      nothing.ask('GET', path),
    ),
  );
  assert.deepEqual(
    texts.map((answer) => answer.json.message),
    [
      'pods is forbidden: User "admin" cannot list resource "pods" in API group "" in the namespace "default"',
      'deployments.apps is forbidden: User "admin" cannot list resource "deployments" in API group "apps" at the cluster scope',
      'forbidden: User "admin" cannot get path "/metrics"',
    ],
  );
  assert.equal((await nothing.ask('GET', '/readyz')).text, 'ok');
});

test('health, version and metrics', async () => {
  const server = await TestServer.start();
  assert.match((await server.ask('GET', '/readyz?verbose')).text, /\[\+\]etcd ok\n[\s\S]*readyz check passed\n$/);
  assert.equal((await server.ask('GET', '/version')).json.gitVersion, 'v1.33.4-eks-0000000');
  await server.ask('GET', '/api/v1/namespaces/default/nonsense-1');
  const metrics = (await server.ask('GET', '/metrics')).text;
  assert.match(metrics, /^apiserver_request_total\{verb="GET",.*code="200"\} \d+$/m);
  assert.doesNotMatch(metrics, /nonsense/);
  await server.store.close();
  assert.equal((await server.ask('GET', '/readyz')).status, 500);
});

test('a stopping server is not ready, ends its watches, and still answers', async () => {
  const server = await TestServer.start();
  const watch = await server.watch(`${maps}?watch=1&resourceVersion=${server.store.revision()}`);
  const next = watch.next();
  const stopping = server.server.stop();
  assert.equal(await next, undefined);
  await stopping;
  assert.match((await server.ask('GET', '/readyz?verbose')).text, /\[-\]shutdown failed: reason withheld/);
});

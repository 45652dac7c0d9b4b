import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HttpRequest, type HttpResponse, virtualWorld } from '@keelson/base';
import { ApiInProcess } from '@keelson/testkit/api-in-process.ts';
import { ApiError, isAlreadyExists } from './api-error.ts';
import { createClient, inProcessPeer } from './create-client.ts';
import { deployments } from './kubernetes-resources/apps.ts';
import { configMaps, nodes, pods } from './kubernetes-resources/core.ts';

function answering(answer: (request: HttpRequest, turn: number) => { status: number; body?: unknown; after?: string }) {
  const world = virtualWorld('client');
  const requests: HttpRequest[] = [];
  const send = async (request: HttpRequest): Promise<HttpResponse> => {
    requests.push(request);
    const { status, body, after } = answer(request, requests.length);
    const headers: Record<string, string> = after === undefined ? {} : { 'retry-after': after };
    return { status, headers, body: Buffer.from(JSON.stringify(body ?? {})) };
  };
  const client = createClient({
    send,
    clock: world.clock,
    userAgent: 'test/1',
    peer: inProcessPeer('system:test', ['g']),
  });
  return { world, requests, client };
}

test('each call is the request that the API documents', async () => {
  const { requests, client } = answering(() => ({ status: 200 }));
  const signal = new AbortController().signal;
  await client.resource(pods).get('p', 'n');
  await client.resource(pods).list({ labelSelector: 'a=b,c', fieldSelector: 'spec.nodeName=x', limit: 5 });
  await client.resource(deployments).create({ metadata: { name: 'd', namespace: 'n' } }, { dryRun: true });
  await client.resource(deployments).updateStatus({ metadata: { name: 'd', namespace: 'n' } });
  await client.resource(nodes).patch('x', undefined, { a: 1 }, { type: 'merge', subresource: 'status' });
  await client.resource(pods).delete('p', 'n', { gracePeriodSeconds: 0, preconditions: { uid: 'u' } });
  await client.resource(pods).createSubresource('p', 'n', 'binding', { kind: 'Binding' });
  for await (const event of client.resource(pods).watch({ namespace: 'n', resourceVersion: '7', signal })) void event;
  assert.deepEqual(
    requests.map(({ method, target, body }) => `${method} ${target} ${Buffer.from(body).toString()}`.trim()),
    [
      'GET /api/v1/namespaces/n/pods/p',
      'GET /api/v1/pods?labelSelector=a%3Db%2Cc&fieldSelector=spec.nodeName%3Dx&limit=5',
      'POST /apis/apps/v1/namespaces/n/deployments?dryRun=All {"metadata":{"name":"d","namespace":"n"},"apiVersion":"apps/v1","kind":"Deployment"}',
      'PUT /apis/apps/v1/namespaces/n/deployments/d/status {"metadata":{"name":"d","namespace":"n"},"apiVersion":"apps/v1","kind":"Deployment"}',
      'PATCH /api/v1/nodes/x/status {"a":1}',
      'DELETE /api/v1/namespaces/n/pods/p {"apiVersion":"v1","kind":"DeleteOptions","gracePeriodSeconds":0,"preconditions":{"uid":"u"}}',
      'POST /api/v1/namespaces/n/pods/p/binding {"kind":"Binding"}',
      'GET /api/v1/namespaces/n/pods?watch=true&allowWatchBookmarks=true&resourceVersion=7',
    ],
  );
  assert.equal(requests[4]!.headers['content-type'], 'application/merge-patch+json');
  assert.equal(requests[0]!.peer.inProcess?.name, 'system:test');
});

test('a name or namespace that is missing is refused before anything is sent', async () => {
  const { requests, client } = answering(() => ({ status: 200 }));
  await assert.rejects(client.resource(pods).get('', 'n'), /resource name may not be empty/);
  await assert.rejects(client.resource(pods).delete('p'), /an empty namespace may not be set/);
  await assert.rejects(client.resource(pods).create({ metadata: { name: 'p' } }), /during creation/);
  assert.equal(requests.length, 0);
});

test('a refusal is an ApiError with the Status; a bare code becomes one', async () => {
  const status = { kind: 'Status', status: 'Failure', reason: 'NotFound', code: 404, message: 'pods "p" not found' };
  const { client } = answering((request) => ({
    status: request.target.endsWith('/p') ? 404 : 502,
    body: request.target.endsWith('/p') ? status : 'bad',
  }));
  const refusal = await client
    .resource(pods)
    .get('p', 'n')
    .catch((thrown) => thrown);
  assert.ok(refusal instanceof ApiError);
  assert.deepEqual([refusal.code, refusal.reason, refusal.message], [404, 'NotFound', 'pods "p" not found']);
  const bare = await client
    .resource(pods)
    .get('q', 'n')
    .catch((thrown) => thrown);
  assert.deepEqual([bare.code, bare.reason], [502, 'InternalError']);
});

test('Retry-After is obeyed, ten tries in all, and a 429 without it is not tried again', async () => {
  const once = answering((_, turn) => (turn === 1 ? { status: 429, after: '3' } : { status: 200, body: { ok: 1 } }));
  const waited = once.client.resource(pods).get('p', 'n');
  await once.world.clock.advance(2999);
  assert.equal(once.requests.length, 1);
  await once.world.clock.advance(1);
  assert.deepEqual(await waited, { ok: 1 });

  const ever = answering(() => ({ status: 429, after: '1' }));
  const refused = assert.rejects(ever.client.resource(pods).get('p', 'n'), ApiError);
  await ever.world.clock.advance(60_000);
  await refused;
  assert.equal(ever.requests.length, 10);

  const bare = answering(() => ({ status: 429 }));
  await assert.rejects(bare.client.resource(pods).get('p', 'n'), ApiError);
  assert.equal(bare.requests.length, 1);
});

test('a transaction happens as a whole or not at all, and discovery names what is served', async () => {
  const api = await ApiInProcess.start('transactions');
  const create = (name: string) => ({
    verb: 'create' as const,
    object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } },
  });
  const written = await api.client.transact([create('one'), create('two')]);
  assert.deepEqual(
    written.map(({ metadata }) => metadata!.name),
    ['one', 'two'],
  );
  assert.equal(written[0]!.metadata!.resourceVersion, written[1]!.metadata!.resourceVersion);
  await assert.rejects(api.client.transact([create('three'), create('one')]), isAlreadyExists);
  const names = (await api.client.resource(configMaps).list({ namespace: 'default' })).items.map(
    ({ metadata }) => metadata!.name,
  );
  assert.deepEqual(names, ['one', 'two']);

  const found = await api.client.discover();
  const entry = found.find(({ resource }) => resource === 'deployments')!;
  assert.deepEqual([entry.group, entry.version, entry.kind, entry.namespaced], ['apps', 'v1', 'Deployment', true]);
  assert.ok(entry.verbs.includes('watch'));
  assert.ok(found.every(({ resource }) => !resource.includes('/')));
  await api.down();
});

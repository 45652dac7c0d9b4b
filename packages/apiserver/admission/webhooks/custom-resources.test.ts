import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { systemWorld, virtualWorld } from '@keelson/base';
import { catalogueFor, GrowingCatalogue } from '@keelson/model';
import { MemoryStore } from '@keelson/store/drivers/memory/index.ts';
import { type TlsServer, tlsServer } from '@keelson/testkit/tls-server.ts';
import { AlwaysAllowAuthorizer } from '../../authorization/index.ts';
import { crontab, crontabDefinition, crontabVersion, define } from '../../custom-resources/testing/definitions.ts';
import { ResourceCaches } from '../../storage/resource-caches.ts';
import { TestServer } from '../../testing/test-server.ts';
import { WebhookClient } from '../../webhook/index.ts';
import { RequestMatcher } from '../matching/index.ts';
import { MutatingAdmissionWebhook } from './mutating-webhook.ts';

let hookServer: TlsServer;
const asked: any[] = [];

before(async () => {
  hookServer = await tlsServer(systemWorld(), async ({ body }) => {
    const review = JSON.parse(Buffer.from(body).toString('utf8'));
    asked.push(review.request);
    const operations = [
      { op: 'add', path: '/spec/replicas', value: 7 },
      { op: 'add', path: '/spec/unknown', value: true },
      { op: 'remove', path: '/spec/image' },
    ];
    const patch = Buffer.from(JSON.stringify(operations)).toString('base64');
    const response = { uid: review.request.uid, allowed: true, patchType: 'JSONPatch', patch };
    const text = JSON.stringify({ ...review, request: undefined, response });
    return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(text) };
  });
});
after(() => hookServer.close());

test('a custom resource is sent in the version that the rule names, and what comes back is pruned and filled in', async () => {
  const world = virtualWorld('custom');
  const store = new MemoryStore(world);
  const catalogue = new GrowingCatalogue(catalogueFor(35));
  const caches = new ResourceCaches({ world, store, catalogue });
  const webhooks = new WebhookClient({ world, reader: caches });
  const matcher = new RequestMatcher({ catalogue, reader: caches });
  const plugin = new MutatingAdmissionWebhook({
    world,
    webhooks,
    reader: caches,
    matcher,
    authorizer: new AlwaysAllowAuthorizer(),
  });
  const server = await TestServer.start({ world, store, catalogue, caches, admission: [plugin] });
  await define(
    server,
    crontabDefinition({ versions: [crontabVersion, { ...crontabVersion, name: 'v2', storage: false }] }),
  );
  const hook = {
    name: 'crontabs.example.com',
    clientConfig: { url: hookServer.url, caBundle: Buffer.from(hookServer.authority.certificate).toString('base64') },
    rules: [{ operations: ['*'], apiGroups: ['stable.example.com'], apiVersions: ['v2'], resources: ['crontabs'] }],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
  };
  const configuration = await server.ask(
    'POST',
    '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations',
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'c' },
      webhooks: [hook],
    },
  );
  assert.equal(configuration.status, 201, configuration.text);
  const path = '/apis/stable.example.com/v1/namespaces/default/crontabs';
  const answer = await server.ask('POST', path, crontab('one'));
  assert.equal(answer.status, 201, answer.text);
  const [request] = asked;
  assert.deepEqual([request.kind.version, request.requestKind.version], ['v2', 'v1']);
  assert.equal(request.object.apiVersion, 'stable.example.com/v2');
  assert.equal(answer.json.apiVersion, 'stable.example.com/v1');
  assert.deepEqual(answer.json.spec, { cronSpec: '* * * * */5', image: 'busybox', replicas: 7 });
  const update = await server.ask('PUT', `${path}/one`, { ...answer.json, spec: { ...answer.json.spec, replicas: 2 } });
  assert.equal(update.status, 200, update.text);
  assert.equal(asked[1].oldObject.apiVersion, 'stable.example.com/v2');
  assert.equal(asked[1].oldObject.metadata.resourceVersion, answer.json.metadata.resourceVersion);
  assert.equal(update.json.spec.replicas, 7);
  webhooks.close();
});

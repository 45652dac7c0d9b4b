import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { collectBody, virtualWorld } from '@keelson/base';
import { catalogueFor } from '@keelson/model';
import { MemoryStore } from '@keelson/store/drivers/memory/index.ts';
import { signingKey } from '../authentication/service-account-key.ts';
import { ResourceCaches } from '../storage/resource-caches.ts';
import { TestServer } from '../testing/test-server.ts';
import { WebhookClient } from '../webhook/index.ts';
import { clusterGates } from './cluster-gates.ts';

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const issuer = 'https://oidc.example/id/ABC';

async function cluster(): Promise<TestServer> {
  const world = virtualWorld('gates');
  const store = new MemoryStore(world);
  const catalogue = catalogueFor(33);
  const caches = new ResourceCaches({ world, store, catalogue });
  const serviceAccounts = { issuer, signingKey: signingKey(privateKey), extendedSeconds: 7_776_000 };
  const webhooks = new WebhookClient({ world, reader: caches });
  const gates = clusterGates({ world, reader: caches, catalogue, minor: 33, webhooks, serviceAccounts });
  const server = await TestServer.start({ world, store, catalogue, caches, ...gates });
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
  assert.equal((await server.ask('POST', '/api/v1/namespaces/default/serviceaccounts', account)).status, 201);
  return server;
}

const pods = '/api/v1/namespaces/default/pods';
const container = { name: 'c', image: 'nginx' };

/** A request over a connection: with a bearer token, or without credentials when it is empty. */
async function asBearer(server: TestServer, token: string, method: string, target: string, body?: unknown) {
  const response = await server.server.handler({
    method,
    target,
    headers: token === '' ? {} : { authorization: `Bearer ${token}` },
    body: body === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(body)),
    signal: new AbortController().signal,
    peer: { address: '127.0.0.1', certificates: [] },
  });
  const text = Buffer.from(await collectBody(response.body)).toString();
  return { status: response.status, json: text.startsWith('{') ? JSON.parse(text) : text };
}

test('a pod gets a token of its node, and with it the rights of its service account until it is gone', async () => {
  const server = await cluster();
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [container] } };
  const created = (await server.ask('POST', pods, { ...pod, spec: { ...pod.spec, nodeName: 'n1' } })).json;
  assert.equal(created.spec.serviceAccountName, 'default');
  assert.equal(created.spec.priority, 0);
  assert.equal(created.spec.tolerations.length, 2);
  assert.match(created.spec.volumes[0].name, /^kube-api-access-/);

  server.user = { name: 'system:node:n1', groups: ['system:nodes'] };
  const bound = { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: created.metadata.uid };
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { boundObjectRef: bound } };
  const tokens = '/api/v1/namespaces/default/serviceaccounts/default/token';
  const answer = await server.ask('POST', tokens, { ...request, spec: { ...request.spec, expirationSeconds: 3607 } });
  assert.equal(answer.status, 201, answer.text);
  const { token } = answer.json.status;
  const unbound = await server.ask('POST', tokens, { ...request, spec: { boundObjectRef: undefined } });
  assert.equal(unbound.status, 403);
  assert.match(unbound.json.message, /node requested token not bound to a pod$/);

  const refused = await asBearer(server, token, 'GET', pods);
  assert.equal(refused.status, 403);
  assert.equal(
    refused.json.message,
    'pods is forbidden: User "system:serviceaccount:default:default" cannot list resource "pods" in API group "" in the namespace "default"',
  );
  server.user = { name: 'admin', groups: ['system:masters'] };
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'view' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }],
  };
  const bindings = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings';
  assert.equal((await server.ask('POST', bindings, binding)).status, 201);
  assert.equal((await asBearer(server, token, 'GET', pods)).status, 200);

  const grant = await asBearer(server, token, 'POST', bindings, {
    ...binding,
    metadata: { name: 'more' },
    roleRef: { ...binding.roleRef, name: 'edit' },
  });
  assert.equal(grant.status, 403);
  assert.match(grant.json.message, /cannot create resource "rolebindings"/);

  assert.equal((await server.ask('DELETE', `${pods}/web?gracePeriodSeconds=0`)).status, 200);
  assert.equal((await asBearer(server, token, 'GET', pods)).status, 401);
});

test('a node is held to its own, and nobody else is a node', async () => {
  const server = await cluster();
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'mine' }, stringData: { a: 'b' } };
  const secrets = '/api/v1/namespaces/default/secrets';
  assert.equal((await server.ask('POST', secrets, secret)).status, 201);
  const volumes = [{ name: 's', secret: { secretName: 'mine' } }];
  const spec = { nodeName: 'n1', containers: [container], volumes };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec };
  assert.equal((await server.ask('POST', pods, pod)).status, 201);
  const statusAs = async (node: string, method: string, target: string, body?: unknown) => {
    server.user = { name: `system:node:${node}`, groups: ['system:nodes'] };
    return server.ask(method, target, body);
  };
  assert.equal((await statusAs('n1', 'GET', `${secrets}/mine`)).status, 200);
  const other = await statusAs('n2', 'GET', `${secrets}/mine`);
  assert.equal(
    other.json.message,
    'secrets "mine" is forbidden: User "system:node:n2" cannot get resource "secrets" in API group "" in the namespace "default": no relationship found between node \'n2\' and this object',
  );
  assert.equal((await statusAs('n1', 'GET', `${pods}?fieldSelector=spec.nodeName%3Dn1`)).status, 200);
  assert.equal((await statusAs('n1', 'GET', pods)).status, 403);
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } };
  const registered = await statusAs('n1', 'POST', '/api/v1/nodes', node);
  assert.equal(registered.status, 201);
  assert.deepEqual(registered.json.spec.taints, [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }]);
  assert.equal((await statusAs('n2', 'POST', '/api/v1/nodes', node)).status, 403);
});

test('who shows no credentials learns whether the server is well, and nothing else', async () => {
  const server = await cluster();
  assert.equal((await asBearer(server, '', 'GET', '/readyz')).status, 200);
  for (const target of ['/version', '/api', pods, '/openid/v1/jwks', '/nowhere']) {
    assert.equal((await asBearer(server, '', 'GET', target)).status, 401, target);
  }
  assert.equal((await asBearer(server, 'what', 'GET', '/readyz')).status, 401);
});

test('anybody finds out what they may, and where tokens are verified', async () => {
  const server = await cluster();
  server.user = { name: 'jane', groups: [] };
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'default' } },
  };
  const asked = await server.ask('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', review);
  assert.equal(asked.status, 201, asked.text);
  assert.deepEqual(asked.json.status, { allowed: false });
  const self = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const who = await server.ask('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', self);
  assert.deepEqual(who.json.status.userInfo, { username: 'jane', groups: ['system:authenticated'] });
  assert.equal((await server.ask('GET', '/.well-known/openid-configuration')).status, 403);
  server.user = { name: 'system:serviceaccount:a:b', groups: ['system:serviceaccounts'] };
  assert.equal((await server.ask('GET', '/.well-known/openid-configuration')).json.issuer, issuer);
  assert.equal((await server.ask('GET', '/openid/v1/jwks')).json.keys.length, 1);
});

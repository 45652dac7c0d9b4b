import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { systemWorld, virtualWorld } from '@keelson/base';
import { type ApiObject, catalogueFor } from '@keelson/model';
import { MemoryStore } from '@keelson/store/drivers/memory/index.ts';
import { type TlsServer, tlsServer } from '@keelson/testkit/tls-server.ts';
import type { ApiServerOptions } from '../../api-server-options.ts';
import { AlwaysAllowAuthorizer } from '../../authorization/index.ts';
import { ResourceCaches } from '../../storage/resource-caches.ts';
import { TestServer } from '../../testing/test-server.ts';
import { WebhookClient } from '../../webhook/index.ts';
import { RequestMatcher } from '../matching/index.ts';
import { MutatingAdmissionWebhook } from './mutating-webhook.ts';
import { ValidatingAdmissionWebhook } from './validating-webhook.ts';

type Review = { request: any; apiVersion: string };
/** What a webhook answers: its response without uid, or a whole body. */
type Answer = (review: Review) => Record<string, unknown> | string;

let hookServer: TlsServer;
/** Awaited before a webhook answers. */
let meanwhile: (request: any) => Promise<unknown> = async () => {};
let client: WebhookClient;
let answers: Record<string, Answer> = {};
let asked: { path: string; request: any }[] = [];

before(async () => {
  hookServer = await tlsServer(systemWorld(), async ({ target, body }) => {
    const path = target.split('?')[0]!.slice(1);
    const review: Review = JSON.parse(Buffer.from(body).toString('utf8'));
    asked.push({ path, request: review.request });
    await meanwhile(review.request);
    const said = answers[path]!(review);
    const response = { uid: review.request.uid, ...(said as object) };
    const text = typeof said === 'string' ? said : JSON.stringify({ ...review, request: undefined, response });
    return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(text) };
  });
});
after(async () => {
  client?.close();
  await hookServer.close();
});
beforeEach(() => {
  answers = {};
  asked = [];
});

async function start(options: Partial<ApiServerOptions> = {}): Promise<TestServer> {
  const world = virtualWorld('webhooks');
  const store = new MemoryStore(world);
  const catalogue = catalogueFor(35);
  const caches = new ResourceCaches({ world, store, catalogue });
  client = new WebhookClient({ world, reader: caches });
  const matcher = new RequestMatcher({ catalogue, reader: caches });
  const authorizer = new AlwaysAllowAuthorizer();
  const tools = { world, webhooks: client, reader: caches, matcher, authorizer };
  const admission = [new MutatingAdmissionWebhook(tools), new ValidatingAdmissionWebhook(tools)];
  return TestServer.start({ world, store, catalogue, caches, admission, ...options });
}

const everything = {
  operations: ['*'],
  apiGroups: ['*'],
  apiVersions: ['*'],
  resources: ['configmaps', 'deployments/scale', 'pods/*', 'events'],
};

function hook(path: string, more: object = {}): object {
  return {
    name: `${path}.example.com`,
    clientConfig: {
      url: `${hookServer.url}/${path}`,
      caBundle: Buffer.from(hookServer.authority.certificate).toString('base64'),
    },
    rules: [everything],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    ...more,
  };
}

async function configure(server: TestServer, kind: 'Mutating' | 'Validating', name: string, ...webhooks: object[]) {
  const target = `/apis/admissionregistration.k8s.io/v1/${kind.toLowerCase()}webhookconfigurations`;
  const object = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: `${kind}WebhookConfiguration`,
    metadata: { name },
    webhooks,
  };
  const answer = await server.ask('POST', target, object);
  assert.equal(answer.status, 201, answer.text);
}

const maps = '/api/v1/namespaces/default/configmaps';
const configMap = (name: string, data: Record<string, string> = {}): ApiObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});
const patch = (...operations: object[]) => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
});
const add = (name: string, value = 'yes') => patch({ op: 'add', path: `/data/${name}`, value });

test('mutating webhooks follow one another by configuration and order, and what they patch is stored', async () => {
  const server = await start();
  await configure(server, 'Mutating', 'b', hook('third'));
  await configure(server, 'Mutating', 'a', hook('first'), hook('second'));
  answers = {
    first: () => add('one'),
    second: ({ request }) => add('two', request.object.data.one),
    third: () => add('three'),
  };
  const { json } = await server.ask('POST', maps, configMap('m', { zero: '0' }));
  assert.deepEqual(json.data, { zero: '0', one: 'yes', two: 'yes', three: 'yes' });
  assert.deepEqual(
    asked.map(({ path }) => path),
    ['first', 'second', 'third'],
  );
});

test('a webhook is told who does what to which object', async () => {
  const server = await start();
  answers = { v: () => ({ allowed: true }) };
  await configure(server, 'Validating', 'v', hook('v'));
  const { json } = await server.ask('POST', `${maps}?fieldManager=me`, {
    ...configMap(''),
    metadata: { generateName: 'm-' },
  });
  const { request } = asked[0]!;
  assert.deepEqual(request.kind, { group: '', version: 'v1', kind: 'ConfigMap' });
  assert.deepEqual(request.resource, { group: '', version: 'v1', resource: 'configmaps' });
  assert.deepEqual(request.requestKind, request.kind);
  assert.equal(request.operation, 'CREATE');
  assert.equal(request.namespace, 'default');
  assert.deepEqual(request.userInfo, { username: 'admin', groups: ['system:masters'] });
  assert.equal(request.dryRun, false);
  assert.equal(request.oldObject, null);
  assert.deepEqual(request.options, { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', fieldManager: 'me' });
  const { name } = json.metadata;
  await server.ask(
    'PATCH',
    `${maps}/${name}`,
    { data: { a: 'b' } },
    { 'content-type': 'application/merge-patch+json' },
  );
  await server.ask('DELETE', `${maps}/${name}`);
  const [, update, deletion] = asked;
  assert.equal(update!.request.operation, 'UPDATE');
  assert.equal(update!.request.oldObject.metadata.resourceVersion, json.metadata.resourceVersion);
  assert.equal(update!.request.object.data.a, 'b');
  assert.equal(update!.request.options.kind, 'PatchOptions');
  assert.equal(deletion!.request.operation, 'DELETE');
  assert.equal(deletion!.request.object, null);
  assert.equal(deletion!.request.oldObject.metadata.name, name);
  assert.equal(deletion!.request.options.kind, 'DeleteOptions');
});

test('denials and failures have the words of kube-apiserver', async (t) => {
  const denied = 'admission webhook "v.example.com" denied the request';
  const failed = 'Internal error occurred: failed calling webhook "v.example.com": ';
  const cases: [string, Answer, number, string][] = [
    [
      'with a message',
      () => ({ allowed: false, status: { message: 'not so', code: 403, reason: 'Forbidden' } }),
      403,
      `${denied}: not so`,
    ],
    ['with a reason', () => ({ allowed: false, status: { reason: 'Because' } }), 400, `${denied}: Because`],
    ['without a word', () => ({ allowed: false }), 400, `${denied} without explanation`],
    ['no response', () => '{}', 500, `${failed}received invalid webhook response: webhook response was absent`],
    ['another uid', () => ({ allowed: true, uid: 'x' }), 500, ''],
    [
      'a patch',
      () => add('a'),
      500,
      `${failed}received invalid webhook response: validating webhook may not return response.patch`,
    ],
    ['another kind', () => '{"kind":"Review","apiVersion":"v1","response":{"uid":""}}', 500, ''],
    ['no JSON', () => '<html>', 500, ''],
  ];
  const server = await start();
  await configure(server, 'Validating', 'v', hook('v'));
  for (const [title, answer, code, message] of cases) {
    await t.test(title, async () => {
      answers = { v: answer };
      const { status, json } = await server.ask('POST', maps, configMap('m'));
      assert.equal(status, code);
      if (message === '') assert.ok(json.message.startsWith(failed), json.message);
      else assert.equal(json.message, message);
    });
  }
});

test('a webhook that cannot be reached fails the write, or is passed over when its policy is Ignore', async () => {
  const server = await start();
  const nowhere = { clientConfig: { url: 'https://127.0.0.1:1/' } };
  await configure(server, 'Validating', 'v', hook('v', { ...nowhere, failurePolicy: 'Ignore' }));
  await configure(server, 'Mutating', 'm', hook('m', { ...nowhere, failurePolicy: 'Ignore' }));
  assert.equal((await server.ask('POST', maps, configMap('a'))).status, 201);
  await configure(server, 'Mutating', 'n', hook('n', nowhere));
  const { status, json } = await server.ask('POST', maps, configMap('b'));
  assert.equal(status, 500);
  assert.equal(
    json.message,
    'Internal error occurred: failed calling webhook "n.example.com": failed to call webhook: Post "https://127.0.0.1:1/?timeout=10s": dial tcp 127.0.0.1:1: connect: connection refused',
  );
  const configuration = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/n';
  assert.equal((await server.ask('DELETE', configuration)).status, 200);
  assert.equal((await server.ask('POST', maps, configMap('b'))).status, 201);
});

test('a webhook that asks for it sees what later ones made, once more and no more', async () => {
  const server = await start();
  await configure(
    server,
    'Mutating',
    'a',
    hook('first', { reinvocationPolicy: 'IfNeeded' }),
    hook('once'),
    hook('last'),
  );
  answers = {
    first: ({ request }) => ('last' in request.object.data ? add('seen') : { allowed: true }),
    once: () => ({ allowed: true }),
    last: () => add('last'),
  };
  const { json } = await server.ask('POST', maps, configMap('m', { a: 'b' }));
  assert.deepEqual(
    asked.map(({ path }) => path),
    ['first', 'once', 'last', 'first'],
  );
  assert.deepEqual(json.data, { a: 'b', last: 'yes', seen: 'yes' });
});

test('a webhook that does not answer in its time has failed, and all together have a minute', async () => {
  const server = await start();
  const slow = { failurePolicy: 'Ignore', timeoutSeconds: 30 };
  await configure(server, 'Mutating', 'm', hook('one', slow), hook('two', slow), hook('late', slow));
  answers = { one: () => ({ allowed: true }), two: () => ({ allowed: true }), late: () => ({ allowed: true }) };
  meanwhile = () => server.world.clock.advance(30_000);
  const { status, json } = await server.ask('POST', maps, configMap('m'));
  meanwhile = async () => {};
  assert.equal(status, 504);
  assert.equal(json.reason, 'Timeout');
  assert.deepEqual(
    asked.map(({ path }) => path),
    ['one', 'two'],
  );
});

test('a webhook can write the object that it is asked about', async () => {
  const server = await start();
  await server.ask('POST', maps, configMap('m'));
  await configure(server, 'Validating', 'v', hook('v'));
  answers = { v: () => ({ allowed: true }) };
  const change = (data: object) =>
    server.ask('PATCH', `${maps}/m`, { data }, { 'content-type': 'application/merge-patch+json' });
  meanwhile = async ({ object }) => {
    if (asked.length === 1) assert.equal((await change({ inner: object.data.outer })).status, 200);
  };
  const { json } = await change({ outer: 'yes' });
  meanwhile = async () => {};
  assert.deepEqual(json.data, { outer: 'yes', inner: 'yes' });
});

test('conditions say which requests a webhook is asked about', async () => {
  const server = await start();
  answers = { a: () => ({ allowed: false, status: { message: 'no' } }) };
  const configurations = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
  let round = 0;
  const says = async (failurePolicy: string, ...expressions: string[]): Promise<string> => {
    round += 1;
    const matchConditions = expressions.map((expression, position) => ({ name: `c${position}`, expression }));
    await configure(server, 'Validating', 'h', hook('a', { failurePolicy, matchConditions }));
    const { status, json } = await server.ask('POST', maps, configMap(`c${round}`, { a: 'b' }));
    await server.ask('DELETE', `${configurations}/h`);
    return status === 201 ? 'passes' : json.message;
  };
  const name = () => `configmaps "c${round}" is forbidden: `;
  assert.equal(await says('Fail', "object.data.a == 'c'", 'object.x == 1'), 'passes');
  assert.match(await says('Fail', "object.data.a == 'b'", "request.operation == 'CREATE'"), /denied the request: no$/);
  assert.equal(await says('Ignore', 'object.x == 1'), 'passes');
  const failed = "expression 'object.x == 1' resulted in error: no such key: x";
  assert.equal(await says('Fail', 'object.x == 1'), `${name()}${failed}`);
  const { json } = await server.ask('POST', configurations, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'bad' },
    webhooks: [hook('a', { matchConditions: [{ name: 'c', expression: 'x' }] })],
  });
  assert.match(json.message, /compilation failed: ERROR: <input>:1:1: undeclared reference to 'x'/);
});

test('warnings reach the client, side effects and dry run do not meet', async () => {
  const server = await start();
  await configure(server, 'Validating', 'v', hook('v', { sideEffects: 'NoneOnDryRun' }));
  answers = { v: ({ request }) => ({ allowed: true, warnings: [`dry: ${request.dryRun}`] }) };
  const answer = await server.ask('POST', `${maps}?dryRun=All`, configMap('m'));
  assert.equal(answer.headers['warning'], '299 - "dry: true"');
});

test('a flood of warnings is cut to what a client can be sent', async () => {
  const server = await start();
  await configure(server, 'Validating', 'v', hook('v'));
  const warnings = Array.from({ length: 200_000 }, (_, i) => `${i} ${'x'.repeat(20)}`);
  answers = { v: () => ({ allowed: true, warnings }) };
  const answer = await server.ask('POST', maps, configMap('m'));
  assert.equal(answer.status, 201);
  assert.ok(answer.headers['warning']!.length < 10_000);
});

test('a review is shown before it is answered', async () => {
  const [group, resource] = ['authorization.k8s.io', 'selfsubjectaccessreviews'];
  const review = async (object: ApiObject) => ({ object });
  const server = await start({ reviews: [{ group, resource, review }] });
  const rules = [{ ...everything, apiGroups: [group], resources: ['*'] }];
  await configure(server, 'Validating', 'v', hook('v', { rules }));
  const attributes = { path: '/', verb: 'get' };
  const body = {
    apiVersion: `${group}/v1`,
    kind: 'SelfSubjectAccessReview',
    spec: { nonResourceAttributes: attributes },
  };
  const statuses: number[] = [];
  for (const allowed of [true, false]) {
    answers = { v: () => ({ allowed }) };
    statuses.push((await server.ask('POST', `/apis/${group}/v1/${resource}`, body)).status);
  }
  assert.deepEqual(statuses, [201, 400]);
  assert.equal(asked[0]!.request.kind.kind, 'SelfSubjectAccessReview');
});

test('patches that do not fit are refused', async (t) => {
  const server = await start();
  await configure(server, 'Mutating', 'm', hook('m'));
  const cases: [string, Answer, RegExp][] = [
    ['no such path', () => patch({ op: 'remove', path: '/data/none' }), /^Internal error occurred: /],
    [
      'no JSON',
      () => ({ ...patch(), patch: Buffer.from('{').toString('base64') }),
      /received undecodable patch in webhook response/,
    ],
    [
      'no type',
      () => ({ ...add('a'), patchType: undefined }),
      /webhook returned response.patch but not response.patchType$/,
    ],
    ['another type', () => ({ ...add('a'), patchType: 'Merge' }), /unsupported patch type "Merge"$/],
    ['a wrong type', () => patch({ op: 'add', path: '/data', value: 7 }), /^Internal error occurred: /],
  ];
  for (const [title, answer, message] of cases) {
    await t.test(title, async () => {
      answers = { m: answer };
      const { status, json } = await server.ask('POST', maps, configMap('m', { a: 'b' }));
      assert.equal(status, 500);
      assert.match(json.message, message);
    });
  }
  answers = { m: () => patch({ op: 'add', path: '/metadata/name', value: 'Bad_' }) };
  assert.equal((await server.ask('POST', maps, configMap('m'))).status, 422);
});

test('v1beta1 is spoken with those who offer nothing else', async () => {
  const server = await start();
  await configure(server, 'Mutating', 'm', hook('m', { admissionReviewVersions: ['v2', 'v1beta1'] }));
  answers = {
    m: ({ apiVersion }) =>
      JSON.stringify({
        response: {
          allowed: true,
          patch: Buffer.from(JSON.stringify([{ op: 'add', path: '/data/v', value: apiVersion }])).toString('base64'),
        },
      }),
  };
  const { json } = await server.ask('POST', maps, configMap('m', { a: 'b' }));
  assert.equal(json.data.v, 'admission.k8s.io/v1beta1');
});

test('an equivalent resource is sent as the one that the rule names', async () => {
  const server = await start();
  await configure(
    server,
    'Validating',
    'v',
    hook('v', { rules: [{ ...everything, apiGroups: [''], resources: ['events'] }] }),
  );
  answers = { v: () => ({ allowed: true }) };
  const event = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: 'e', namespace: 'default' },
    eventTime: '2026-01-01T00:00:00.000000Z',
    reason: 'Test',
    action: 'Testing',
    type: 'Normal',
    note: 'hello',
    reportingController: 'example.com/test',
    reportingInstance: 'one',
    regarding: { kind: 'Pod', namespace: 'default', name: 'p' },
  };
  const answer = await server.ask('POST', '/apis/events.k8s.io/v1/namespaces/default/events', event);
  assert.equal(answer.status, 201, answer.text);
  const { request } = asked[0]!;
  assert.deepEqual([request.kind.group, request.requestKind.group], ['', 'events.k8s.io']);
  assert.equal(request.object.apiVersion, 'v1');
  assert.equal(request.object.message, 'hello');
});

test('a Scale is shown as a Scale, a Binding as a Binding', async () => {
  const server = await start();
  const labels = { app: 'a' };
  const container = { name: 'c', image: 'nginx' };
  await server.ask('POST', '/apis/apps/v1/namespaces/default/deployments', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd' },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  });
  await server.ask('POST', '/api/v1/namespaces/default/pods', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [container] },
  });
  await configure(server, 'Mutating', 'm', hook('m'));
  answers = {
    m: ({ request }) =>
      request.subResource === 'scale' ? patch({ op: 'replace', path: '/spec/replicas', value: 5 }) : { allowed: true },
  };
  const scale = await server.ask(
    'PATCH',
    '/apis/apps/v1/namespaces/default/deployments/d/scale',
    { spec: { replicas: 3 } },
    { 'content-type': 'application/merge-patch+json' },
  );
  assert.equal(scale.json.spec.replicas, 5);
  const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } };
  assert.equal((await server.ask('POST', '/api/v1/namespaces/default/pods/p/binding', binding)).status, 201);
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p' } };
  assert.equal((await server.ask('POST', '/api/v1/namespaces/default/pods/p/eviction', eviction)).status, 201);
  assert.deepEqual(
    asked.map(({ request }) => [
      request.operation,
      request.subResource,
      request.kind.kind,
      request.object.kind,
      request.oldObject?.spec?.replicas,
    ]),
    [
      ['UPDATE', 'scale', 'Scale', 'Scale', 1],
      ['CREATE', 'binding', 'Binding', 'Binding', undefined],
      ['CREATE', 'eviction', 'Eviction', 'Eviction', undefined],
    ],
  );
});

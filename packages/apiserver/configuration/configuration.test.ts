import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createLog, type LogEntry, systemWorld, virtualWorld } from '@keelson/base';
import type { ApiObject } from '@keelson/model';
import { MemoryReader } from '../admission/memory-reader.ts';
import { BootstrapTokenAuthenticator } from '../authentication/bootstrap-token-authenticator.ts';
import { createRequestAuthenticator } from '../authentication/request-authenticator.ts';
import type { Attributes, Authorizer } from '../authorization/contract.ts';
import { reviewSpecOf } from '../authorization/review-spec.ts';
import { testCertificates } from '../testing/test-certificates.ts';
import { WebhookCallError, type WebhookCaller } from '../webhook/contract.ts';
import { configuredAuthentication } from './configured-authentication.ts';
import { configuredAuthorization } from './configured-authorization.ts';
import { listenerSettings } from './listener-settings.ts';
import { readSettings } from './read-settings.ts';
import { durationOf, shapeProblems } from './shape.ts';

const directory = mkdtempSync(join(tmpdir(), 'keelson-configuration-'));
after(() => rmSync(directory, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

const kubeconfig = file(
  'webhook.yaml',
  `apiVersion: v1
kind: Config
clusters: [{name: a, cluster: {server: 'https://webhook.example/review'}}]
users: [{name: b, user: {token: secret}}]
contexts: [{name: c, context: {cluster: a, user: b}}]
current-context: c
`,
);

function caller(answer: (body: any) => unknown): WebhookCaller & { readonly asked: any[] } {
  const asked: any[] = [];
  return {
    asked,
    call: async (target, { body }) => {
      assert.deepEqual(target, { at: { url: 'https://webhook.example/review' }, bearerToken: 'secret' });
      asked.push(JSON.parse(String(body)));
      return answer(asked.at(-1));
    },
  };
}

const noCompiler = () => assert.fail('nothing is compiled here');

test('durations and forms', () => {
  const cases: [string, number | undefined][] = [
    ['2m', 120_000],
    ['1m30s', 90_000],
    ['0', 0],
    ['1.5s', 1500],
    ['-1s', -1000],
    ['10', undefined],
    ['s', undefined],
  ];
  for (const [text, expected] of cases) assert.equal(durationOf(text), expected, text);
  const shape = { a: 'string', list: [{ b: 'boolean' }], map: 'map', texts: 'strings' } as const;
  assert.deepEqual(shapeProblems({ a: 'x', list: [{ b: true }], map: { y: 1 }, texts: ['z'] }, shape), []);
  assert.deepEqual(shapeProblems({ a: 1, list: [{ c: 1 }], texts: [1], __proto__x: 1 }, shape), [
    'a is not of the type string',
    'unknown field "list[0].c"',
    'texts is not of the type strings',
    'unknown field "__proto__x"',
  ]);
});

test('bootstrap tokens', async () => {
  const world = virtualWorld('bootstrap');
  const reader = new MemoryReader();
  const authenticator = new BootstrapTokenAuthenticator(world.clock, reader);
  const put = (change: Record<string, string>, type = 'bootstrap.kubernetes.io/token') => {
    const data: Record<string, string> = {
      'token-id': 'abcdef',
      'token-secret': '0123456789abcdef',
      'usage-bootstrap-authentication': 'true',
      ...change,
    };
    const encoded = Object.entries(data).map(([name, value]) => [name, Buffer.from(value).toString('base64')]);
    const metadata = { name: 'bootstrap-token-abcdef', namespace: 'kube-system' };
    reader.put('', 'secrets', { kind: 'Secret', metadata, type, data: Object.fromEntries(encoded) } as ApiObject);
  };
  const ask = (token = 'abcdef.0123456789abcdef') => authenticator.authenticateToken(token);
  put({ 'auth-extra-groups': 'system:bootstrappers:workers' });
  assert.deepEqual(await ask(), {
    outcome: 'authenticated',
    user: { name: 'system:bootstrap:abcdef', groups: ['system:bootstrappers', 'system:bootstrappers:workers'] },
  });
  for (const token of ['abcdef.0123456789abcdeg', 'abcdeg.0123456789abcdef', 'ABCDEF.0123456789abcdef', 'x'])
    assert.equal((await ask(token)).outcome, 'none', token);
  for (const change of [
    { expiration: '2025-12-31T23:59:59Z' },
    { expiration: 'tomorrow' },
    { 'usage-bootstrap-authentication': 'false' },
    { 'auth-extra-groups': 'system:masters' },
  ]) {
    put(change as unknown as Record<string, string>);
    assert.equal((await ask()).outcome, 'none', JSON.stringify(change));
  }
  put({}, 'Opaque');
  assert.equal((await ask()).outcome, 'none');
});

test('a webhook is asked who presents a token, once for a while', async () => {
  const world = virtualWorld('token-webhook');
  const webhooks = caller(({ spec }) => ({
    status:
      spec.token === 'good'
        ? { authenticated: true, user: { username: 'jane', groups: ['dev'], extra: { a: ['b'] } } }
        : { authenticated: false, error: 'unknown' },
  }));
  const tools = { world, reader: new MemoryReader(), webhooks, compile: noCompiler, minor: 33, issuers: [] };
  const settings = { authenticationTokenWebhookConfigFile: kubeconfig, authenticationTokenWebhookCacheTtl: '10s' };
  const { tokens } = configuredAuthentication(settings, { ...tools, audiences: ['api'] });
  const webhook = tokens.at(-1)!;
  const [one, two] = await Promise.all([webhook.authenticateToken('good'), webhook.authenticateToken('good')]);
  assert.deepEqual(one, {
    outcome: 'authenticated',
    user: { name: 'jane', groups: ['dev'], extra: { a: ['b'] } },
    audiences: ['api'],
  });
  assert.deepEqual(two, one);
  await webhook.authenticateToken('good');
  assert.equal(webhooks.asked.length, 1);
  assert.deepEqual(webhooks.asked[0].spec, { token: 'good', audiences: ['api'] });
  await world.clock.advance(11_000);
  await webhook.authenticateToken('good');
  assert.equal(webhooks.asked.length, 2);
  assert.deepEqual(await webhook.authenticateToken('bad'), { outcome: 'refused', reason: 'unknown' });
  assert.equal((await webhook.authenticateToken('good', ['other'])).outcome, 'none');
});

test('an authentication configuration is read anew, and one that is wrong changes nothing', async () => {
  const log: LogEntry[] = [];
  const base = virtualWorld('reload');
  const world = { ...base, log: createLog(base.clock, (entry) => log.push(entry)) };
  const head = 'apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n';
  const path = file('authentication.yaml', `${head}anonymous: {enabled: true}\n`);
  const webhooks = caller(() => ({}));
  const tools = { world, reader: new MemoryReader(), webhooks, compile: noCompiler, minor: 33 };
  const configured = configuredAuthentication({ authenticationConfig: path }, { ...tools, issuers: [], audiences: [] });
  configured.start();
  assert.equal(configured.anonymous(), true);
  file('authentication.yaml', `${head}anonymous: {enabled: true, conditions: [{path: /livez}]}\n`);
  await base.clock.advance(5000);
  assert.deepEqual(configured.anonymous(), { paths: ['/livez'] });
  file('authentication.yaml', `${head}anonymus: {}\n`);
  await base.clock.advance(5000);
  assert.deepEqual(configured.anonymous(), { paths: ['/livez'] });
  assert.match(JSON.stringify(log.at(-1)), /unknown field/);
  configured.stop();
  for (const [content, expected] of [
    ['x', /no kind "" is registered for version ""/],
    [`${head}jwt: [{issuer: {url: 'http://x'}}]\n`, /jwt\[0\].issuer.url: .*URL scheme must be https/],
  ] as const) {
    file('authentication.yaml', content);
    assert.throws(
      () => configuredAuthentication({ authenticationConfig: path }, { ...tools, issuers: [], audiences: [] }),
      expected,
    );
  }
});

test('a proxy with its certificate is believed whom a request is from', async () => {
  const world = systemWorld();
  // The authority of these is the proxies'; the stranger is of the authority of ordinary clients.
  const { authority, client, stranger } = testCertificates();
  const der = (pem: string) => Buffer.from(pem.replace(/-----[^-]+-----|\n/g, ''), 'base64');
  const path = file('proxies.pem', authority);
  const tools = { world, reader: new MemoryReader(), webhooks: caller(() => ({})), compile: noCompiler, minor: 33 };
  const headers = { 'x-remote-user': 'jane', 'x-remote-group': 'dev, ops', 'x-remote-extra-example.com%2fa': 'b' };
  const ask = (pem: string, allowed: string, sent: Record<string, string> = headers) => {
    const { requestHeader } = configuredAuthentication(
      { requestheaderClientCaFile: path, requestheaderAllowedNames: [allowed] },
      { ...tools, issuers: [], audiences: [] },
    );
    const authenticator = createRequestAuthenticator({
      clock: world.clock,
      tokens: [],
      anonymous: false,
      requestHeader: requestHeader!,
    });
    return authenticator.authenticate({
      method: 'GET',
      target: '/',
      headers: sent,
      body: new Uint8Array(0),
      signal: new AbortController().signal,
      peer: { address: '', certificates: [der(pem)] },
    });
  };
  assert.deepEqual(await ask(client.certificate, 'admin'), {
    outcome: 'authenticated',
    user: { name: 'jane', groups: ['dev', 'ops', 'system:authenticated'], extra: { 'example.com/a': ['b'] } },
  });
  assert.equal((await ask(client.certificate, 'admin', {})).outcome, 'none', 'the proxy itself is nobody');
  assert.equal((await ask(client.certificate, 'front')).outcome, 'refused');
  const other = await ask(stranger.certificate, 'admin');
  assert.ok(other.outcome === 'authenticated' && other.user.name === 'admin', 'the headers of others do not count');
});

const attributes: Attributes = {
  user: { name: 'jane', groups: ['dev'] },
  verb: 'list',
  resourceRequest: true,
  namespace: 'default',
  apiGroup: '',
  apiVersion: 'v1',
  resource: 'pods',
  subresource: '',
  name: '',
  path: '',
  fieldSelector: 'spec.nodeName=a',
  labelSelector: 'x in (1,2),!y',
};

test('what a webhook for authorisation is asked', () => {
  assert.deepEqual(reviewSpecOf(attributes), {
    resourceAttributes: {
      namespace: 'default',
      verb: 'list',
      version: 'v1',
      resource: 'pods',
      fieldSelector: { requirements: [{ key: 'spec.nodeName', operator: 'In', values: ['a'] }] },
      labelSelector: {
        requirements: [
          { key: 'x', operator: 'In', values: ['1', '2'] },
          { key: 'y', operator: 'DoesNotExist' },
        ],
      },
    },
    user: 'jane',
    groups: ['dev'],
  });
  const path = { ...attributes, resourceRequest: false, path: '/metrics', verb: 'get' };
  assert.deepEqual(reviewSpecOf(path)['nonResourceAttributes'], { path: '/metrics', verb: 'get' });
});

test('authorities are asked in the order of the configuration, webhooks among them', async () => {
  const world = virtualWorld('authorization');
  const asked: string[] = [];
  const member = (name: string): Authorizer => ({
    authorize: async () => {
      asked.push(name);
      return { decision: 'noOpinion', reason: '' };
    },
  });
  const own = {
    masters: member('masters'),
    node: member('node'),
    accessPolicies: member('policies'),
    rbac: member('rbac'),
  };
  let fail = false;
  const webhooks = caller(({ spec }) => {
    asked.push('webhook');
    if (fail) throw new WebhookCallError('status', 'no', 403);
    return { status: { allowed: spec.user === 'jane', denied: spec.user === 'kim', reason: 'said so' } };
  });
  const configuration = (policy: string) => `apiVersion: apiserver.config.k8s.io/v1
kind: AuthorizationConfiguration
authorizers:
- {type: Node, name: node}
- type: Webhook
  name: mine
  webhook:
    timeout: 3s
    subjectAccessReviewVersion: v1
    failurePolicy: ${policy}
    connectionInfo: {type: KubeConfigFile, kubeConfigFile: ${kubeconfig}}
- {type: RBAC, name: rbac}
`;
  const tools = { world, webhooks, compile: noCompiler, minor: 33 };
  const path = file('authorization.yaml', configuration('NoOpinion'));
  const { authorizer } = configuredAuthorization({ authorizationConfig: path }, own, tools);
  const as = (name: string) => authorizer.authorize({ ...attributes, user: { name, groups: [] } });
  assert.deepEqual(await as('jane'), { decision: 'allow', reason: 'said so' });
  assert.deepEqual(asked, ['masters', 'node', 'webhook']);
  await as('jane');
  assert.equal(webhooks.asked.length, 1, 'the answer was kept');
  assert.equal((await as('kim')).decision, 'deny');
  asked.length = 0;
  assert.equal((await as('lee')).decision, 'noOpinion');
  assert.deepEqual(asked, ['masters', 'node', 'webhook', 'policies', 'rbac']);
  fail = true;
  assert.equal((await as('max')).decision, 'noOpinion');
  file('authorization.yaml', configuration('Deny'));
  const strict = configuredAuthorization({ authorizationConfig: path }, own, tools).authorizer;
  assert.equal((await strict.authorize({ ...attributes, user: { name: 'max', groups: [] } })).decision, 'deny');
  file('authorization.yaml', configuration('Perhaps').replace('timeout: 3s', 'timeout: 31s'));
  assert.throws(
    () => configuredAuthorization({ authorizationConfig: path }, own, tools),
    (error: Error) => {
      assert.match(error.message, /authorizers\[1\]\.timeout: Invalid value: "31s": must be > 0s and <= 30s/);
      assert.match(error.message, /failurePolicy: Unsupported value: "Perhaps": supported values: "NoOpinion", "Deny"/);
      return true;
    },
  );
});

test('settings are read as kubeadm has them', () => {
  assert.deepEqual(
    readSettings('audit-log-maxage: "7"\naudit-log-path: "-"\nanonymous-auth: "false"\ntls-cipher-suites: A, B\n'),
    { auditLogMaxage: 7, auditLogPath: '-', anonymousAuth: false, tlsCipherSuites: ['A', 'B'] },
  );
  assert.deepEqual(readSettings(''), {});
  for (const [text, expected] of [
    ['etcd-servers: x', /unknown flag: --etcd-servers/],
    ['__proto__: x', /unknown flag: --__proto__/],
    ['audit-log-maxage: x', /invalid argument "x" for "--audit-log-maxage" flag/],
    ['anonymous-auth: 1', /invalid argument 1 for "--anonymous-auth" flag/],
    ['[]', /not an object/],
    ['a: [', /./],
  ] as const)
    assert.throws(() => readSettings(text), expected);
});

test('TLS versions and cipher suites', () => {
  assert.deepEqual(listenerSettings({}), { minVersion: 'TLSv1.2', otherAuthorities: '' });
  const tlsCipherSuites = ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'];
  assert.deepEqual(listenerSettings({ tlsMinVersion: 'VersionTLS13', tlsCipherSuites }), {
    minVersion: 'TLSv1.3',
    ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384',
    otherAuthorities: '',
  });
  for (const [settings, expected] of [
    [{ tlsMinVersion: 'VersionTLS10' }, /unknown tls version "VersionTLS10"/],
    [{ tlsCipherSuites: ['RC4'] }, /Cipher suite RC4 not supported or doesn't exist/],
    [{ tlsCipherSuites: tlsCipherSuites.slice(1) }, /missing an HTTP\/2-required AES_128_GCM_SHA256 cipher/],
    [{ requestheaderClientCaFile: '/none' }, /\/none cannot be read/],
  ] as const)
    assert.throws(() => listenerSettings(settings), expected);
});

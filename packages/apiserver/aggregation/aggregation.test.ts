import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { type HttpRequest, type HttpResponse, systemWorld } from '@keelson/base';
import type { ApiObject } from '@keelson/model';
import { type TlsServer, tlsServer } from '@keelson/testkit/tls-server.ts';
import { TestServer } from '../testing/test-server.ts';
import { dialDirectly } from '../webhook/webhook-client.ts';
import { withAvailability } from './availability.ts';
import { builtInServices, customServices, registrationSteps } from './local-api-services.ts';
import { remoteUserHeaders } from './proxy-headers.ts';
import { discoveryOf } from './remote-documents.ts';

const apiServices = '/apis/apiregistration.k8s.io/v1/apiservices';
const metrics = '/apis/metrics.k8s.io/v1beta1';
const world = systemWorld();
let backend: TlsServer;
let asked: HttpRequest[] = [];
let failing = false;

const documents: Readonly<Record<string, object>> = {
  [metrics]: {
    kind: 'APIResourceList',
    groupVersion: 'metrics.k8s.io/v1beta1',
    resources: [{ name: 'pods', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'], singularName: '' }],
  },
  '/openapi/v3': { paths: { 'apis/metrics.k8s.io/v1beta1': { serverRelativeURL: `/openapi/v3${metrics}?hash=1` } } },
  [`/openapi/v3${metrics}`]: { openapi: '3.0.0' },
  '/openapi/v2': {
    swagger: '2.0',
    paths: { [`${metrics}/pods`]: {}, '/apis/other/v1/': {} },
    definitions: { 'io.k8s.metrics.PodMetrics': { type: 'object' }, 'io.k8s.api.core.v1.Pod': { type: 'moon' } },
  },
};

before(async () => {
  backend = await tlsServer(world, async (request): Promise<HttpResponse> => {
    asked.push(request);
    const path = request.target.split('?', 1)[0]!;
    if (failing) return { status: 500, headers: {}, body: Buffer.from('no') };
    if (path === `${metrics}/pods`) {
      const watch = request.target.includes('watch=1');
      const events = (async function* () {
        yield Buffer.from('{"type":"ADDED"}\n');
        await once(request.signal, 'abort');
      })();
      const body = watch ? events : Buffer.from(JSON.stringify({ kind: 'PodMetricsList', items: [] }));
      return { status: 200, headers: { 'content-type': 'application/json', connection: 'x' }, body };
    }
    const document = documents[path];
    const body = Buffer.from(JSON.stringify(document ?? {}));
    return { status: document ? 200 : 404, headers: { 'content-type': 'application/json' }, body };
  });
});
after(() => backend.close());

const service = { namespace: 'kube-system', name: 'metrics-server', port: 443 };
const registration = {
  metadata: { name: 'v1beta1.metrics.k8s.io' },
  spec: {
    group: 'metrics.k8s.io',
    version: 'v1beta1',
    groupPriorityMinimum: 100,
    versionPriority: 100,
    insecureSkipTLSVerify: true,
    service,
  },
};

async function startServer(port = Number(new URL(backend.url).port)): Promise<TestServer> {
  const server = await TestServer.start({
    world: world as never,
    aggregation: {
      proxyCertificate: backend.clientCertificate('front-proxy-client'),
      authorities: { client: 'CLIENTS', requestHeader: 'PROXIES' },
      dial: (_, signal) => dialDirectly({ host: '127.0.0.1', port }, signal),
    },
  });
  return server;
}

async function available(server: TestServer, wanted: string): Promise<any> {
  for (let count = 0; count < 400; count++) {
    const { json } = await server.ask('GET', `${apiServices}/v1beta1.metrics.k8s.io`);
    const condition = json.status?.conditions?.[0];
    if (condition?.reason === wanted) return condition;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return assert.fail(`the condition never had the reason ${wanted}`);
}

async function register(server: TestServer): Promise<void> {
  await server.ask('POST', '/api/v1/namespaces/kube-system/services', {
    metadata: { name: 'metrics-server' },
    spec: { ports: [{ name: 'https', port: 443 }] },
  });
  await server.ask('POST', '/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices', {
    metadata: { name: 'metrics-server-1', labels: { 'kubernetes.io/service-name': 'metrics-server' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }],
    ports: [{ name: 'https', port: 4443 }],
  });
  const { status, text } = await server.ask('POST', apiServices, registration);
  assert.equal(status, 201, text);
}

test('a server registers what it serves, and tells extension servers whom to believe', async () => {
  const server = await startServer();
  const { items } = (await server.ask('GET', apiServices)).json;
  const core = items.find(({ metadata }: any) => metadata.name === 'v1.');
  assert.deepEqual(core.spec, { version: 'v1', groupPriorityMinimum: 18_000, versionPriority: 1 });
  assert.equal(core.metadata.labels['kube-aggregator.kubernetes.io/automanaged'], 'onstart');
  assert.equal(core.status.conditions[0].reason, 'Local');
  const name = 'extension-apiserver-authentication';
  const { data } = (await server.ask('GET', `/api/v1/namespaces/kube-system/configmaps/${name}`)).json;
  assert.deepEqual([data['client-ca-file'], data['requestheader-client-ca-file']], ['CLIENTS', 'PROXIES']);
  await server.server.stop();
});

test('an API is available step by step, as what it needs comes about', async () => {
  const server = await startServer();
  await server.ask('POST', apiServices, registration);
  const missing = await available(server, 'ServiceNotFound');
  assert.deepEqual(
    [missing.status, missing.message],
    ['False', 'service/metrics-server in "kube-system" is not present'],
  );
  const refused = await server.ask('GET', `${metrics}/pods`);
  assert.deepEqual([refused.status, refused.text], [503, 'service unavailable\n']);
  await server.ask('POST', '/api/v1/namespaces/kube-system/services', {
    metadata: { name: 'metrics-server' },
    spec: { ports: [{ name: 'https', port: 443 }] },
  });
  await available(server, 'EndpointsNotFound');
  const stale = await server.ask('GET', '/apis', undefined, {
    accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  });
  const entry = stale.json.items.at(-1);
  assert.deepEqual(entry, {
    metadata: { name: 'metrics.k8s.io' },
    versions: [{ version: 'v1beta1', freshness: 'Stale' }],
  });
  await server.ask('POST', '/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices', {
    metadata: { name: 'metrics-server-1', labels: { 'kubernetes.io/service-name': 'metrics-server' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'] }],
    ports: [{ name: 'https', port: 4443 }],
  });
  assert.equal((await available(server, 'Passed')).message, 'all checks passed');
  await server.server.stop();
});

test('requests are passed on with who asks, and documents are merged', async () => {
  const server = await startServer();
  await register(server);
  await available(server, 'Passed');
  asked = [];
  const answer = await server.ask('GET', `${metrics}/pods?limit=5`, undefined, {
    authorization: 'Bearer secret',
    'x-remote-user': 'root',
    'x-custom': 'kept',
  });
  assert.deepEqual([answer.status, answer.json.kind, answer.headers['connection']], [200, 'PodMetricsList', undefined]);
  const [request] = asked;
  assert.equal(request!.target, `${metrics}/pods?limit=5`);
  assert.equal(request!.headers['x-remote-user'], 'admin');
  assert.equal(request!.headers['x-remote-group'], 'system:masters');
  assert.deepEqual([request!.headers['authorization'], request!.headers['x-custom']], [undefined, 'kept']);
  assert.equal(request!.peer.certificates.length, 1, 'the proxy shows its certificate');
  const watch = await server.watch(`${metrics}/pods?watch=1`);
  assert.deepEqual(await watch.next(), { type: 'ADDED' });
  watch.close();
  await assertDocuments(server);
  await server.server.stop();
});

async function assertDocuments(server: TestServer): Promise<void> {
  const groups = (await server.ask('GET', '/apis')).json.groups;
  assert.equal(groups.at(-1).preferredVersion.groupVersion, 'metrics.k8s.io/v1beta1');
  assert.ok(groups.some(({ name }: any) => name === 'apps'));
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  const { items } = (await server.ask('GET', '/apis', undefined, { accept })).json;
  const [version] = items.at(-1).versions;
  assert.deepEqual([version.freshness, version.resources[0].responseKind.kind], ['Current', 'PodMetrics']);
  assert.equal((await server.ask('GET', '/apis/metrics.k8s.io')).json.versions[0].version, 'v1beta1');
  assert.equal((await server.ask('GET', '/apis/apps')).json.versions[0].version, 'v1');
  assert.equal((await server.ask('GET', metrics)).json.resources[0].kind, 'PodMetrics');
  const index = await server.ask('GET', '/openapi/v3');
  assert.equal(index.json.paths['apis/metrics.k8s.io/v1beta1'].serverRelativeURL, `/openapi/v3${metrics}?hash=1`);
  assert.equal((await server.ask('GET', `/openapi/v3${metrics}`)).json.openapi, '3.0.0');
  const etag = index.headers['etag']!;
  assert.equal((await server.ask('GET', '/openapi/v3', undefined, { 'if-none-match': etag })).status, 304);
  const v2 = (await server.ask('GET', '/openapi/v2')).json;
  assert.ok(v2.definitions['io.k8s.metrics.PodMetrics']);
  assert.equal(v2.definitions['io.k8s.api.core.v1.Pod'].type, 'object');
  assert.ok(v2.paths[`${metrics}/pods`] !== undefined && v2.paths['/apis/other/v1/'] === undefined);
}

test('a backend that fails its check is unavailable, and what cannot be reached says so', async () => {
  const server = await startServer();
  failing = true;
  await register(server);
  const failed = await available(server, 'FailedDiscoveryCheck');
  const url = `https://metrics-server.kube-system.svc:443${metrics}`;
  assert.equal(failed.message, `failing or missing response from ${url}: bad status from ${url}: 500`);
  failing = false;
  await server.server.stop();
  const closed = createServer();
  closed.listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  closed.close();
  const other = await startServer(port);
  await register(other);
  assert.match((await available(other, 'FailedDiscoveryCheck')).message, /connect: connection refused$/);
  await other.server.stop();
});

test('an upgrade is joined with the backend', async () => {
  const server = await startServer();
  await register(server);
  await available(server, 'Passed');
  const pipe = createServer((socket) => {
    void server.server.handleUpgrade(
      {
        method: 'GET',
        target: `${metrics}/upgrade`,
        headers: { connection: 'Upgrade', upgrade: 'x' },
        body: new Uint8Array(0),
        signal: new AbortController().signal,
        peer: { address: '', certificates: [], inProcess: { name: 'admin', groups: [] } },
      },
      { socket, head: new Uint8Array(0) },
    );
  });
  pipe.listen(0, '127.0.0.1');
  await once(pipe, 'listening');
  const client = connect((pipe.address() as AddressInfo).port, '127.0.0.1');
  const [answer] = await once(client, 'data');
  // The backend of this test takes no upgrades, and says so in its own words.
  assert.match(String(answer), /^HTTP\/1\.1 501 Not Implemented/);
  client.destroy();
  pipe.close();
  await server.server.stop();
});

test('custom resources are registered while they are established', () => {
  const definition = (status: string): ApiObject => ({
    metadata: { name: 'a.b' },
    spec: {
      group: 'b',
      versions: [
        { name: 'v1', served: true },
        { name: 'v2', served: false },
      ],
    },
    status: { conditions: [{ type: 'Established', status }] },
  });
  const [wanted] = customServices([definition('True')]);
  assert.deepEqual(wanted!['spec'], { group: 'b', version: 'v1', groupPriorityMinimum: 1000, versionPriority: 100 });
  assert.deepEqual(customServices([definition('False')]), []);
  assert.deepEqual(
    registrationSteps([], [wanted!]).map(({ action }) => action),
    ['create'],
  );
  assert.deepEqual(
    registrationSteps([wanted!], []).map(({ action }) => action),
    ['delete'],
  );
  const foreign = { metadata: { name: 'v1.b' }, spec: { service: {} } };
  assert.deepEqual(registrationSteps([foreign], [wanted!]), []);
  assert.deepEqual(builtInServices([{ group: 'autoscaling', version: 'v2' }])[0]!['spec'].versionPriority, 30);
});

test('who asks is told in headers that can hold any name', () => {
  const user = { name: 'jané', uid: '7', groups: ['a', 'b'], extra: { 'example.com/scopes%': ['x'], empty: [] } };
  assert.deepEqual(remoteUserHeaders(user), {
    'X-Remote-User': Buffer.from('jané').toString('latin1'),
    'X-Remote-Uid': '7',
    'X-Remote-Group': ['a', 'b'],
    'X-Remote-Extra-example.com%2Fscopes%25': ['x'],
  });
});

test('a condition keeps its time while its status is the same', () => {
  const yes = { status: 'True', reason: 'Passed', message: 'all checks passed' } as const;
  const first = withAvailability({ metadata: { name: 'a' } }, yes, 't1')!;
  assert.equal(withAvailability(first, yes, 't2'), undefined);
  const again = withAvailability(first, { ...yes, message: 'x' }, 't2')!;
  assert.equal(again['status'].conditions[0].lastTransitionTime, 't1');
});

test('a list of resources in the form of aggregated discovery', () => {
  const resources = [
    { name: 'pods/status', namespaced: true, kind: 'Pod', verbs: ['get'] },
    { name: 'pods', namespaced: true, kind: 'Pod', verbs: ['list'], shortNames: ['po'] },
    { name: 7 },
    null,
  ];
  const kind = { group: 'g', version: 'v1', kind: 'Pod' };
  assert.deepEqual(discoveryOf({ resources }, 'g', 'v1'), [
    {
      resource: 'pods',
      responseKind: kind,
      scope: 'Namespaced',
      singularResource: '',
      verbs: ['list'],
      shortNames: ['po'],
      subresources: [{ subresource: 'status', responseKind: kind, verbs: ['get'] }],
    },
  ]);
  assert.deepEqual(discoveryOf({ resources: 'x' }, 'g', 'v1'), []);
});

import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { type HttpRequest, type HttpResponse, systemWorld, virtualWorld } from '@keelson/base';
import type { ApiObject } from '@keelson/model';
import { type TlsServer, tlsServer } from '@keelson/testkit/tls-server.ts';
import { MemoryReader } from '../admission/memory-reader.ts';
import { WebhookClient, type WebhookTarget } from './index.ts';
import { dialDirectly } from './webhook-client.ts';

let server: TlsServer;
let answer: (request: HttpRequest) => Promise<HttpResponse>;
let peers: string[] = [];

const json = (status: number, value: unknown, type = 'application/json'): HttpResponse => ({
  status,
  headers: { 'content-type': type },
  body: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
});

before(async () => {
  server = await tlsServer(systemWorld(), (request) => answer(request));
});
after(() => server.close());

function client(objects: readonly ApiObject[] = []): WebhookClient {
  const port = Number(new URL(server.url).port);
  const reader = new MemoryReader();
  for (const object of objects)
    reader.put(object.kind === 'Service' ? '' : 'discovery.k8s.io', `${object.kind!.toLowerCase()}s`, object);
  return new WebhookClient({
    world: systemWorld(),
    reader,
    dial: async (endpoint, signal) => {
      peers.push(`${endpoint.host}:${endpoint.port}`);
      return dialDirectly({ host: '127.0.0.1', port }, signal);
    },
  });
}

const target = (path = ''): WebhookTarget => ({
  at: { url: `${server.url}${path}` },
  authorities: server.authority.certificate,
});

async function failure(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => assert.fail('it was answered'),
    (thrown: Error) => thrown,
  );
  return error.message;
}

test('a call is a POST of JSON that says how long it waits, and its answer is plain data', async () => {
  const caller = client();
  answer = async ({ method, target, headers, body }) =>
    json(
      200,
      `{"method":"${method}","target":"${target}","auth":"${headers['authorization']}","body":${body},"__proto__":{"a":1}}`,
    );
  const said: any = await caller.call({ ...target('/v'), bearerToken: 't' }, { body: '{"a":1}', timeout: 10_000 });
  assert.equal(said.method, 'POST');
  assert.equal(said.target, '/v?timeout=10s');
  assert.equal(said.auth, 'Bearer t');
  assert.deepEqual(said.body, { a: 1 });
  assert.equal(said.a, undefined);
  caller.close();
});

test('refusals are worded as by the REST client of Kubernetes', async (t) => {
  const caller = client();
  const cases: [string, HttpResponse, string | RegExp][] = [
    ['not found', json(404, 'no', 'text/plain'), 'the server could not find the requested resource'],
    [
      'failing',
      json(500, 'oh', 'text/plain'),
      'an error on the server ("oh") has prevented the request from succeeding',
    ],
    ['forbidden', json(403, 'not you', 'text/plain'), 'not you'],
    ['a Status', json(400, { kind: 'Status', message: 'bad thing' }), 'bad thing'],
    ['moved', json(302, ''), 'the server responded with the status code 302 but did not return more information'],
    ['no JSON', json(200, '<html>'), /^couldn't get version\/kind; json parse error: /],
    ['too much', json(200, `"${'x'.repeat(2000)}"`), 'the response is larger than 1000 bytes'],
  ];
  for (const [title, response, expected] of cases) {
    await t.test(title, async () => {
      answer = async () => response;
      const message = await failure(caller.call(target(), { body: '{}', timeout: 5000, answerLimit: 1000 }));
      if (typeof expected === 'string') assert.equal(message, expected);
      else assert.match(message, expected);
    });
  }
  caller.close();
});

const service = (spec: object): ApiObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'hook', namespace: 'team' },
  spec,
});
const slice: ApiObject = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'hook-1', namespace: 'team', labels: { 'kubernetes.io/service-name': 'hook' } },
  ports: [{ name: 'https', port: 9443 }],
  endpoints: [
    { addresses: ['10.0.0.9'], conditions: { ready: false } },
    { addresses: ['10.0.0.8'], conditions: { ready: true } },
  ],
};
const at = { service: { namespace: 'team', name: 'hook', path: '/validate' } };

test('a Service is reached at one of its ready endpoints, under its own name', async () => {
  peers = [];
  const caller = client([service({ ports: [{ name: 'https', port: 443 }] }), slice]);
  answer = async ({ headers }) => json(200, { host: headers['host'] });
  const known = { at, authorities: server.authority.certificate };
  const said = await caller.call({ ...known, serverName: '127.0.0.1' }, { body: '{}', timeout: 5000 });
  assert.deepEqual(said, { host: 'hook.team.svc' });
  assert.deepEqual(peers, ['10.0.0.8:9443']);
  await caller.call({ ...known, serverName: '127.0.0.1' }, { body: '{}', timeout: 5000 });
  assert.equal(peers.length, 1, 'the connection is kept');
  const message = await failure(caller.call(known, { body: '{}', timeout: 5000 }));
  assert.equal(
    message,
    `Post "https://hook.team.svc:443/validate?timeout=5s": tls: failed to verify certificate: x509: certificate relies on legacy Common Name field, use SANs instead`,
  );
  caller.close();
});

test('what leads nowhere is told', async (t) => {
  const prefix = 'Post "https://hook.team.svc:443/validate?timeout=10s": ';
  const cases: [string, ApiObject[], string][] = [
    ['no Service', [], 'service "hook" not found'],
    ['no port', [service({ ports: [{ port: 80 }] })], 'no service port 443 found for service "hook"'],
    ['no endpoints', [service({ ports: [{ port: 443 }] })], 'no endpoints available for service "hook"'],
  ];
  for (const [title, objects, text] of cases) {
    await t.test(title, async () => {
      const caller = client(objects);
      assert.equal(await failure(caller.call({ at }, { body: '{}', timeout: 10_000 })), prefix + text);
    });
  }
  const unknown = await failure(client().call({ at: { url: server.url } }, { body: '{}', timeout: 10_000 }));
  assert.match(unknown, /: tls: failed to verify certificate: x509: certificate signed by unknown authority$/);
  const refused = await failure(client().call({ at: { url: 'https://127.0.0.1:1/x' } }, { body: '{}', timeout: 500 }));
  assert.equal(
    refused,
    'Post "https://127.0.0.1:1/x?timeout=500ms": dial tcp 127.0.0.1:1: connect: connection refused',
  );
});

test('a server that says nothing costs no more than the timeout', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as { port: number };
  const world = virtualWorld('silent');
  const caller = new WebhookClient({ world, reader: new MemoryReader() });
  const call = failure(caller.call({ at: { url: `https://127.0.0.1:${port}/` } }, { body: '{}', timeout: 1000 }));
  await world.clock.advance(1000);
  assert.equal(await call, `Post "https://127.0.0.1:${port}/?timeout=1s": context deadline exceeded`);
  for (const socket of sockets) socket.destroy();
  caller.close();
  silent.close();
});

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, test } from 'node:test';
import { type HttpHandler, type HttpRequest, systemWorld } from '@keelson/base';
import { tlsServer } from '@keelson/testkit/tls-server.ts';
import { createClient } from './create-client.ts';
import { configMaps } from './kubernetes-resources/core.ts';
import { type TlsTransportOptions, tlsTransport } from './tls-transport.ts';

const world = systemWorld();
const seen: HttpRequest[] = [];
const ended: Promise<void>[] = [];
/** What the server does with a request of each name. */
const answers: Record<string, (request: HttpRequest) => ReturnType<HttpHandler>> = {};

const server = await tlsServer(world, async (request) => {
  seen.push(request);
  ended.push(new Promise((resolve) => request.signal.addEventListener('abort', () => resolve(), { once: true })));
  const name = Object.keys(answers).find((key) => request.target.includes(key));
  return name === undefined ? json(200, { metadata: { name: 'plain' } }) : answers[name]!(request);
});
after(() => server.close());

function json(status: number, body: unknown) {
  return Promise.resolve({
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(body)),
  });
}

function connect(options: Partial<TlsTransportOptions> = {}) {
  const transport = tlsTransport({ url: server.url, ca: server.authority.certificate, clock: world.clock, ...options });
  const client = createClient({ send: transport.send, clock: world.clock, userAgent: 'test/1' });
  return { transport, maps: client.resource(configMaps) };
}

test('requests go over one connection, with body, token and certificate', async () => {
  const certificate = server.clientCertificate('system:node:n1');
  const tokens = ['first', 'second'];
  const { transport, maps } = connect({ ...certificate, token: async () => tokens.shift()! });
  seen.length = 0;
  const created = await maps.create({ metadata: { name: 'a', namespace: 'default' }, data: { x: 'é' } });
  await maps.get('a', 'default');
  assert.equal(created.metadata!.name, 'plain');
  assert.deepEqual(
    seen.map(({ method, target, headers }) => [method, target, headers['authorization'], headers['user-agent']]),
    [
      ['POST', '/api/v1/namespaces/default/configmaps', 'Bearer first', 'test/1'],
      ['GET', '/api/v1/namespaces/default/configmaps/a', 'Bearer second', 'test/1'],
    ],
  );
  assert.equal(JSON.parse(Buffer.from(seen[0]!.body).toString()).data.x, 'é');
  const leaf = new X509Certificate(Buffer.from(seen[0]!.peer.certificates[0]!));
  assert.match(leaf.subject, /CN=system:node:n1/);
  transport.close();
});

test('a server of another authority is not talked to', async () => {
  const other = await tlsServer(world, () => json(200, {}));
  const { transport, maps } = connect({ ca: other.authority.certificate });
  seen.length = 0;
  await assert.rejects(maps.get('a', 'default'), /certificate|issuer|signature/i);
  assert.equal(seen.length, 0);
  transport.close();
  await other.close();
});

test('a watch gives its events as they come, and the server hears when it is left', async () => {
  let more: () => void = () => {};
  answers['watch=true'] = async ({ signal }) => ({
    status: 200,
    headers: {},
    body: (async function* () {
      const event = (name: string) => Buffer.from(JSON.stringify({ type: 'ADDED', object: { metadata: { name } } }));
      yield event('one').subarray(0, 10);
      yield Buffer.concat([event('one').subarray(10), Buffer.from('\n')]);
      await new Promise<void>((resolve) => {
        more = resolve;
      });
      yield Buffer.concat([event('two'), Buffer.from('\n')]);
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    })(),
  });
  const { transport, maps } = connect();
  const names: string[] = [];
  ended.length = 0;
  for await (const { object } of maps.watch({ signal: new AbortController().signal })) {
    names.push(object.metadata!.name!);
    if (names.length === 2) break;
    more();
  }
  assert.deepEqual(names, ['one', 'two']);
  await ended[0];
  delete answers['watch=true'];
  transport.close();
});

test('an aborted watch ends without an error', async () => {
  const aborts = new AbortController();
  answers['watch=true'] = async ({ signal }) => ({
    status: 200,
    headers: {},
    body: (async function* () {
      yield Buffer.from('\n');
      aborts.abort();
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    })(),
  });
  const { transport, maps } = connect();
  for await (const event of maps.watch({ signal: aborts.signal })) assert.fail(`unexpected ${event.type}`);
  delete answers['watch=true'];
  transport.close();
});

test('an answer that does not come is given up, and the next request is answered', async () => {
  answers['slow'] = ({ signal }) =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve(json(200, {})), { once: true }));
  const { transport, maps } = connect({ requestTimeout: 50 });
  await assert.rejects(maps.get('slow', 'default'), /took longer than 50 ms/);
  assert.equal((await maps.get('a', 'default')).metadata!.name, 'plain');
  delete answers['slow'];
  transport.close();
});

test('after the server was away the next request connects anew', async () => {
  const { transport, maps } = connect();
  await maps.get('a', 'default');
  await server.close();
  await assert.rejects(maps.get('a', 'default'));
  await server.reopen();
  assert.equal((await maps.get('a', 'default')).metadata!.name, 'plain');
  transport.close();
});

test('an answer over the limit is refused', async () => {
  answers['large'] = async () => ({ status: 200, headers: {}, body: Buffer.alloc(3000, 0x20) });
  const transport = tlsTransport({ url: server.url, ca: server.authority.certificate, clock: world.clock });
  const client = createClient({ send: transport.send, clock: world.clock, userAgent: 'test', answerLimit: 2000 });
  await assert.rejects(client.resource(configMaps).get('large', 'default'), /longer than 2000 bytes/);
  delete answers['large'];
  transport.close();
});

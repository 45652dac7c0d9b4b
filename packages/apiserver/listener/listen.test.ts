import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { request as http1 } from 'node:http';
import { connect as http2 } from 'node:http2';
import { request as https1, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { type HttpRequest, type HttpResponse, systemWorld } from '@keelson/base';
import { testCertificates } from '../testing/test-certificates.ts';
import { type Listener, type ListenerOptions, listen } from './listen.ts';

const certificates = testCertificates();
const world = systemWorld();
const tls = { ...certificates.server, clientAuthority: certificates.authority };
const text = (body: string): HttpResponse => ({ status: 200, headers: { 'x-test': 'yes' }, body: Buffer.from(body) });

function start(options: Partial<ListenerOptions>): Promise<Listener> {
  const handler = async () => text('');
  return listen({ handler, world, tls, at: { host: '127.0.0.1', port: 0 }, closeGrace: 200, ...options });
}

/** One exchange over HTTP/2. */
async function over2(
  port: number,
  path: string,
  options: { method?: string; body?: Buffer; key?: string; cert?: string } = {},
) {
  const { method = 'GET', body, ...identity } = options;
  const session = http2(`https://127.0.0.1:${port}`, { ca: certificates.authority, ...identity });
  const stream = session.request({ ':method': method, ':path': path }, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  const [headers] = (await once(stream, 'response')) as [Record<string, string | number>];
  let answer = '';
  for await (const piece of stream) answer += piece;
  session.close();
  return { status: headers[':status'], headers, answer };
}

/** One exchange over HTTP/1.1. */
async function over1(options: RequestOptions, body?: Buffer) {
  const outgoing = options.socketPath
    ? http1(options)
    : https1({ ca: certificates.authority, host: '127.0.0.1', agent: false, ...options });
  outgoing.on('error', () => {});
  outgoing.end(body);
  const [incoming] = await once(outgoing, 'response');
  let answer = '';
  for await (const piece of incoming) answer += piece;
  return { status: incoming.statusCode, headers: incoming.headers, answer };
}

test('HTTP/2 and HTTP/1.1 give the handler the same request', async () => {
  const seen: HttpRequest[] = [];
  const listener = await start({
    handler: async (request) => {
      seen.push(request);
      return text(`${request.method} ${request.target} ${Buffer.from(request.body)}`);
    },
  });
  const { port } = listener;
  const body = Buffer.from('hello');
  assert.equal((await over2(port, '/a?b=c', { method: 'POST', body })).answer, 'POST /a?b=c hello');
  assert.equal((await over1({ port, path: '/a?b=c', method: 'POST' }, body)).answer, 'POST /a?b=c hello');
  const head = await over1({ port, path: '/', method: 'HEAD' });
  assert.deepEqual([head.status, head.answer, head.headers['x-test']], [200, '', 'yes']);
  assert.deepEqual(
    seen.map((request) => request.peer.address),
    Array(3).fill('127.0.0.1'),
  );
  assert.ok(seen.every((request) => Object.keys(request.headers).every((name) => /^[a-z0-9-]+$/.test(name))));
  await listener.close();
});

test('a client certificate counts when it is of the authority', async () => {
  const listener = await start({
    handler: async ({ peer }) => text(peer.certificates.map((der) => new X509Certificate(der).subject).join()),
  });
  const { port } = listener;
  const identity = ({ key, certificate }: { key: string; certificate: string }) => ({ key, cert: certificate });
  const subject = 'O=system:masters\nCN=admin';
  assert.equal((await over2(port, '/', identity(certificates.client))).answer, subject);
  assert.equal((await over1({ port, path: '/', ...identity(certificates.client) })).answer, subject);
  assert.equal((await over2(port, '/')).answer, '');
  assert.equal((await over2(port, '/', identity(certificates.stranger))).answer, '');
  assert.equal((await over1({ port, path: '/', ...identity(certificates.stranger) })).answer, '');
  await listener.close();
});

test('a body beyond the limit is 413 and does not reach the handler', async () => {
  let calls = 0;
  const listener = await start({
    handler: async () => {
      calls++;
      return text('');
    },
  });
  const body = Buffer.alloc((3 << 20) + 1);
  const two = await over2(listener.port, '/', { method: 'POST', body });
  assert.equal(two.status, 413);
  assert.equal(JSON.parse(two.answer).reason, 'RequestEntityTooLarge');
  const one = await over1({ port: listener.port, path: '/', method: 'POST' }, body);
  assert.equal(one.status, 413);
  assert.equal(calls, 0);
  await listener.close();
});

/** A stream that never ends, and what became of it. */
function endless() {
  const state = { pieces: 0, ended: Promise.withResolvers<void>() };
  const handler = async ({ signal }: HttpRequest): Promise<HttpResponse> => {
    async function* body() {
      try {
        while (!signal.aborted) {
          state.pieces++;
          yield Buffer.alloc(64 << 10);
        }
      } finally {
        state.ended.resolve();
      }
    }
    return { status: 200, headers: {}, body: body() };
  };
  return { state, handler };
}

test('a stream goes no faster than its client reads, and ends when the client goes', async () => {
  for (const protocol of ['h2', 'http/1.1']) {
    const { state, handler } = endless();
    const listener = await start({ handler });
    if (protocol === 'h2') {
      const session = http2(`https://127.0.0.1:${listener.port}`, { ca: certificates.authority });
      const stream = session.request({ ':path': '/' });
      await once(stream, 'response');
      await settled(() => state.pieces);
      assert.ok(state.pieces < 500, `${state.pieces} pieces`);
      session.destroy();
    } else {
      const outgoing = https1({ ca: certificates.authority, port: listener.port, host: '127.0.0.1', agent: false });
      outgoing.on('error', () => {});
      outgoing.end();
      await once(outgoing, 'response');
      await settled(() => state.pieces);
      assert.ok(state.pieces < 500, `${state.pieces} pieces`);
      outgoing.destroy();
    }
    await state.ended.promise;
    await listener.close();
  }
});

/** Waits until a number stays what it is for some turns. */
async function settled(read: () => number): Promise<void> {
  for (let still = 0, last = -1; still < 50; last = read()) {
    await new Promise((resolve) => setImmediate(resolve));
    still = read() === last ? still + 1 : 0;
  }
}

test('an upgrade is handed over with what the client sent after it', async () => {
  const listener = await start({
    handleUpgrade: async ({ target, headers }, { socket, head }) => {
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n\r\n${target} ${headers['upgrade']} ${Buffer.from(head)}`);
      socket.pipe(socket);
    },
  });
  const socket = connect({ port: listener.port, host: '127.0.0.1', ca: certificates.authority });
  let received = '';
  socket.on('data', (piece) => {
    received += piece;
  });
  socket.write('GET /exec HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\nfirst');
  while (!received.includes('first')) await once(socket, 'data');
  socket.write('second');
  while (!received.includes('second')) await once(socket, 'data');
  assert.match(received, /^HTTP\/1\.1 101 Switching Protocols\r\n\r\n\/exec SPDY\/3\.1 /);
  socket.destroy();
  await listener.close();
});

test('what is no HTTP is refused, and the listener lives on', async () => {
  const listener = await start({ handler: async () => text('alive') });
  const socket = connect({ port: listener.port, host: '127.0.0.1', ca: certificates.authority });
  socket.end('nonsense\r\n\r\n');
  let received = '';
  for await (const piece of socket) received += piece;
  assert.match(received, /^HTTP\/1\.1 400 Bad Request/);
  assert.equal((await over2(listener.port, '/')).answer, 'alive');
  await listener.close();
});

test('a Unix socket, new keys, and a port that is taken', async () => {
  const path = join(tmpdir(), `keelson-listen-${process.pid}.sock`);
  const plain = await listen({ handler: async () => text('plain'), world, at: { path } });
  assert.equal((await over1({ socketPath: path, path: '/' })).answer, 'plain');
  await plain.close();
  const listener = await start({ handler: async () => text('') });
  await assert.rejects(start({ at: { host: '127.0.0.1', port: listener.port } }), { code: 'EADDRINUSE' });
  listener.reload({ ...certificates.client, clientAuthority: certificates.authority });
  const socket = connect({ port: listener.port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  assert.equal(socket.getPeerCertificate().subject.CN, 'admin');
  socket.destroy();
  await listener.close();
});

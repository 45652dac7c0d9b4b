import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { test } from 'node:test';
import { SystemClock } from '@keelson/base';
import { nodeTransport } from './transport.ts';

async function listening(server: {
  listen(port: number, host: string, done: () => void): unknown;
  address(): unknown;
}) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const ask = (port: number, protocol: string, limits: { connect?: number; silence?: number }) => {
  const { send, close } = nodeTransport(new SystemClock(), limits);
  const url = new URL(`${protocol}://127.0.0.1:${port}/`);
  return send({ method: 'GET', url, headers: {}, signal: new AbortController().signal }).finally(close);
};

test('a connection that does not come to stand is given up in time', async () => {
  const server = createSocketServer(() => {});
  const port = await listening(server);
  await assert.rejects(ask(port, 'https', { connect: 30 }), {
    name: 'UpstreamAway',
    message: /connecting took longer than 30 ms/,
  });
  server.close();
});

test('an upstream that says nothing is given up in time', async () => {
  const server = createServer(() => {});
  const port = await listening(server);
  await assert.rejects(ask(port, 'http', { silence: 30 }), {
    name: 'UpstreamAway',
    message: /the answer took longer than 30 ms/,
  });
  server.closeAllConnections();
  server.close();
});

test('a body that stops in the middle, or ends early, is an error', async () => {
  for (const end of [false, true]) {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('half', () => end && response.destroy());
    });
    const port = await listening(server);
    const { send, close } = nodeTransport(new SystemClock(), { silence: 50 });
    const url = new URL(`http://127.0.0.1:${port}/`);
    const response = await send({ method: 'GET', url, headers: {}, signal: new AbortController().signal });
    const read = async () => {
      for await (const piece of response.body) assert.equal(String(piece), 'half');
    };
    await assert.rejects(read(), { name: 'UpstreamAway' });
    close();
    server.closeAllConnections();
    server.close();
  }
});

test('nobody listening is away at once', async () => {
  const server = createSocketServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  await assert.rejects(ask(port, 'http', {}), { name: 'UpstreamAway', message: /ECONNREFUSED/ });
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type Duplex, duplexPair } from 'node:stream';
import { test } from 'node:test';
import { TestServer } from '../testing/test-server.ts';

const maps = '/api/v1/namespaces/default/configmaps';

/** Opens a WebSocket by hand. */
function open(server: TestServer, target: string, headers: Record<string, string> = {}) {
  const [client, socket] = duplexPair();
  const aborts = new AbortController();
  socket.once('close', () => aborts.abort());
  const done = server.server.handleUpgrade(
    {
      method: 'GET',
      target,
      headers: {
        upgrade: 'websocket',
        connection: 'Upgrade',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...headers,
      },
      body: new Uint8Array(0),
      signal: aborts.signal,
      peer: { address: '', certificates: [], inProcess: { name: 'admin', groups: [] } },
    },
    { socket, head: Buffer.alloc(0) },
  );
  return { client, done, read: reader(client) };
}

/** Reads the answer's head first, and then one frame at a time: its opcode and content. */
function reader(client: Duplex) {
  let received = Buffer.alloc(0);
  client.on('data', (piece) => {
    received = Buffer.concat([received, piece]);
  });
  const upTo = async (length: () => number) => {
    while (length() < 0 || received.length < length()) await once(client, 'data');
    const taken = received.subarray(0, length());
    received = received.subarray(taken.length);
    return taken;
  };
  return {
    head: async () => String(await upTo(() => received.indexOf('\r\n\r\n') + 4 || -1)),
    frame: async () => {
      const [first = 0, short = 0] = await upTo(() => 2);
      const size = short < 126 ? short : (await upTo(() => 2)).readUInt16BE();
      return [first & 15, String(await upTo(() => size))] as const;
    },
  };
}

const masked = (opcode: number, text: string) =>
  Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);

test('a watch over a WebSocket sends an event in each message, answers pings, and ends with its client', async () => {
  const server = await TestServer.start();
  for (const name of ['a', 'b']) await server.ask('POST', maps, { metadata: { name } });
  const { client, done, read } = open(server, `${maps}?watch=1`);
  // The key and its answer are those of RFC 6455, 1.3.
  assert.match(await read.head(), /^HTTP\/1\.1 101 [\s\S]*Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/);
  for (const name of ['a', 'b']) {
    const [opcode, text] = await read.frame();
    assert.deepEqual([opcode, JSON.parse(text).object.metadata.name], [1, name]);
  }
  client.write(masked(1, 'nobody reads this'));
  client.write(masked(9, 'still there?'));
  assert.deepEqual(await read.frame(), [10, 'still there?']);
  await server.ask('POST', maps, { metadata: { name: 'c' } });
  assert.equal(JSON.parse((await read.frame())[1]).object.metadata.name, 'c');
  client.write(masked(8, '\u0003\u00e8'));
  assert.equal((await read.frame())[0], 8);
  client.end();
  await done;
});

test('what cannot be a WebSocket is refused', async () => {
  const server = await TestServer.start();
  const { client, done } = open(server, `${maps}?watch=1&resourceVersionMatch=Exact`);
  let text = '';
  client.on('data', (piece) => {
    text += piece;
  });
  await done;
  if (!client.readableEnded) await once(client, 'end');
  assert.match(text, /^HTTP\/1\.1 422 /);
});

test('a log over a WebSocket begins with an empty message and ends when the log does', async () => {
  const server = await TestServer.start({ connector: { dial: () => Promise.reject(new Error('not asked')) } });
  const spec = { containers: [{ name: 'main', image: 'x' }] };
  await server.ask('POST', '/api/v1/namespaces/default/pods', { metadata: { name: 'one' }, spec });
  const protocol = { 'sec-websocket-protocol': 'base64url.bearer.authorization.k8s.io.x, binary.k8s.io' };
  const { done, read } = open(server, '/api/v1/namespaces/default/pods/one/log?container=main', protocol);
  assert.match(await read.head(), /\r\nSec-WebSocket-Protocol: binary\.k8s\.io\r\n/);
  assert.deepEqual(await read.frame(), [2, '']);
  assert.equal((await read.frame())[0], 8);
  await done;
});

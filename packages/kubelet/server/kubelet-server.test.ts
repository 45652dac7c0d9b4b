import assert from 'node:assert/strict';
import { request } from 'node:http';
import { type Duplex, duplexPair, PassThrough } from 'node:stream';
import { test } from 'node:test';
import { systemWorld } from '@keelson/base';
import { createWebSocketStream, WebSocket } from 'ws';
import { type Runtime, RuntimeError } from '../runtime.ts';
import { SpdyConnection } from '../streaming/spdy-connection.ts';
import { createKubeletServer } from './kubelet-server.ts';

const world = systemWorld();

/** A runtime with one pod, whose port 80 echoes and whose commands echo their input and exit with 5. */
function echoing(simulated = false): Runtime {
  const nothing = { uid: 'u', name: 'p', namespace: 'd' };
  return {
    simulated,
    pod: async () => ({
      ...nothing,
      sandboxes: [{ id: 's', attempt: 0, ready: true, createdAt: 0, addresses: [] }],
      containers: [{ id: 'x', name: 'c', state: 'running' }],
    }),
    portForward: async (_sandbox: string, port: number) => {
      if (port !== 80) throw new RuntimeError('Unknown', 'connection refused');
      const [near, far] = duplexPair();
      far.pipe(far);
      return near;
    },
    exec: async () => {
      const through = new PassThrough();
      const exit = new Promise<number>((resolve) => through.once('end', () => resolve(5)));
      return { stdin: through, stdout: through, stderr: undefined, resize() {}, exit, close() {} };
    },
  } as unknown as Runtime;
}

function serving(runtime: Runtime) {
  const pods = [{ metadata: { namespace: 'd', name: 'p', uid: 'u' }, spec: { containers: [{ name: 'c' }] } }];
  const server = createKubeletServer({
    world,
    runtime,
    nodeName: 'n',
    node: { pods: () => pods, statusOf: () => undefined },
  });
  return (): Duplex => {
    const [client, far] = duplexPair();
    server.serve(far);
    return client;
  };
}

/** Sends a request for an upgrade; resolves to the connection and the answer's headers, or to a refusal's text. */
function upgrade(dial: () => Duplex, path: string, headers: Record<string, string>) {
  return new Promise<{
    socket?: Duplex;
    head: Buffer;
    headers: NodeJS.Dict<string | string[]>;
    code: number;
    text: string;
  }>((resolve, reject) => {
    const client = dial();
    const asking = request({
      createConnection: () => client as never,
      method: 'GET',
      path,
      headers: { Connection: 'Upgrade', ...headers },
    });
    asking.once('upgrade', (answer, socket, head) =>
      resolve({ socket, head, headers: answer.headers, code: 101, text: '' }),
    );
    asking.once('response', async (answer) => {
      let text = '';
      for await (const piece of answer) text += piece;
      resolve({ head: Buffer.alloc(0), headers: answer.headers, code: answer.statusCode ?? 0, text });
    });
    asking.once('error', reject);
    asking.end();
  });
}

const spdyHeaders = (protocol: string) => ({ Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': protocol });

async function forwardTwice(connection: SpdyConnection): Promise<void> {
  const pair = async (port: string, requestid: string) => {
    const error = await connection.open({ streamtype: 'error', port, requestid });
    error.end();
    const data = await connection.open({ streamtype: 'data', port, requestid });
    return { error: error.setEncoding('utf8'), data: data.setEncoding('utf8') };
  };
  const open = await pair('80', '1');
  const closed = await pair('9', '2');
  const big = 'x'.repeat(300_000);
  open.data.end(big);
  assert.equal((await open.data.toArray()).join(''), big);
  assert.deepEqual(await open.error.toArray(), []);
  assert.equal(
    (await closed.error.toArray()).join(''),
    'error forwarding port 9 to pod s, uid : u: connection refused',
  );
  connection.destroy();
  await connection.ended;
}

test('port-forward over SPDY carries several connections and tells what fails', { timeout: 10_000 }, async () => {
  const { socket, head, headers } = await upgrade(
    serving(echoing()),
    '/portForward/d/p',
    spdyHeaders('portforward.k8s.io'),
  );
  assert.equal(headers['x-stream-protocol-version'], 'portforward.k8s.io');
  await forwardTwice(new SpdyConnection(socket!, head, { role: 'client' }));
});

test('port-forward tunnels SPDY through a WebSocket', { timeout: 10_000 }, async () => {
  const { socket, head, headers } = await upgrade(serving(echoing()), '/portForward/d/p', {
    Upgrade: 'websocket',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Protocol': 'SPDY/3.1+portforward.k8s.io',
  });
  assert.equal(headers['sec-websocket-protocol'], 'SPDY/3.1+portforward.k8s.io');
  assert.equal(headers['sec-websocket-accept'], 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  // The package takes a finished handshake over by what is its own business; no client of it can ask for this protocol.
  const client = new (WebSocket as any)(null, undefined, {});
  client._isServer = false;
  client.setSocket(socket, head, { allowSynchronousEvents: true, maxPayload: 0, skipUTF8Validation: true });
  await forwardTwice(new SpdyConnection(createWebSocketStream(client), Buffer.alloc(0), { role: 'client' }));
});

test('a command over SPDY has its streams and ends with its exit code', { timeout: 10_000 }, async () => {
  const { socket, head } = await upgrade(
    serving(echoing()),
    '/exec/d/p/c?input=1&output=1&command=cat',
    spdyHeaders('v4.channel.k8s.io'),
  );
  const connection = new SpdyConnection(socket!, head, { role: 'client' });
  const error = await connection.open({ streamtype: 'error' });
  const stdin = await connection.open({ streamtype: 'stdin' });
  const stdout = await connection.open({ streamtype: 'stdout' });
  stdin.end('typed');
  assert.equal((await stdout.setEncoding('utf8').toArray()).join(''), 'typed');
  assert.deepEqual(JSON.parse((await error.setEncoding('utf8').toArray()).join('')), {
    metadata: {},
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: 'command terminated with non-zero exit code: exit status 5',
    details: { causes: [{ reason: 'ExitCode', message: '5' }] },
  });
  await connection.ended;
});

test('what cannot be upgraded is refused with its reason', { timeout: 10_000 }, async () => {
  const dial = serving(echoing());
  const refusals: [string, Record<string, string>, number, RegExp][] = [
    ['/exec/d/other/c?output=1', spdyHeaders('v4.channel.k8s.io'), 404, /pod does not exist/],
    ['/exec/d/p/none?output=1', spdyHeaders('v4.channel.k8s.io'), 404, /container not found \("none"\)/],
    ['/exec/d/p/c', spdyHeaders('v4.channel.k8s.io'), 400, /at least 1 of stdin, stdout, stderr/],
    ['/exec/d/p/c?output=1', spdyHeaders('v9'), 403, /unable to negotiate protocol/],
    ['/nowhere', spdyHeaders('v4.channel.k8s.io'), 404, /not found/],
  ];
  for (const [path, headers, code, text] of refusals) {
    const answer = await upgrade(dial, path, headers);
    assert.equal(answer.code, code, path);
    assert.match(answer.text, text);
  }
  const plain = await upgrade(dial, '/exec/d/p/c?output=1&command=x', {});
  assert.deepEqual([plain.code, plain.text], [400, 'Upgrade request required']);
});

test('a simulated node says so', { timeout: 10_000 }, async () => {
  const dial = serving(echoing(true));
  const log = await upgrade(dial, '/containerLogs/d/p/c', { Connection: 'close' });
  assert.deepEqual([log.code, log.text], [400, 'container "c" in pod "p" has no log: the node is simulated']);
  const exec = await upgrade(dial, '/exec/d/p/c?output=1&command=x', spdyHeaders('v4.channel.k8s.io'));
  assert.deepEqual([exec.code, exec.text], [501, 'the node is simulated, no process runs that could be joined']);
});

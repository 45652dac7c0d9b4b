import assert from 'node:assert/strict';
import { type Duplex, duplexPair } from 'node:stream';
import { test } from 'node:test';
import { collectBody } from '@keelson/base';
import { TestServer } from '../testing/test-server.ts';
import type { NodeConnector } from './node-connector.ts';

const pods = '/api/v1/namespaces/default/pods';

/** A kubelet that answers each connection with `serve`, given the head of the request. */
function kubelet(serve: (head: string, connection: Duplex) => void): NodeConnector {
  return {
    async dial() {
      const [ours, theirs] = duplexPair();
      let head = '';
      theirs.on('data', function read(piece: Buffer) {
        head += piece.toString('latin1');
        if (!head.includes('\r\n\r\n')) return;
        theirs.off('data', read);
        serve(head, theirs);
      });
      return ours;
    },
  };
}

async function serverWith(connector: NodeConnector): Promise<TestServer> {
  const server = await TestServer.start({ connector });
  await server.ask('POST', '/api/v1/nodes', { metadata: { name: 'node-1' } });
  const containers = ['main', 'side'].map((name) => ({ name, image: 'x' }));
  for (const name of ['one', 'loose']) {
    const created = await server.ask('POST', pods, { metadata: { name }, spec: { containers } });
    assert.equal(created.status, 201, created.text);
  }
  await server.ask('POST', `${pods}/one/binding`, { metadata: { name: 'one' }, target: { name: 'node-1' } });
  return server;
}

test('a log is the kubelet’s, with the options that it was asked with', async () => {
  let asked = '';
  const connector = kubelet((head, connection) => {
    asked = head;
    connection.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n');
  });
  const server = await serverWith(connector);
  const response = await server.respond(
    'GET',
    `${pods}/one/log?container=side&tailLines=3&timestamps=true&follow=false`,
  );
  assert.equal(response.headers['content-type'], 'text/plain');
  assert.equal(Buffer.from(await collectBody(response.body)).toString(), 'hello world');
  assert.match(asked, /^GET \/containerLogs\/default\/one\/side\?timestamps=true&tailLines=3 HTTP\/1\.1\r\n/);
  assert.equal((await server.ask('GET', `${pods}/loose/log?container=main`)).text, '');
});

const badLogs: [string, number, RegExp][] = [
  ['none/log', 404, /^pods "none" not found$/],
  ['one/log', 400, /^a container name must be specified for pod one, choose one of: \[main side\]$/],
  ['one/log?container=x', 400, /^container x is not valid for pod one$/],
  ['one/log?container=main&tailLines=-1', 422, /tailLines: Invalid value: -1: must be greater than or equal to 0$/],
  ['one/log?container=main&sinceSeconds=x', 400, /^unable to decode "sinceSeconds"/],
  ['one/log?container=main', 400, /^container "main" in pod "one" is waiting to start: ContainerCreating$/],
];

test('a log that cannot be had says why', async () => {
  const refusing = kubelet((_, connection) => {
    const text = 'container "main" in pod "one" is waiting to start: ContainerCreating';
    connection.end(`HTTP/1.1 400 Bad Request\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
  });
  const server = await serverWith(refusing);
  for (const [path, code, message] of badLogs) {
    const answer = await server.ask('GET', `${pods}/${path}`);
    assert.equal(answer.status, code, answer.text);
    assert.match(answer.json.message, message);
  }
  const lost = await serverWith({ dial: () => Promise.reject(new Error('dial tcp: connect: connection refused')) });
  const answer = await lost.ask('GET', `${pods}/one/log?container=main`);
  assert.equal(answer.status, 500);
  assert.match(answer.json.message, /dial tcp: connect: connection refused$/);
});

async function upgrade(server: TestServer, target: string, headers: Record<string, string>, head = '') {
  const [client, socket] = duplexPair();
  let received = '';
  client.on('data', (piece) => {
    received += piece;
  });
  const done = server.server.handleUpgrade(
    {
      method: 'GET',
      target,
      headers,
      body: new Uint8Array(0),
      signal: new AbortController().signal,
      peer: { address: '', certificates: [], inProcess: { name: 'admin', groups: [] } },
    },
    { socket, head: Buffer.from(head) },
  );
  return { client, done, received: () => received };
}

test('exec joins the client with the kubelet, byte for byte, without the client’s credentials', async () => {
  let asked = '';
  const echoing = kubelet((head, connection) => {
    asked = head;
    connection.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n');
    connection.on('data', (piece) => connection.write(`echo ${piece}`));
    connection.on('end', () => connection.end());
  });
  const server = await serverWith(echoing);
  const { client, done, received } = await upgrade(
    server,
    `${pods}/one/exec?container=main&command=sh&command=-c&stdin=true&stdout=true`,
    {
      connection: 'Upgrade',
      upgrade: 'websocket',
      authorization: 'Bearer secret',
      'sec-websocket-protocol': 'v5.channel.k8s.io, base64url.bearer.authorization.k8s.io.c2VjcmV0',
      'x-stream-protocol-version': 'v4.channel.k8s.io, v3.channel.k8s.io',
    },
  );
  client.write('one');
  while (!received().includes('echo one')) await new Promise((resolve) => setImmediate(resolve));
  client.end();
  await done;
  assert.match(asked, /^GET \/exec\/default\/one\/main\?input=1&output=1&command=sh&command=-c HTTP\/1\.1\r\n/);
  assert.match(asked, /\r\nsec-websocket-protocol: v5\.channel\.k8s\.io\r\n/);
  assert.match(
    asked,
    /x-stream-protocol-version: v4\.channel\.k8s\.io\r\nx-stream-protocol-version: v3\.channel\.k8s\.io/,
  );
  assert.doesNotMatch(asked, /secret|c2VjcmV0/);
  assert.match(received(), /^HTTP\/1\.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\necho one$/);
});

test('an upgrade that may not be is answered with a Status', async () => {
  const server = await serverWith({ dial: () => Promise.reject(new Error('dial tcp: i/o timeout')) });
  for (const [target, code, message] of [
    [`${pods}/none/exec?command=x&stdout=1`, 404, 'pods "none" not found'],
    [`${pods}/one/exec?container=main&stdout=1`, 400, 'you must specify the command to run'],
    [`${pods}/one/attach?container=main`, 400, 'you must specify at least 1 of stdin, stdout, stderr'],
    [`${pods}/loose/portforward?ports=80`, 400, 'pod loose does not have a host assigned'],
    [`${pods}/one/portforward?ports=80`, 500, 'Internal error occurred: error dialing backend: dial tcp: i/o timeout'],
    [pods, 405, 'the server does not allow this method on the requested resource'],
  ] as const) {
    const { client, done, received } = await upgrade(server, target, { upgrade: 'websocket' });
    await done;
    if (!client.readableEnded) await new Promise((resolve) => client.once('end', resolve));
    assert.match(received(), new RegExp(`^HTTP/1\\.1 ${code} `));
    assert.equal(JSON.parse(received().split('\r\n\r\n')[1]!).message, message);
  }
  const plain = await server.ask('GET', `${pods}/one/exec?container=main&command=x&stdout=1`);
  assert.deepEqual([plain.status, plain.json.message], [400, 'Upgrade request required']);
});

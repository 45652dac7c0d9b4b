import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import { after, test } from 'node:test';
import { collectBody } from '@keelson/base';
import { TestServer } from '../testing/test-server.ts';
import type { ServiceEndpoint } from '../webhook/contract.ts';
import { rewrittenLocation } from './proxied-headers.ts';
import { splitSchemeNamePort } from './scheme-name-port.ts';

const namespaced = '/api/v1/namespaces/default';
const running: Server[] = [];
after(() => {
  for (const server of running) server.close().closeAllConnections();
});

/** A program that says what it was asked; everything in the cluster's network leads to it. */
async function backend(answer: (incoming: IncomingMessage, outgoing: ServerResponse) => void) {
  const server = createServer(answer);
  running.push(server);
  server.on('upgrade', (incoming, socket: Duplex, head: Buffer) => {
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${incoming.headers.upgrade}\r\n\r\n${incoming.url} ${head}`,
    );
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const dialled: string[] = [];
  const dial = async (to: ServiceEndpoint): Promise<Duplex> => {
    dialled.push(`${to.host}:${to.port}`);
    if (to.host === '10.0.0.9') throw new Error(`dial tcp ${to.host}:${to.port}: connect: connection refused`);
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };
  const connector = { dial: (node: any) => dial({ host: node.metadata.name, port: 10_250 }) };
  return { dial, connector, dialled };
}

async function cluster(answer: (incoming: IncomingMessage, outgoing: ServerResponse) => void) {
  const { dial, connector, dialled } = await backend(answer);
  const server = await TestServer.start({ dial, connector });
  await server.ask('POST', '/api/v1/nodes', { metadata: { name: 'node-1' } });
  const addresses = [{ type: 'InternalIP', address: '10.0.1.1' }];
  await server.ask('PATCH', '/api/v1/nodes/node-1/status', { status: { addresses } }, merge);
  for (const [name, podIP] of [
    ['web', '10.0.0.5'],
    ['deaf', '10.0.0.9'],
    ['sly', '127.0.0.1'],
  ] as const) {
    const containers = [{ name: 'main', image: 'x', ports: [{ name: 'http', containerPort: 8080 }] }];
    await server.ask('POST', `${namespaced}/pods`, { metadata: { name }, spec: { containers } });
    await server.ask('POST', `${namespaced}/pods/${name}/binding`, { metadata: { name }, target: { name: 'node-1' } });
    const status = { podIP, podIPs: [{ ip: podIP }] };
    const set = await server.ask('PATCH', `${namespaced}/pods/${name}/status`, { status }, merge);
    assert.equal(set.status, 200, set.text);
  }
  return { server, dialled };
}
const merge = { 'content-type': 'application/merge-patch+json' };

async function service(server: TestServer, name: string, subsets: unknown[]) {
  const ports = [
    { name: 'http', port: 80, targetPort: 8080 },
    { name: 'admin', port: 81, targetPort: 9090 },
  ];
  await server.ask('POST', `${namespaced}/services`, { metadata: { name }, spec: { ports, clusterIP: 'None' } });
  const made = await server.ask('POST', `${namespaced}/endpoints`, { metadata: { name }, subsets });
  assert.equal(made.status, 201, made.text);
}

const echo = (incoming: IncomingMessage, outgoing: ServerResponse) => {
  const pieces: Buffer[] = [];
  incoming.on('data', (piece) => pieces.push(piece));
  incoming.on('end', () => {
    outgoing.setHeader('content-type', 'text/plain');
    outgoing.setHeader('x-method', incoming.method ?? '');
    outgoing.end(`${incoming.url} ${Buffer.concat(pieces)} ${incoming.headers.authorization ?? 'nobody'}`);
  });
};

test('pods, services and nodes are asked with the path and query as they came, and without credentials', async () => {
  const { server, dialled } = await cluster(echo);
  const address = { ip: '10.0.0.5', targetRef: { kind: 'Pod', namespace: 'default', name: 'web' } };
  const stranger = { ip: '10.9.9.9' };
  const ports = [
    { name: 'http', port: 8080 },
    { name: 'admin', port: 9090 },
  ];
  await service(server, 'web', [{ addresses: [stranger, address], ports }]);
  for (const [target, dialledTo, asked] of [
    [`${namespaced}/pods/web/proxy/`, '10.0.0.5:8080', '/'],
    [`${namespaced}/pods/web:http/proxy/a%2Fb//c/?q=%20&q=1`, '10.0.0.5:8080', '/a%2Fb//c/?q=%20&q=1'],
    [`${namespaced}/pods/http:web:9/proxy/x`, '10.0.0.5:9', '/x'],
    [`${namespaced}/services/web:http/proxy/x`, '10.0.0.5:8080', '/x'],
    [`${namespaced}/services/web:81/proxy/x`, '10.0.0.5:9090', '/x'],
    ['/api/v1/nodes/node-1/proxy/metrics', 'node-1:10250', '/metrics'],
    ['/api/v1/nodes/node-1:10250/proxy/metrics', 'node-1:10250', '/metrics'],
    ['/api/v1/nodes/node-1:9100/proxy/metrics', '10.0.1.1:9100', '/metrics'],
  ] as const) {
    for (const method of ['GET', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS']) {
      const answer = await server.ask(method, target, method === 'GET' ? undefined : 'body', {
        authorization: 'Bearer x',
      });
      assert.equal(answer.status, 200, `${method} ${target} ${answer.text}`);
      assert.equal(answer.text, `${asked} ${method === 'GET' ? '' : 'body'} nobody`);
      assert.equal(answer.headers['x-method'], method);
      assert.equal(dialled.at(-1), dialledTo);
    }
  }
  const head = await server.ask('HEAD', `${namespaced}/pods/web/proxy/x`);
  assert.equal(head.headers['x-method'], 'HEAD');
});

const refusals: [string, number, string][] = [
  ['pods/none/proxy/', 404, 'pods "none" not found'],
  ['pods/ftp:web:1/proxy/', 400, 'invalid pod request "ftp:web:1"'],
  ['pods/sly/proxy/', 400, 'address not allowed'],
  ['pods/deaf/proxy/', 503, 'error trying to reach service: dial tcp 10.0.0.9:8080: connect: connection refused'],
  ['services/none/proxy/', 404, 'services "none" not found'],
  ['services/empty:http/proxy/', 503, 'no endpoints available for service "empty"'],
  ['services/web:nothing/proxy/', 503, 'no endpoints available for service "web:nothing"'],
  ['services/web:99/proxy/', 503, 'no service port 99 found for service "web"'],
  ['configmaps/x/proxy/', 404, 'the server could not find the requested resource'],
];

test('what cannot be reached is refused in Kubernetes words', async () => {
  const { server } = await cluster(echo);
  const address = { ip: '10.0.0.5', targetRef: { kind: 'Pod', namespace: 'default', name: 'web' } };
  await service(server, 'web', [{ addresses: [address], ports: [{ name: 'http', port: 8080 }] }]);
  await service(server, 'empty', []);
  for (const [path, code, message] of refusals) {
    const answer = await server.ask('GET', `${namespaced}/${path}`);
    assert.deepEqual([answer.status, answer.json.message], [code, message]);
  }
});

test('redirects stay behind the proxy, and a path that is missing is asked for', async () => {
  const { server } = await cluster((_, outgoing) => outgoing.writeHead(302, { location: '/login?x=1' }).end());
  const base = `${namespaced}/pods/web/proxy`;
  const bare = await server.ask('GET', `${base}?a=b`);
  assert.deepEqual([bare.status, bare.headers['location']], [301, `${base}/?a=b`]);
  const moved = await server.ask('GET', `${base}/start`);
  assert.deepEqual([moved.status, moved.headers['location']], [302, `${base}/login?x=1`]);
  for (const [target, expected] of [
    ['/p/proxy/x', '/p/proxy/x'],
    ['http://10.0.0.5:8080/y', '/p/proxy/y'],
    ['https://elsewhere/y', 'https://elsewhere/y'],
    ['relative', 'relative'],
    ['/', '/p/proxy/'],
  ] as const)
    assert.equal(rewrittenLocation(target, '/p/proxy', ['10.0.0.5:8080']), expected);
});

test('an upgrade is joined with what it names', async () => {
  const { server } = await cluster(echo);
  const [client, socket] = duplexPair();
  let received = '';
  client.on('data', (piece) => {
    received += piece;
  });
  const done = server.server.handleUpgrade(
    {
      method: 'GET',
      target: `${namespaced}/pods/web/proxy/socket?a=1`,
      headers: { upgrade: 'websocket', connection: 'Upgrade', authorization: 'Bearer secret' },
      body: new Uint8Array(0),
      signal: new AbortController().signal,
      peer: { address: '', certificates: [], inProcess: { name: 'admin', groups: [] } },
    },
    { socket, head: Buffer.from('one') },
  );
  while (!received.includes('one')) await once(client, 'data');
  client.write('two');
  while (!received.includes('two')) await once(client, 'data');
  assert.match(received, /^HTTP\/1\.1 101 [\s\S]*\r\n\r\n\/socket\?a=1 onetwo$/);
  client.end();
  await done;
});

test('a stream goes on as it comes', async () => {
  let finish = () => {};
  const { server } = await cluster((_, outgoing) => {
    outgoing.write('first');
    finish = () => outgoing.end('last');
  });
  const { body } = await server.respond('GET', `${namespaced}/pods/web/proxy/stream`);
  const pieces = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  assert.equal(Buffer.from((await pieces.next()).value!).toString(), 'first');
  finish();
  assert.equal(Buffer.from(await collectBody({ [Symbol.asyncIterator]: () => pieces })).toString(), 'last');
});

test('names are of three forms', () => {
  for (const [text, expected] of [
    ['a', ['', 'a', '']],
    ['a:1', ['', 'a', '1']],
    ['https:a:', ['https', 'a', '']],
    [':a:b', ['', 'a', 'b']],
    ['http:a:b:c', undefined],
    ['x:a:b', undefined],
    [':b', undefined],
  ] as const) {
    const parts = splitSchemeNamePort(text);
    assert.deepEqual(parts && [parts.scheme, parts.name, parts.port], expected);
  }
});

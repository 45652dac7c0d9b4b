import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair, PassThrough } from 'node:stream';
import { test } from 'node:test';
import { systemWorld } from '@keelson/base';
import type { Runtime } from '../runtime.ts';
import { createKubeletServer } from './kubelet-server.ts';

const missing = spawnSync('kubectl', ['version', '--client']).status === 0 ? false : 'there is no kubectl';

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'default', name: 'p', uid: 'u' },
  spec: { nodeName: 'n', containers: [{ name: 'c', image: 'x' }] },
  status: { phase: 'Running' },
};

const documents: Record<string, object> = {
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [{ name: 'pods', singularName: 'pod', namespaced: true, kind: 'Pod', verbs: ['get', 'create'] }],
  },
  '/api/v1/namespaces/default/pods/p': pod,
};

/** A command that echoes its input, complains and exits with 7; every port is `port` of this machine. */
function echoing(port: () => number): Runtime {
  const state = { containers: [{ id: 'x', name: 'c', state: 'running' }], sandboxes: [{ id: 's', ready: true }] };
  return {
    simulated: false,
    pod: async () => state,
    portForward: async () => connect({ port: port(), host: '127.0.0.1' }),
    exec: async () => {
      const through = new PassThrough();
      const stderr = new PassThrough();
      stderr.end('to stderr\n');
      const exit = new Promise((resolve) => through.once('end', () => resolve(7)));
      return { stdin: through, stdout: through, stderr, resize() {}, exit, close() {} };
    },
  } as unknown as Runtime;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;
const listening = (server: Server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

/** An API server that knows one pod and joins upgrades with the kubelet; `webSockets`: whether it lets those through. */
function apiBefore(kubelet: ReturnType<typeof createKubeletServer>, webSockets: boolean): Server {
  const server = createServer((request, response) => {
    const found = documents[request.url!.split('?')[0]!];
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify(found ?? { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 }),
    );
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (!webSockets && request.headers.upgrade === 'websocket') {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      return;
    }
    const [near, far] = duplexPair();
    kubelet.serve(far);
    const { pathname, search } = new URL(request.url!, 'http://api');
    const path = pathname.endsWith('/exec') ? `/exec/default/p/c${search}` : '/portForward/default/p';
    const lines = [`${request.method} ${path} HTTP/1.1`];
    for (let at = 0; at < request.rawHeaders.length; at += 2)
      lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
    near.write(`${lines.join('\r\n')}\r\n\r\n`);
    near.write(head);
    near.pipe(socket);
    socket.pipe(near);
  });
  return server;
}

async function withKubectl(
  webSockets: boolean,
  work: (kubectl: (...words: string[]) => ReturnType<typeof spawn>) => Promise<void>,
): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'keelson-kubectl-'));
  const page = createServer((_request, response) => response.end('hello from the port'));
  const node = { pods: () => [pod as never], statusOf: () => undefined };
  const runtime = echoing(() => portOf(page));
  const kubelet = createKubeletServer({ world: systemWorld(), runtime, nodeName: 'n', node });
  const api = apiBefore(kubelet, webSockets);
  await Promise.all([listening(page), listening(api)]);
  const env = { PATH: process.env['PATH'], HOME: home };
  const url = `http://127.0.0.1:${portOf(api)}`;
  try {
    await work((...words) => spawn('kubectl', ['-s', url, ...words], { env, stdio: 'pipe' }));
  } finally {
    kubelet.close();
    for (const server of [page, api]) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(home, { recursive: true, force: true });
  }
}

for (const webSockets of [true, false]) {
  const over = webSockets ? 'WebSocket' : 'SPDY';

  test(`kubectl exec over ${over}`, { skip: missing, timeout: 20_000 }, () =>
    withKubectl(webSockets, async (kubectl) => {
      const child = kubectl('exec', '-i', 'p', '--', 'cat');
      const said = { out: '', bad: '' };
      child.stdout!.on('data', (text) => (said.out += text));
      child.stderr!.on('data', (text) => (said.bad += text));
      child.stdin!.end('typed here\n');
      const code = await new Promise((resolve) => child.once('close', resolve));
      assert.equal(said.out, 'typed here\n', said.bad);
      assert.match(said.bad, /to stderr\n.*command terminated with exit code 7/s);
      assert.equal(code, 7);
    }),
  );

  test(`kubectl port-forward over ${over}`, { skip: missing, timeout: 20_000 }, () =>
    withKubectl(webSockets, async (kubectl) => {
      const child = kubectl('port-forward', '--address', '127.0.0.1', 'p', ':80');
      const port = await new Promise<string>((resolve) => {
        child.stdout!.on('data', (text) => {
          const match = /Forwarding from 127\.0\.0\.1:(\d+)/.exec(String(text));
          if (match) resolve(match[1]!);
        });
      });
      const pages = await Promise.all([1, 2, 3].map(async () => (await fetch(`http://127.0.0.1:${port}/`)).text()));
      child.kill();
      await new Promise((resolve) => child.once('close', resolve));
      assert.deepEqual(pages, Array(3).fill('hello from the port'));
    }),
  );
}

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { globSync, readdirSync } from 'node:fs';
import { request } from 'node:http';
import { duplexPair } from 'node:stream';
import { after, before, test } from 'node:test';
import { createLog, formatLogEntry, SystemClock, systemWorld } from '@keelson/base';
import { SharedCaches } from '@keelson/client';
import { MemoryApi } from '@keelson/testkit/memory-api.ts';
import { WebSocket } from 'ws';
import { createKubelet, type Kubelet } from '../../../kubelet.ts';
import { NetworkProber } from '../../../probes/network-prober.ts';
import { DiskPodFiles } from '../../../volumes/disk-pod-files.ts';
import { CriRuntime } from '../cri-runtime.ts';
import { type PrivateContainerd, startContainerd } from './private-containerd.ts';

const world = systemWorld(createLog(new SystemClock(), (entry) => console.error(formatLogEntry(entry)), 'warn'));
const api = new MemoryApi(world);
const events: string[] = [];
const cgroupRoot = `/keelson-test-${process.pid}`;
let containerd: PrivateContainerd;
let runtime: CriRuntime;
let kubelet: Kubelet;
let caches: SharedCaches;

const description = {
  name: 'n1',
  labels: {},
  addresses: [{ type: 'InternalIP', address: '127.0.0.1' } as const],
  capacity: { cpu: '2', memory: '4194304Ki', pods: '17' },
  allocatable: { cpu: '2', memory: '4194304Ki', pods: '17' },
  info: {
    machineID: '',
    systemUUID: '',
    bootID: '',
    kernelVersion: '',
    osImage: '',
    kubeletVersion: 'v1.36.0',
    operatingSystem: 'linux',
    architecture: 'amd64',
  },
  port: 0,
};

async function begin(): Promise<void> {
  runtime = new CriRuntime({ world, socket: containerd.socket, relistInterval: 200 });
  caches = new SharedCaches({ client: api, world });
  kubelet = createKubelet({
    world,
    client: api,
    caches,
    recorder: { event: (_about, type, reason, message) => void events.push(`${type} ${reason} ${message}`) },
    runtime,
    prober: new NetworkProber(runtime, world.clock),
    files: new DiskPodFiles(`${containerd.directory}/kubelet`, world.random),
    description: () => description,
    resolver: {
      node: { servers: ['10.0.0.2'], searches: [], options: [] },
      clusterServers: ['10.100.0.10'],
      clusterDomain: 'cluster.local',
    },
    logRoot: `${containerd.directory}/logs`,
    cgroupRoot,
  });
  await kubelet.start();
}

async function end(): Promise<void> {
  await kubelet.stop();
  caches.stop();
  await runtime.close();
}

before(async () => {
  containerd = await startContainerd();
  await begin();
});

after(async () => {
  for (const pod of await runtime.pods()) {
    for (const { id } of pod.sandboxes) await runtime.stopSandbox(id);
    for (const { id } of pod.sandboxes) await runtime.removeSandbox(id);
  }
  await end();
  await runtime.removeCgroup(cgroupRoot);
  await containerd.stop();
});

function put(name: string, container: object, more: object = {}): void {
  api.put('pods', {
    metadata: { name, namespace: 'default', uid: `uid-${name}`, generation: 1, labels: { app: name } },
    spec: {
      nodeName: 'n1',
      terminationGracePeriodSeconds: 2,
      containers: [
        { name: 'c', image: 'docker.io/library/busybox:test', imagePullPolicy: 'IfNotPresent', ...container },
      ],
      ...more,
    },
    status: { phase: 'Pending' },
  });
}

const statusOf = (name: string): any => api.object('pods', 'default', name)?.['status'];

/** Waits for the API to show it; the limit only ends a test that has failed. */
async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const limit = world.clock.monotonic() + 30_000;
  while (!(await condition())) {
    const shown = JSON.stringify(
      [...api.objectsOf('pods').values()].map(({ status }) => status),
      null,
      1,
    );
    assert.ok(world.clock.monotonic() < limit, `${what} did not happen: ${shown}\n${events.join('\n')}`);
    await new Promise<void>((resolve) => world.clock.setTimer(25, resolve));
  }
}

const running = (name: string) => statusOf(name)?.containerStatuses?.[0]?.state.running !== undefined;
const containerId = (name: string): string =>
  statusOf(name).containerStatuses[0].containerID.replace('containerd://', '');
const script = (text: string) => ({ command: ['/bin/sh', '-c', text] });

async function output(name: string, command: string): Promise<string> {
  const { stdout, stderr } = await runtime.execSync(containerId(name), ['/bin/sh', '-c', command], 5000);
  return Buffer.concat([stdout, stderr]).toString();
}

test('a pod runs in a container, with its address, variables, files and hosts', { timeout: 40_000 }, async () => {
  api.put('configmaps', { metadata: { name: 'cfg', namespace: 'default' }, data: { 'a.txt': 'first', b: 'two' } });
  api.answer = () => ({
    status: { token: 'a-token', expirationTimestamp: new Date(world.clock.now() + 3_600_000).toISOString() },
  });
  put(
    'web',
    {
      ...script('echo started $NAME; exec sleep 1000'),
      env: [
        { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'B', valueFrom: { configMapKeyRef: { name: 'cfg', key: 'b' } } },
      ],
      volumeMounts: [
        { name: 'cfg', mountPath: '/cfg' },
        { name: 'cfg', mountPath: '/one', subPath: 'a.txt' },
        { name: 'scratch', mountPath: '/scratch' },
        { name: 'token', mountPath: '/token', readOnly: true },
      ],
    },
    {
      volumes: [
        { name: 'cfg', configMap: { name: 'cfg' } },
        { name: 'scratch', emptyDir: {} },
        {
          name: 'token',
          projected: { sources: [{ serviceAccountToken: { path: 'token', expirationSeconds: 3600 } }] },
        },
      ],
    },
  );
  api.put('serviceaccounts', { metadata: { name: 'default', namespace: 'default' } });
  await until('web runs', () => running('web'));
  const { podIP } = statusOf('web');
  assert.match(podIP, /^10\.89\.0\./);
  assert.equal(
    await output('web', 'cat /cfg/a.txt /one; echo; echo $B $NAME; cat /token/token; touch /scratch/x && ls /scratch'),
    'firstfirst\ntwo web\na-tokenx\n',
  );
  assert.match(await output('web', 'cat /etc/hosts'), new RegExp(`${podIP}\tweb`));
  assert.match(
    await output('web', 'cat /etc/resolv.conf'),
    /search default\.svc\.cluster\.local svc\.cluster\.local cluster\.local\nnameserver 10\.100\.0\.10\noptions ndots:5/,
  );
});

test('exec carries all three streams and the exit code', { timeout: 40_000 }, async () => {
  const streams = { stdin: true, stdout: true, stderr: true, tty: false };
  const session = await runtime.exec(containerId('web'), {
    ...streams,
    command: ['/bin/sh', '-c', 'cat; echo bad >&2; exit 7'],
  });
  session.stdin!.end('through\n');
  const read = async (stream: AsyncIterable<Buffer>) => {
    let text = '';
    for await (const piece of stream) text += piece;
    return text;
  };
  const [out, bad, code] = await Promise.all([read(session.stdout!), read(session.stderr!), session.exit]);
  session.close();
  assert.deepEqual([out, bad, code], ['through\n', 'bad\n', 7]);
});

test('a port of a pod can be reached, and a closed one says so', { timeout: 40_000 }, async () => {
  put('server', script('while true; do echo hello | nc -l -p 8080; done'));
  await until('server runs', () => running('server'));
  const sandbox = (await runtime.pod('uid-server')).sandboxes[0]!.id;
  let text = '';
  await until('it answers', async () => {
    try {
      const connection = await runtime.portForward(sandbox, 8080);
      for await (const piece of connection) text += piece;
    } catch {
      return false;
    }
    return text !== '';
  });
  assert.equal(text, 'hello\n');
});

/** One request to the kubelet's server, as the API server sends it. */
async function ask(path: string): Promise<{ readonly code: number; readonly text: string }> {
  const [client, server] = duplexPair();
  kubelet.server.serve(server);
  return new Promise((resolve, reject) => {
    const asking = request(
      { createConnection: () => client as never, path, headers: { connection: 'close' } },
      async (response) => {
        let text = '';
        for await (const piece of response) text += piece;
        resolve({ code: response.statusCode ?? 0, text });
      },
    );
    asking.once('error', reject);
    asking.end();
  });
}

test('logs come through the server: whole, the tail, with times, and followed to the end', {
  timeout: 40_000,
}, async () => {
  put('talker', script('for i in 1 2 3; do echo line $i; done; sleep 1.5; echo last >&2'), { restartPolicy: 'Never' });
  await until('talker runs', () => running('talker'));
  const path = '/containerLogs/default/talker/c';
  const followed = ask(`${path}?follow=true`);
  await until('it has talked', async () => (await ask(path)).text === 'line 1\nline 2\nline 3\n');
  assert.equal((await ask(`${path}?tailLines=1`)).text, 'line 3\n');
  assert.equal((await ask(`${path}?limitBytes=6`)).text, 'line 1');
  assert.match(
    (await ask(`${path}?tailLines=1&timestamps=true`)).text,
    /^\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00) line 3\n$/,
  );
  assert.equal((await followed).text, 'line 1\nline 2\nline 3\nlast\n');
  assert.equal((await ask(`${path}?stream=Stderr`)).text, 'last\n');
  const refused = await ask(`${path}?previous=true`);
  assert.deepEqual(refused, { code: 400, text: 'previous terminated container "c" in pod "talker" not found' });
});

/** A WebSocket to the kubelet's server. */
async function dial(path: string, protocol: string): Promise<WebSocket> {
  const [client, server] = duplexPair();
  kubelet.server.serve(server);
  const socket = new WebSocket(`ws://kubelet${path}`, [protocol], { createConnection: () => client });
  await once(socket, 'open');
  return socket;
}

test('exec over a WebSocket: input, its end, output, exit code', { timeout: 40_000 }, async () => {
  const command = ['/bin/sh', '-c', 'cat; echo bad >&2; exit 5']
    .map((word) => `command=${encodeURIComponent(word)}`)
    .join('&');
  const socket = await dial(`/exec/default/web/c?input=1&output=1&error=1&${command}`, 'v5.channel.k8s.io');
  const said = new Map<number, string>();
  socket.on('message', (data: Buffer) => said.set(data[0]!, (said.get(data[0]!) ?? '') + data.subarray(1)));
  socket.send(Buffer.concat([Buffer.of(0), Buffer.from('typed\n')]));
  socket.send(Buffer.of(255, 0));
  await once(socket, 'close');
  assert.equal(said.get(1), 'typed\n');
  assert.equal(said.get(2), 'bad\n');
  const status = JSON.parse(said.get(3)!);
  assert.deepEqual([status.reason, status.details.causes[0].message], ['NonZeroExitCode', '5']);
});

test('exec with a terminal: it has the size that the client tells', { timeout: 40_000 }, async () => {
  const command = ['/bin/sh', '-c', 'sleep 0.5; stty size']
    .map((word) => `command=${encodeURIComponent(word)}`)
    .join('&');
  const socket = await dial(`/exec/default/web/c?input=1&output=1&tty=1&${command}`, 'v4.channel.k8s.io');
  let said = '';
  socket.on('message', (data: Buffer) => {
    if (data[0] === 1) said += data.subarray(1);
  });
  socket.send(Buffer.concat([Buffer.of(4), Buffer.from('{"Width":91,"Height":33}')]));
  await once(socket, 'close');
  assert.equal(said.trim(), '33 91');
});

test('statistics tell of every container', { timeout: 40_000 }, async () => {
  const summary = JSON.parse((await ask('/stats/summary')).text);
  assert.ok(summary.pods.some((pod: any) => pod.podRef.name === 'web' && pod.containers[0].memory.workingSetBytes > 0));
  assert.match(
    (await ask('/metrics/resource')).text,
    /container_memory_working_set_bytes\{container="c",namespace="default",pod="web"\} \d+ \d+/,
  );
});

test('a container that dies is restarted and says why it died', { timeout: 40_000 }, async () => {
  put('crash', script('echo last words > /dev/termination-log; sleep 0.3; exit 3'));
  await until(
    'it waits for its restart',
    () => statusOf('crash')?.containerStatuses?.[0]?.state.waiting?.reason === 'CrashLoopBackOff',
  );
  const [container] = statusOf('crash').containerStatuses;
  assert.equal(container.restartCount, 1);
  assert.equal(container.lastState.terminated.exitCode, 3);
  assert.equal(container.lastState.terminated.message, 'last words\n');
});

test('readiness follows the probe over the network', { timeout: 40_000 }, async () => {
  const probe = { httpGet: { path: '/', port: 8000 }, periodSeconds: 1 };
  put('probed', {
    ...script('mkdir -p /tmp/w; sleep 1; echo ok > /tmp/index.html; exec httpd -f -p 8000 -h /tmp'),
    readinessProbe: probe,
  });
  await until('it is ready', () => statusOf('probed')?.containerStatuses?.[0]?.ready === true);
  assert.ok(
    events.some((event) =>
      /Readiness probe failed: Get "http:\/\/10\.89\.0\.\d+:8000\/": dial tcp 10\.89\.0\.\d+:8000: connect: connection refused/.test(
        event,
      ),
    ),
    events.join('\n'),
  );
});

test('a container that runs gets other limits, and an ephemeral one sees its processes', {
  timeout: 40_000,
}, async () => {
  const resources = (memory: string) => ({ limits: { cpu: '200m', memory }, requests: { cpu: '100m', memory } });
  put('grows', { ...script('exec sleep 1000'), resources: resources('64Mi') });
  await until('grows runs', () => running('grows'));
  const id = containerId('grows');
  const told = async (command: string) =>
    Buffer.from((await runtime.execSync(id, ['/bin/sh', '-c', command], 5000)).stdout).toString();
  const memory = 'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null';
  assert.equal((await told(memory)).trim(), String(64 << 20));
  const debug = {
    name: 'debug',
    image: 'docker.io/library/busybox:test',
    imagePullPolicy: 'IfNotPresent',
    targetContainerName: 'c',
    ...script('exec sleep 2000'),
  };
  put('grows', { ...script('exec sleep 1000'), resources: resources('96Mi') }, { ephemeralContainers: [debug] });
  await until('grows has grown', async () => (await told(memory)).trim() === String(96 << 20));
  await until('both see each other', async () => {
    const processes = await told('cat /proc/[0-9]*/cmdline | tr "\\0" " "');
    return processes.includes('sleep 1000') && processes.includes('sleep 2000');
  });
});

test('a new kubelet takes over what runs', { timeout: 40_000 }, async () => {
  const id = containerId('web');
  await end();
  await begin();
  put('later', script('exec sleep 1000'));
  await until('later runs', () => running('later'));
  assert.equal(containerId('web'), id);
  assert.equal((await runtime.pod('uid-web')).sandboxes.length, 1);
});

test('a containerd that is killed takes no container with it, and the node says so meanwhile', {
  timeout: 40_000,
}, async () => {
  const id = containerId('web');
  const ready = () => {
    const conditions: any[] = api.object('nodes', undefined, 'n1')?.['status'].conditions ?? [];
    return conditions.find(({ type }) => type === 'Ready');
  };
  await containerd.kill();
  await until('the node is not ready', () => ready()?.status === 'False');
  assert.match(ready().message, /^\[?container runtime is down: /);
  put('meanwhile', script('exec sleep 1000'));
  await containerd.start();
  await until('the node is ready again', () => ready()?.status === 'True');
  await until('what waited runs', () => running('meanwhile'));
  assert.equal(containerId('web'), id);
  assert.equal(statusOf('web').containerStatuses[0].restartCount, 0);
  assert.equal(await output('web', 'echo $NAME'), 'web\n');
});

test('an image that no registry has is an error, and the pod says so', { timeout: 40_000 }, async () => {
  put('none', { image: 'localhost:1/none:1' });
  await until('the pull fails', () =>
    /ErrImagePull|ImagePullBackOff/.test(statusOf('none')?.containerStatuses?.[0]?.state.waiting?.reason ?? ''),
  );
  assert.ok(events.some((event) => event.startsWith('Warning Failed Failed to pull image "localhost:1/none:1": ')));
});

test('deleted pods leave nothing behind', { timeout: 40_000 }, async () => {
  const pods = api.resource({ group: '', version: 'v1', kind: 'Pod', resource: 'pods', namespaced: true });
  const names = [...api.objectsOf('pods').values()].map(({ metadata }) => metadata!.name!);
  for (const name of names) await pods.delete(name, 'default');
  await until('all are gone', () => api.objectsOf('pods').size === 0);
  assert.deepEqual(await runtime.pods(), []);
  assert.deepEqual(readdirSync(`${containerd.directory}/logs`), []);
  assert.deepEqual(globSync(`/sys/fs/cgroup/{,*}${cgroupRoot}/*/*pod*`), []);
  assert.deepEqual(await new DiskPodFiles(`${containerd.directory}/kubelet`, world.random).pods(), []);
});

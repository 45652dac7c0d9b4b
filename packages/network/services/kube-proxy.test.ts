import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sleep, systemWorld } from '@keelson/base';
import { MemoryApi } from '@keelson/testkit/memory-api.ts';
import { linuxNetworkProblem } from '../dataplanes/linux/linux-network-problem.ts';
import { KubeProxy } from './kube-proxy.ts';
import { readKubeProxyConfiguration } from './kube-proxy-configuration.ts';
import { RoutedHosts } from './suite/routed-hosts.ts';
import { sampleService, sampleSlice } from './suite/sample-services.ts';

const skip = linuxNetworkProblem() ?? false;
const world = systemWorld();
const api = new MemoryApi(world);
const [client, one, two] = ['10.0.1.10', '10.0.1.20', '10.0.2.20'];
const stop = new AbortController();
let hosts: RoutedHosts;
let proxy: KubeProxy;
let running: Promise<void>;

/** Answers each connection, of TCP or UDP, with its own address and the caller's. */
const backend = (address: string) => `
  require('net').createServer((s) => { s.on('error', () => {}); s.end('${address} ' + s.remoteAddress); }).listen(8080, '0.0.0.0', () => console.log('up'));
  const u = require('dgram').createSocket('udp4');
  u.on('message', (m, r) => u.send('${address} ' + r.address, r.port, r.address)); u.bind(8080);`;

/** Connects `times` times in turn; each result is `<backend> <caller>` or the error's code. */
async function connect(from: string, address: string, port: number, times = 1, protocol = 'tcp'): Promise<string[]> {
  const tcp = `const s = require('net').connect({ host: '${address}', port: ${port} }); let t = '';
    s.setTimeout(400, () => s.destroy(Object.assign(new Error(), { code: 'TIMEOUT' })));
    s.on('data', (d) => { t += d; }); s.on('end', () => done(t)); s.on('error', (e) => done(e.code));`;
  const udp = `const s = require('dgram').createSocket('udp4'); s.on('message', (d) => { s.close(); done(String(d)); });
    s.send('x', ${port}, '${address}');`;
  const script = `(async () => { const out = []; for (let i = 0; i < ${times}; i++)
    out.push(await new Promise((done) => { ${protocol === 'tcp' ? tcp : udp} })); console.log(JSON.stringify(out)); })()`;
  return JSON.parse(await hosts.run(from, process.execPath, '-e', script));
}

/** Puts objects and waits until the rules hold them. */
async function settle(...objects: (() => unknown)[]): Promise<void> {
  await sleep(world.clock, 0);
  for (const change of objects) change();
  for (let tries = 0; tries < 500; tries++) {
    await sleep(world.clock, 10);
    if (proxy.state.waitingSince === undefined && tries > 5) return;
  }
  throw new Error('the rules were not written');
}

before(async () => {
  if (skip) return;
  hosts = await RoutedHosts.create([client, one, two]);
  await hosts.start(one, backend(one));
  await hosts.start(two, backend(two));
  api.put('nodes', {
    metadata: { name: 'node-1' },
    status: { addresses: [{ type: 'InternalIP', address: '10.0.0.1' }] },
  });
  const configuration = readKubeProxyConfiguration({
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    nftables: { minSyncPeriod: '5ms', syncPeriod: '200ms' },
  });
  const nft = (words: readonly string[], input = '') => hosts.runWithInput('node', ['nft', ...words], input);
  proxy = new KubeProxy({ world, client: api, nodeName: 'node-1', configuration, nft });
  running = proxy.run(stop.signal);
});

after(async () => {
  if (skip) return;
  stop.abort();
  await running;
  await hosts.remove();
});

test('a cluster IP spreads connections over its endpoints, and follows them', { skip }, async () => {
  await settle(
    () => api.put('services', sampleService('web')),
    () => api.put('endpointslices', sampleSlice('web', [one, two])),
  );
  const answers = await connect(client, '10.100.0.10', 80, 100);
  const first = answers.filter(
    (answer) => answer === `${one} ::ffff:${client}` || answer === `${one} ${client}`,
  ).length;
  assert.equal(answers.filter((answer) => answer.startsWith(two)).length, 100 - first, answers.join());
  assert.ok(first >= 25 && first <= 75, `${first} of 100 at the first`);
  await settle(() => api.put('endpointslices', sampleSlice('web', [two])));
  assert.deepEqual(new Set(await connect(client, '10.100.0.10', 80, 20)).size, 1);
  assert.match((await connect(client, '10.100.0.10', 80))[0]!, new RegExp(`^${two} `));
  await settle(() => api.put('endpointslices', sampleSlice('web', [])));
  assert.deepEqual(await connect(client, '10.100.0.10', 80), ['ECONNREFUSED']);
  assert.deepEqual(await connect(client, '10.100.0.10', 81), ['ECONNREFUSED'], 'a port that the Service has not');
});

test('a pod reaches itself through its Service, and the node reaches Services', { skip }, async () => {
  await settle(() => api.put('endpointslices', sampleSlice('web', [one])));
  assert.match((await connect(one, '10.100.0.10', 80))[0]!, /10\.0\.1\.20 .*10\.0\.0\.1$/);
  assert.match((await connect('node', '10.100.0.10', 80))[0]!, /^10\.0\.1\.20 /);
});

test('a node port answers at the node with the node as sender, or with the sender kept', { skip }, async () => {
  const nodePort = { type: 'NodePort', nodePort: 30080 };
  const slice = sampleSlice('web', [
    [one, 'node-1'],
    [two, 'node-2'],
  ]);
  await settle(
    () => api.put('services', sampleService('web', nodePort)),
    () => api.put('endpointslices', slice),
  );
  for (const answer of await connect(client, '10.0.0.1', 30080, 10)) assert.match(answer, /10\.0\.0\.1$/);
  const local = sampleService('web', { ...nodePort, spec: { externalTrafficPolicy: 'Local' } });
  await settle(() => api.put('services', local));
  for (const answer of await connect(client, '10.0.0.1', 30080, 10))
    assert.match(answer, /^10\.0\.1\.20 .*10\.0\.1\.10$/);
  await settle(() => api.put('endpointslices', sampleSlice('web', [[two, 'node-2']])));
  assert.deepEqual(await connect(client, '10.0.0.1', 30080), ['TIMEOUT']);
});

test('a client keeps its endpoint with session affinity', { skip }, async () => {
  await settle(
    () => api.put('services', sampleService('web', { spec: { sessionAffinity: 'ClientIP' } })),
    () => api.put('endpointslices', sampleSlice('web', [one, two])),
  );
  const kept = new Set(await connect(client, '10.100.0.10', 80, 20));
  assert.equal(kept.size, 1);
  await settle(() => api.put('endpointslices', sampleSlice('web', [one, two, '10.0.3.20'])));
  assert.deepEqual(new Set(await connect(client, '10.100.0.10', 80, 20)), kept);
});

test('UDP goes the same way, and rules that somebody flushed come back', { skip }, async () => {
  const udp = [{ name: '', protocol: 'UDP', port: 53 }];
  await settle(
    () => api.put('services', sampleService('web', { spec: { ports: udp } })),
    () =>
      api.put('endpointslices', {
        ...sampleSlice('web', [one, two]),
        ports: [{ name: '', protocol: 'UDP', port: 8080 }],
      }),
  );
  assert.equal(new Set(await connect(client, '10.100.0.10', 53, 60, 'udp')).size, 2);
  await hosts.run('node', 'nft', 'flush', 'ruleset');
  const syncs = proxy.state.syncs;
  while (proxy.state.syncs === syncs) await sleep(world.clock, 20);
  assert.equal((await connect(client, '10.100.0.10', 53, 4, 'udp')).length, 4);
});

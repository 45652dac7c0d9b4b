import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemWorld } from '@keelson/base';
import { linuxNetworkProblem } from '../dataplanes/linux/linux-network-problem.ts';
import { inNamespace } from '../dataplanes/linux/namespaces.ts';
import { RoutedHosts } from '../services/suite/routed-hosts.ts';
import { AddressLedger } from './address-ledger.ts';
import type { AddressManagerOptions } from './address-manager.ts';
import { AddressManager } from './address-manager.ts';
import { cniPlugin } from './cni-plugin.ts';
import { CniServer } from './cni-server.ts';
import { sourceNatRules } from './source-nat.ts';
import { FakeInstanceNetwork } from './suite/fake-instance-network.ts';
import { readWarmTargets } from './warm-pool.ts';

const skip = linuxNetworkProblem() ?? false;
const world = systemWorld();
const folder = mkdtempSync(join(tmpdir(), 'keelson-cni-'));
const socketPath = join(folder, 'ipam.sock');
const plugin = join(folder, 'aws-cni');
const [one, two, outside] = ['10.9.0.1', '10.9.0.2', '192.0.2.9'];
const stop = new AbortController();
const links = { mtu: 1500, vpcCidrs: ['10.0.0.0/8'], externalSnat: false };
let hosts: RoutedHosts;
let server: CniServer;
let running: Promise<void>;
let addresses: AddressManager;

interface Answer {
  readonly code: number | null;
  readonly body: any;
}

/** Runs the plugin at the node as containerd would. */
function cni(command: string, pod: string, containerId = `c${pod}`): Promise<Answer> {
  const [program = '', ...words] = inNamespace(hosts.path('node'), [plugin]);
  const env = {
    CNI_COMMAND: command,
    CNI_CONTAINERID: containerId,
    CNI_NETNS: hosts.path(pod),
    CNI_IFNAME: 'eth0',
    CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=p${pod}`,
    PATH: process.env['PATH'],
  };
  return new Promise((resolve) => {
    const child = spawn(program, words, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (piece) => {
      text += piece;
    });
    child.on('close', (code) => resolve({ code, body: text === '' ? undefined : JSON.parse(text) }));
    child.stdin.end(JSON.stringify({ cniVersion: '1.0.0', name: 'aws-cni', type: 'aws-cni' }));
  });
}

function manager(network: FakeInstanceNetwork, change: Partial<AddressManagerOptions> = {}): AddressManager {
  const ledger = new AddressLedger(join(folder, 'ipam.json'));
  return new AddressManager({ world, network, ledger, targets: readWarmTargets({}), cooldown: 60_000, ...change });
}

before(async () => {
  if (skip) return;
  hosts = await RoutedHosts.create([outside]);
  // The namespaces of pods are empty until the plugin connects them.
  for (const pod of [one, two]) await hosts.add(pod);
  addresses = manager(new FakeInstanceNetwork());
  running = addresses.run(stop.signal);
  writeFileSync(plugin, cniPlugin(socketPath));
  chmodSync(plugin, 0o755);
  server = await CniServer.listen({ socketPath, addresses, links: () => links, log: world.log });
  const nat = {
    primaryAddress: '10.0.0.1',
    vpcCidrs: ['10.0.0.0/8'],
    excludedCidrs: [],
    externalSnat: false,
    randomize: 'prng',
  };
  await hosts.runWithInput('node', ['nft', '-f', '-'], sourceNatRules(nat));
});

after(async () => {
  stop.abort();
  rmSync(folder, { recursive: true, force: true });
  if (skip) return;
  await running;
  await server.close();
  await hosts.remove();
});

const addressOf = (answer: Answer) => answer.body.ips[0].address.replace('/32', '');

test('pods that the plugin connects reach each other, the node, and the outside with its address', {
  skip,
}, async () => {
  const first = await cni('ADD', one);
  assert.equal(first.code, 0, JSON.stringify(first.body));
  const second = await cni('ADD', two);
  assert.notEqual(addressOf(first), addressOf(second));
  assert.deepEqual(
    first.body.interfaces.map(({ name }: { name: string }) => name.slice(0, 3)),
    ['eni', 'eth'],
  );
  const answering = `require('net').createServer((s) => s.end(s.remoteAddress)).listen(80, '0.0.0.0', () => console.log('up'))`;
  for (const host of [two, 'node', outside]) await hosts.start(host, answering);
  const ask = (from: string, to: string) =>
    hosts.run(
      from,
      process.execPath,
      '-e',
      `require('net').connect({ host: '${to}', port: 80 }).setTimeout(1000, () => process.exit(9)).on('data', (d) => console.log(String(d)))`,
    );
  assert.match(await ask(one, addressOf(second)), new RegExp(`${addressOf(first)}$`, 'm'));
  assert.match(await ask(one, '10.0.0.1'), new RegExp(`${addressOf(first)}$`, 'm'));
  assert.match(await ask(one, outside), /10\.0\.0\.1$/m, 'the outside sees the node');
  assert.equal((await cni('CHECK', one)).code, 0);
});

test('the same ADD gives the same address, also to a daemon that was started again', { skip }, async () => {
  const before = addressOf(await cni('ADD', one));
  assert.equal(addressOf(await cni('ADD', one)), before);
  const again = new AddressLedger(join(folder, 'ipam.json'));
  assert.equal(again.find(`c${one}`, 'eth0')?.address, before);
  assert.equal(new Set(again.all.map(({ address }) => address)).size, again.all.length);
});

test('DEL gives the address back and can be called again', { skip }, async () => {
  const known = addresses.find(`c${one}`, 'eth0')!;
  assert.equal((await cni('DEL', one)).code, 0);
  assert.equal((await cni('DEL', one)).code, 0);
  assert.equal((await cni('CHECK', one)).body.code, 3);
  assert.ok(!(await hosts.run('node', 'ip', 'link')).includes(known.hostLink));
  assert.ok(!(await hosts.run('node', 'ip', 'rule')).includes(known.address));
  assert.notEqual(
    addressOf(await cni('ADD', one, 'another')),
    known.address,
    'an address rests before it is given again',
  );
  await cni('DEL', one, 'another');
});

test('the plugin says what went wrong, and is quick', { skip }, async () => {
  const began = performance.now();
  const version = await cni('VERSION', one);
  assert.ok(performance.now() - began < 1000);
  assert.ok(version.body.supportedVersions.includes('1.0.0'));
  assert.equal((await cni('PLAY', one)).body.code, 4);
  assert.equal((await cni('ADD', one, 'a b')).body.code, 4);
  const nowhere = await cni('ADD', '10.9.9.9');
  assert.equal(nowhere.body.code, 999);
  assert.match(nowhere.body.msg, /^add cmd: /);
  await cni('DEL', '10.9.9.9');
});

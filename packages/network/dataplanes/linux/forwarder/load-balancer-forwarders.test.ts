import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sleep, systemWorld } from '@keelson/base';
import type { LoadBalancer, NetworkInterface } from '@keelson/model/region/object-types.ts';
import { everyone, sampleGroup, sampleInterface, sampleVpc } from '../../../suite/sample-vpc.ts';
import { planVpcFabric } from '../../../vpc-plan.ts';
import { InterfaceNamespaces } from '../interface-namespaces.ts';
import { linuxNetworkProblem } from '../linux-network-problem.ts';
import { inNamespace } from '../namespaces.ts';
import { VpcFabric } from '../vpc-fabric.ts';
import { LoadBalancerForwarders } from './load-balancer-forwarders.ts';

const skip = linuxNetworkProblem() ?? false;
const world = systemWorld();
const identity = randomBytes(4).toString('hex');
const vpcId = 'vpc-0cccccccccccccccc';
const fabric = new VpcFabric({ world, identity });
const namespaces = new InterfaceNamespaces(world, identity);
const folder = mkdtempSync(join(tmpdir(), 'keelson-forwarders-'));
const hostAddress = `127.90.${randomBytes(1)[0]}.77`;
const servers: ChildProcess[] = [];
const forwarders = () =>
  new LoadBalancerForwarders({
    world,
    folder,
    program: [process.execPath, join(import.meta.dirname, 'main.ts')],
    namespaceOf: (id) => fabric.pathOf(id),
  });

const free = { attachment: undefined };
const interfaces = [1, 2, 3].map((number) => {
  const one = sampleInterface(number, 'subnet-a', [`10.0.1.1${number}`], ['sg-open']);
  return { ...one, spec: { ...one.spec, ...free } } as NetworkInterface;
});
const balancerInterface: NetworkInterface = {
  ...interfaces[0]!,
  metadata: { name: 'eni-00000000000000009' },
  spec: { ...interfaces[0]!.spec, interfaceType: 'network_load_balancer', privateIpAddress: '10.0.1.99', groupIds: [] },
};

/** Listens on port 80 in an interface's namespace, greets with its own number, and repeats what it hears. */
async function serve(number: number): Promise<ChildProcess> {
  const path = await namespaces.ensure(interfaces[number - 1]!.metadata.name!);
  const script = `require('net').createServer({allowHalfOpen:true},s=>{s.on('error',()=>s.destroy());s.write('${number}:');s.pipe(s)}).listen(80,()=>console.log('ready'))`;
  const [command, ...words] = inNamespace(path, [process.execPath, '-e', script]);
  const child = spawn(command!, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout!, 'data');
  servers[number] = child;
  return child;
}

function balancer(targets: readonly number[], ports = [8080]): LoadBalancer {
  return {
    metadata: { name: 'lb-1' },
    spec: {
      loadBalancerName: 'lb-1',
      type: 'network',
      scheme: 'internet-facing',
      vpcId,
      subnetIds: ['subnet-a'],
      listeners: ports.map((port) => ({
        port,
        protocol: 'TCP',
        targets: targets.map((number) => ({ address: `10.0.1.1${number}`, port: 80 })),
      })),
    },
    status: { state: 'provisioning', addresses: ['10.0.1.99'] },
  };
}

/** Says something, ends its side, and resolves to all that comes back; rejects when the connection is refused or reset. */
async function talk(port: number, said: string): Promise<string> {
  const socket = connect({ host: hostAddress, port, allowHalfOpen: true });
  socket.end(said);
  let heard = '';
  for await (const piece of socket) heard += piece;
  return heard;
}

async function health(states: readonly string[]): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    const found = forwarders().targetHealth('lb-1');
    if (found.map(({ state }) => state).join() === states.join()) return;
    await sleep(world.clock, 20);
  }
  assert.deepEqual(forwarders().targetHealth('lb-1'), states);
}

before(async () => {
  if (skip) return;
  for (const number of [1, 2]) await serve(number);
  const plan = planVpcFabric(
    sampleVpc({
      vpcId,
      securityGroups: [sampleGroup('sg-open', [everyone, { egress: false, protocol: '-1', cidrIpv4: '10.0.0.0/16' }])],
      networkInterfaces: [...interfaces, balancerInterface],
    }),
  );
  await namespaces.ensure(interfaces[2]!.metadata.name!);
  await fabric.apply(plan, namespaces.placement);
});

after(async () => {
  for (const child of servers) child?.kill('SIGKILL');
  if (!skip) {
    await forwarders().remove('lb-1');
    await fabric.remove(vpcId);
    for (const id of namespaces.list()) await namespaces.remove(id);
  }
  await rm(folder, { recursive: true, force: true });
});

const bounded = { skip, timeout: 20_000 };

test('connections from the host go round the targets in the VPC', bounded, async () => {
  await forwarders().ensure(balancer([1, 2]), hostAddress);
  await health(['healthy', 'healthy']);
  const heard = [await talk(8080, 'hello'), await talk(8080, 'hello')].sort();
  assert.deepEqual(heard, ['1:hello', '2:hello']);
  assert.equal((await talk(8080, 'x'.repeat(3_000_000))).length, 3_000_002);
});

test('what runs in the VPC reaches it at its address there', bounded, async () => {
  const path = await namespaces.ensure(interfaces[2]!.metadata.name!);
  const script = `const s=require('net').connect({host:'10.0.1.99',port:8080});s.on('data',d=>{console.log(String(d));process.exit()});s.setTimeout(2000,()=>process.exit(9))`;
  const [command, ...words] = inNamespace(path, [process.execPath, '-e', script]);
  const child = spawn(command!, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [piece] = await once(child.stdout!, 'data');
  assert.match(String(piece), /^[12]:/);
});

test('targets change while connections stay, and the process is the same', bounded, async () => {
  const record = readFileSync(join(folder, 'lb-1/process.json'), 'utf8');
  const socket = connect({ host: hostAddress, port: 8080 });
  const [greeting] = await once(socket, 'data');
  const other = String(greeting) === '1:' ? 2 : 1;
  await forwarders().ensure(balancer([other]), hostAddress);
  assert.equal(await talk(8080, ''), `${other}:`);
  assert.equal(await talk(8080, ''), `${other}:`);
  socket.write('still here');
  assert.equal(String((await once(socket, 'data'))[0]), 'still here');
  socket.destroy();
  assert.equal(readFileSync(join(folder, 'lb-1/process.json'), 'utf8'), record);
});

test('a target that does not answer gets no connections, and is told of', bounded, async () => {
  const exit = once(servers[1]!, 'exit');
  servers[1]!.kill('SIGKILL');
  await exit;
  await forwarders().ensure(balancer([1, 2]), hostAddress);
  for (let turn = 0; turn < 4; turn++) assert.equal(await talk(8080, ''), '2:');
  await health(['unhealthy', 'healthy']);
  assert.equal(forwarders().targetHealth('lb-1')[0]!.reason, 'Target.FailedHealthChecks');
});

test('other ports start it anew; what cannot be forwarded is refused', bounded, async () => {
  await forwarders().ensure(balancer([2], [9090, 9091]), hostAddress);
  assert.equal(await talk(9090, ''), '2:');
  assert.equal(await talk(9091, ''), '2:');
  await assert.rejects(talk(8080, ''), { code: 'ECONNREFUSED' });
  const udp = balancer([2]);
  udp.spec.listeners[0]!.protocol = 'UDP';
  await assert.rejects(forwarders().ensure(udp, hostAddress), /only TCP is forwarded/);
});

test('without any target a connection is reset; without a load balancer it is refused', bounded, async () => {
  await forwarders().ensure(balancer([], [9090]), hostAddress);
  await assert.rejects(talk(9090, ''), { code: 'ECONNRESET' });
  await forwarders().remove('lb-1');
  await assert.rejects(talk(9090, ''), { code: 'ECONNREFUSED' });
  assert.deepEqual(forwarders().list(), []);
});

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sleep, systemWorld } from '@keelson/base';
import { type RunningControllers, runControllers } from '@keelson/controller-kit';
import type { LoadBalancer, NetworkInterface, Vpc } from '@keelson/model/region/object-types.ts';
import { MemoryApi } from '@keelson/testkit/memory-api.ts';
import { decodeMessage } from '../../../dns/decode-message.ts';
import { DnsListener } from '../../../dns/dns-listener.ts';
import { encodeMessage } from '../../../dns/encode-message.ts';
import {
  type DnsMessage,
  type DnsQuestion,
  internetClass,
  nameOf,
  queryFor,
  recordTypes,
  replyTo,
  responseCodes,
} from '../../../dns/message.ts';
import { addressRecord } from '../../../dns/records.ts';
import { TcpFrames } from '../../../dns/tcp-frames.ts';
import { everyone, sampleGroup, sampleInterface, sampleVpc } from '../../../suite/sample-vpc.ts';
import { InterfaceNamespaces } from '../interface-namespaces.ts';
import { linuxNetworkProblem } from '../linux-network-problem.ts';
import { inNamespace } from '../namespaces.ts';
import { runningProcess } from '../process-record.ts';
import { runCommand } from '../run-command.ts';
import { VpcFabric } from '../vpc-fabric.ts';
import { VpcNetworkController } from '../vpc-network-controller.ts';
import { VpcResolverController } from './vpc-resolver-controller.ts';
import { VpcResolvers } from './vpc-resolvers.ts';

const skip = linuxNetworkProblem() ?? false;
const world = systemWorld();
const identity = randomBytes(4).toString('hex');
const vpcId = 'vpc-1';
const namespaces = new InterfaceNamespaces(world, identity);
const fabric = new VpcFabric({ world, identity });
const folder = mkdtempSync(join(tmpdir(), 'keelson-resolvers-'));
const api = new MemoryApi(world);
let controllers: RunningControllers | undefined;
// Timers of the system's clock do not keep a process alive, and what is waited for in `after` has no other.
const alive = setInterval(() => {}, 2 ** 30);
/** What the host would name its resolver by, once egress is on. */
let outside: { readonly socket: string; readonly resolvConf: string } | undefined;
const resolvers = () =>
  new VpcResolvers({
    world,
    folder,
    ...(outside && { outside }),
    program: [process.execPath, join(import.meta.dirname, 'main.ts')],
    namespaceOf: (id) => fabric.pathOf(id),
  });

const instanceName = 'ip-10-0-1-11.ap-northeast-2.compute.internal';
const otherName = 'ip-10-0-1-12.ap-northeast-2.compute.internal';
const balancerName = 'web-0123.elb.ap-northeast-2.amazonaws.com';
const [client, other] = [1, 2].map((number) => {
  const one = sampleInterface(number, 'subnet-a', [`10.0.1.1${number}`], ['sg-silent']);
  return { ...one, spec: { ...one.spec, attachment: undefined } } as unknown as NetworkInterface;
}) as [NetworkInterface, NetworkInterface];
const loadBalancer = (name: string, address: string): LoadBalancer => ({
  metadata: { name },
  spec: {
    loadBalancerName: name,
    type: 'network',
    scheme: 'internal',
    vpcId,
    subnetIds: ['subnet-a'],
    listeners: [],
  },
  status: { state: 'active', dnsName: balancerName.replace('web', name), addresses: [address] },
});
const sample = sampleVpc();
const vpc = (change: Partial<Vpc['spec']> = {}): Vpc => ({
  ...sample.vpc,
  spec: { ...sample.vpc.spec, enableDnsHostnames: true, ...change },
});

function begin(): RunningControllers {
  const placement = namespaces.placement;
  return runControllers({
    client: api,
    world,
    controllers: [
      () => new VpcNetworkController({ world, identity, placement }),
      () => new VpcResolverController({ resolvers: resolvers(), region: 'ap-northeast-2' }),
    ],
  });
}

/** Runs a script of Node's in the client's namespace; what it writes is JSON. */
async function inClient<T>(script: string): Promise<T> {
  const path = await namespaces.ensure(client.metadata.name!);
  return JSON.parse(await runCommand(inNamespace(path, [process.execPath, '-e', script]), { clock: world.clock }));
}

interface Found {
  readonly answer: readonly string[] | string;
  readonly milliseconds: number;
}

/** What the client's resolver says: addresses or names, or the code of the failure. */
async function resolve(name: string, type: string, server: string): Promise<Found> {
  return inClient(`const r = new (require('dns').promises.Resolver)({ timeout: 3000, tries: 1 }); r.setServers(['${server}']);
    const began = performance.now(); const done = (answer) => console.log(JSON.stringify({ answer, milliseconds: performance.now() - began }));
    r.resolve('${name}', '${type}').then(done, (error) => done(error.code));`);
}

/** The same over TCP, which Node's resolver takes only when it must. */
async function resolveByTcp(name: string, server: string): Promise<string[]> {
  const question = { name: nameOf(name), type: recordTypes.A, class: internetClass };
  const query = Buffer.from(TcpFrames.frame(encodeMessage(queryFor(question, { id: 9 })))).toString('hex');
  const answer = await inClient<string>(`const s = require('net').connect(53, '${server}'); let t = '';
    s.setTimeout(3000, () => process.exit(9)); s.on('data', (d) => { t += d.toString('hex'); });
    s.on('end', () => console.log(JSON.stringify(t))); s.end(Buffer.from('${query}', 'hex'));`);
  const [message] = new TcpFrames().add(Buffer.from(answer, 'hex'));
  return decodeMessage(message!).answers.map(({ data }) => data.join('.'));
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (await condition()) return;
    await sleep(world.clock, 20);
  }
  assert.fail(`${what} did not come about`);
}

const processOf = () => runningProcess(join(folder, vpcId, 'process.json'));
const listening = () => until('a resolver', () => resolvers().state(vpcId)?.listening.length === 2);

before(async () => {
  if (skip) return;
  for (const one of [client, other]) await namespaces.ensure(one.metadata.name!);
  api.put('vpcs', vpc());
  for (const one of sample.subnets) api.put('subnets', one);
  for (const one of sample.routeTables) api.put('routetables', one);
  for (const one of sample.networkAcls) api.put('networkacls', one);
  for (const one of [sampleGroup('sg-silent', []), sampleGroup('sg-open', [everyone])]) api.put('securitygroups', one);
  for (const one of [client, other]) api.put('networkinterfaces', one);
  api.put('loadbalancers', loadBalancer('web', '10.0.1.40'));
  controllers = begin();
  await controllers.started;
  await listening();
});

after(async () => {
  await controllers?.stop();
  if (!skip) {
    await resolvers().stopAll();
    for (const id of fabric.list()) await fabric.remove(id);
    for (const id of namespaces.list()) await namespaces.remove(id);
  }
  await rm(folder, { recursive: true, force: true });
  await rm(`${folder}.sock`, { force: true });
  clearInterval(alive);
});

const bounded = { skip, timeout: 60_000 };

test(
  'an instance resolves names and addresses at both of the addresses, whatever its groups let out',
  bounded,
  async () => {
    for (const server of ['10.0.0.2', '169.254.169.253']) {
      assert.deepEqual((await resolve(balancerName, 'A', server)).answer, ['10.0.1.40']);
      assert.deepEqual((await resolve(instanceName, 'A', server)).answer, ['10.0.1.11']);
      assert.deepEqual((await resolve('11.1.0.10.in-addr.arpa', 'PTR', server)).answer, [instanceName]);
      assert.deepEqual(await resolveByTcp(balancerName, server), ['10.0.1.40']);
    }
  },
);

test('what nobody knows is told to be absent at once', bounded, async () => {
  for (const name of ['example.com', 'ip-10-0-1-99.ap-northeast-2.compute.internal', 'registry']) {
    const { answer, milliseconds } = await resolve(name, 'A', '169.254.169.253');
    assert.equal(answer, 'ENOTFOUND');
    assert.ok(milliseconds < 1000, `${milliseconds} ms`);
  }
});

test('new names reach the process that runs', bounded, async () => {
  const { pid } = processOf()!;
  api.put('loadbalancers', loadBalancer('shop', '10.0.1.41'));
  const name = balancerName.replace('web', 'shop');
  await until('the name', async () => String((await resolve(name, 'A', '10.0.0.2')).answer) === '10.0.1.41');
  api.remove('loadbalancers', undefined, 'shop');
  await until('its end', async () => (await resolve(name, 'A', '10.0.0.2')).answer === 'ENOTFOUND');
  assert.equal(processOf()?.pid, pid);
});

test('it answers without the controllers, and those that come next find it again', bounded, async () => {
  const record = processOf()!;
  assert.deepEqual((await resolve(otherName, 'A', '10.0.0.2')).answer, ['10.0.1.12']);
  await controllers!.stop();
  assert.deepEqual((await resolve(balancerName, 'A', '10.0.0.2')).answer, ['10.0.1.40']);
  api.remove('networkinterfaces', undefined, other.metadata.name!);
  controllers = begin();
  await controllers.started;
  await until('the end of a name', async () => (await resolve(otherName, 'A', '10.0.0.2')).answer === 'ENOTFOUND');
  assert.deepEqual(processOf(), record);
});

test('one that was killed is started anew with the next look', bounded, async () => {
  const { pid } = processOf()!;
  process.kill(pid, 'SIGKILL');
  await until('its end', () => processOf() === undefined);
  api.put('networkinterfaces', other);
  await until('a new one', () => (processOf()?.pid ?? pid) !== pid);
  await listening();
  assert.deepEqual((await resolve(otherName, 'A', '169.254.169.253')).answer, ['10.0.1.12']);
});

test('with egress, other names are asked for outside, of whom the host asks', bounded, async () => {
  const host = `127.91.${randomBytes(1)[0]}.53`;
  const answer = async (query: DnsMessage, tcp: boolean) => {
    const [{ name }] = query.questions as [DnsQuestion];
    if (name[0] === 'absent') return replyTo(query, { code: responseCodes.NXDOMAIN });
    const large =
      name[0] === 'large' ? Array.from({ length: 200 }, (_one, index) => `192.0.2.${index}`) : ['192.0.2.7'];
    const answers = large.map((address) => addressRecord(name, 60, address)!);
    return replyTo(query, tcp || answers.length === 1 ? { answers } : { truncated: true });
  };
  const upstream = await DnsListener.listen({ host, port: 53, answer, log: world.log });
  try {
    await controllers!.stop();
    const { pid } = processOf()!;
    outside = { socket: `${folder}.sock`, resolvConf: `${folder}.conf` };
    writeFileSync(outside.resolvConf, `search lan\nnameserver ${host}\n`);
    controllers = begin();
    await until(
      'the outside',
      async () => String((await resolve('example.com', 'A', '10.0.0.2')).answer) === '192.0.2.7',
    );
    assert.equal((await resolve('absent.example.com', 'A', '10.0.0.2')).answer, 'ENOTFOUND');
    assert.equal((await resolve('large.example.com', 'A', '10.0.0.2')).answer.length, 200);
    assert.deepEqual((await resolve(otherName, 'A', '10.0.0.2')).answer, ['10.0.1.12']);
    assert.equal((await resolve('9.9.168.192.in-addr.arpa', 'PTR', '10.0.0.2')).answer, 'ENOTFOUND');
    assert.equal(processOf()?.pid, pid);
    await rm(outside.resolvConf);
    assert.equal((await resolve('example.com', 'A', '10.0.0.2')).answer, 'ESERVFAIL');
  } finally {
    await upstream.close();
  }
});

test('a VPC without DNS support is not answered, and one that is gone leaves nothing', bounded, async () => {
  api.put('vpcs', vpc({ enableDnsSupport: false }));
  await until('the end of the resolver', () => resolvers().list().length === 0);
  assert.equal((await resolve(balancerName, 'A', '10.0.0.2')).answer, 'ECONNREFUSED');
  api.put('vpcs', vpc());
  await listening();
  for (const one of [client, other]) api.remove('networkinterfaces', undefined, one.metadata.name!);
  await until('the end for want of interfaces', () => resolvers().list().length === 0);
  api.put('networkinterfaces', other);
  await listening();
  api.remove('vpcs', undefined, vpcId);
  await until('the end of everything', () => resolvers().list().length === 0 && fabric.list().length === 0);
});

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { createLog, SystemClock, systemWorld } from '@keelson/base';
import type { NetworkAcl, NetworkInterface } from '@keelson/model/region/object-types.ts';
import { everyone, openAcl, sampleGroup, sampleInterface, sampleVpc } from '../../suite/sample-vpc.ts';
import { planVpcFabric, type VpcObjects } from '../../vpc-plan.ts';
import { linuxNetworkProblem } from './linux-network-problem.ts';
import { addNamespace, deleteNamespace, inNamespace, namespaceFolder, ownPrefix } from './namespaces.ts';
import { CommandError, runCommand } from './run-command.ts';
import { VpcFabric } from './vpc-fabric.ts';

const skip = linuxNetworkProblem() ?? false;
const identity = randomBytes(4).toString('hex');
const clock = new SystemClock();
const vpcId = 'vpc-0aaaaaaaaaaaaaaaa';
const fabric = new VpcFabric({ world: systemWorld(), identity });
const hosts = [1, 2, 3].map((number) => `${ownPrefix(identity)}i-${number}`);

const path = (number: number) => `${namespaceFolder}/${hosts[number - 1]}`;
const run = (number: number, ...command: string[]) => runCommand(inNamespace(path(number), command), { clock });
const place = (link: { readonly instanceId: string | undefined }) => {
  const target = `${ownPrefix(identity)}${link.instanceId}`;
  return hosts.includes(target) ? { target, path: `${namespaceFolder}/${target}` } : undefined;
};

/** Whether a TCP connection from one instance is refused or opens within `patience` milliseconds, and not dropped. */
async function reaches(from: number, address: string, port: number, patience = 5000): Promise<boolean> {
  const script = `const s=require('net').connect({host:'${address}',port:${port}});s.setTimeout(${patience},()=>process.exit(9));s.on('connect',()=>process.exit(0));s.on('error',e=>process.exit(e.code==='ECONNREFUSED'?0:8))`;
  try {
    await run(from, process.execPath, '-e', script);
    return true;
  } catch (error) {
    if (error instanceof CommandError && error.exitCode === 9) return false;
    throw error;
  }
}

/** Whether it gets no answer. Nothing tells of a dropped packet, so that this takes its time. */
async function drops(from: number, address: string, port: number): Promise<boolean> {
  return !(await reaches(from, address, port, 300));
}

const ingress = (port: number, peer: { cidrIpv4: string } | { referencedGroupId: string }) => ({
  egress: false,
  protocol: 'tcp',
  fromPort: port,
  toPort: port,
  ...peer,
});

function objects(change: Partial<VpcObjects> = {}): VpcObjects {
  return sampleVpc({
    vpcId,
    securityGroups: [
      sampleGroup('sg-client', [everyone]),
      sampleGroup('sg-server', [everyone, ingress(80, { referencedGroupId: 'sg-client' })]),
      sampleGroup('sg-silent', []),
    ],
    networkInterfaces: [
      sampleInterface(1, 'subnet-a', ['10.0.1.10'], ['sg-client']),
      sampleInterface(2, 'subnet-a', ['10.0.1.11', '10.0.1.12'], ['sg-server']),
      sampleInterface(3, 'subnet-a', ['10.0.1.13'], ['sg-silent']),
    ],
    ...change,
  });
}

before(async () => {
  if (skip) return;
  for (const name of hosts) await addNamespace(clock, name);
});

after(async () => {
  if (skip) return;
  await fabric.remove(vpcId);
  for (const name of hosts) await deleteNamespace(clock, name);
});

test('neighbours of one subnet reach each other as their security groups say', { skip }, async () => {
  await fabric.apply(planVpcFabric(objects()), place);
  assert.deepEqual(fabric.list(), [vpcId]);
  assert.equal(await reaches(1, '10.0.1.11', 80), true);
  assert.equal(await drops(1, '10.0.1.11', 81), true, 'a port that no rule names');
  assert.equal(await drops(2, '10.0.1.10', 80), true, 'a group without ingress rules');
  assert.equal(await drops(3, '10.0.1.11', 80), true, 'a group without egress rules');
});

test('a secondary address is routed to the instance that has it', { skip }, async () => {
  await run(2, 'ip', 'address', 'add', '10.0.1.12/32', 'dev', 'lo');
  assert.equal(await reaches(1, '10.0.1.12', 80), true);
  assert.equal(await drops(1, '10.0.1.12', 81), true);
});

test('an address that is not its own gets an instance nowhere', { skip }, async () => {
  await run(1, 'ip', 'address', 'add', '10.0.1.77/32', 'dev', 'lo');
  await run(1, 'ip', 'route', 'replace', 'default', 'via', '10.0.1.1', 'dev', 'eth0', 'src', '10.0.1.77');
  assert.equal(await drops(1, '10.0.1.11', 80), true);
  await run(1, 'ip', 'route', 'replace', 'default', 'via', '10.0.1.1', 'dev', 'eth0', 'src', '10.0.1.10');
  assert.equal(await reaches(1, '10.0.1.11', 80), true);
});

test('a changed rule holds at once, and a second driver finds everything as it is', { skip }, async () => {
  const groups = objects().securityGroups.filter(({ metadata }) => metadata.name !== 'sg-server');
  const opened = sampleGroup('sg-server', [everyone, ingress(81, { cidrIpv4: '10.0.1.10/32' })]);
  const plan = planVpcFabric(objects({ securityGroups: [...groups, opened] }));
  const began = performance.now();
  await fabric.apply(plan, place);
  const took = performance.now() - began;
  assert.equal(await reaches(1, '10.0.1.11', 81), true);
  assert.equal(await drops(1, '10.0.1.11', 80), true);
  const links = await runCommand(inNamespace(fabric.pathOf(vpcId), ['ip', '-json', 'link']), { clock });
  await new VpcFabric({ world: systemWorld(), identity }).apply(plan, place);
  assert.equal(await runCommand(inNamespace(fabric.pathOf(vpcId), ['ip', '-json', 'link']), { clock }), links);
  assert.ok(took < 1000, `${took} ms`);
});

test('from one ruleset to any other, by the difference, is as by the whole', { skip }, async () => {
  const closed: NetworkAcl = { ...openAcl, metadata: { name: 'acl-2' } };
  closed.spec = { ...openAcl.spec, isDefault: false, entries: [], associations: [{ id: 'a', subnetId: 'subnet-a' }] };
  const warnings: string[] = [];
  const log = createLog(clock, ({ message }) => warnings.push(message));
  const careful = new VpcFabric({ world: { ...systemWorld(), log }, identity });
  const [first, second, third] = objects().networkInterfaces as [NetworkInterface, NetworkInterface, NetworkInterface];
  const regrouped = { ...second, spec: { ...second.spec, groupIds: ['sg-client', 'sg-silent'] } };
  const rerouting = { ...third, spec: { ...third.spec, sourceDestCheck: false } };
  const steps: readonly Partial<VpcObjects>[] = [
    {},
    { networkInterfaces: [first, regrouped, rerouting] },
    { networkAcls: [openAcl, closed] },
    { networkInterfaces: [first], securityGroups: objects().securityGroups.slice(0, 1) },
    { networkInterfaces: [], securityGroups: [] },
    { networkAcls: [openAcl, closed], services: [{ address: '10.0.0.3', ports: [443, 80] }] },
    {},
  ];
  for (const step of steps) {
    const plan = planVpcFabric(objects(step));
    await careful.apply(plan, place);
    const rules = () => runCommand(inNamespace(fabric.pathOf(vpcId), ['nft', '-s', 'list', 'ruleset']), { clock });
    const changed = await rules();
    await new VpcFabric({ world: systemWorld(), identity }).apply(plan, place);
    assert.deepEqual(sorted(changed), sorted(await rules()));
  }
  assert.deepEqual(warnings, []);
});

/** Blocks and elements in an order of their own. */
function sorted(ruleset: string): string[] {
  return ruleset
    .split(/\n(?=\t\S)/)
    .map((block) =>
      block.replace(/elements = \{[^}]*\}/s, (list) =>
        list
          .split(/[\s,]+/)
          .sort()
          .join(' '),
      ),
    )
    .sort();
}

test('a half made interface is made again, and one that is not planned is removed', { skip }, async () => {
  const inVpc = (...command: string[]) => runCommand(inNamespace(fabric.pathOf(vpcId), command), { clock });
  await inVpc('ip', 'link', 'set', 'dev', 'eni000000000002', 'down');
  await inVpc('ip', 'address', 'add', '10.0.200.1/32', 'dev', 'lo');
  await inVpc('ip', 'route', 'add', 'unicast', '10.0.1.99', 'dev', 'eni000000000001', 'proto', 'static');
  const plan = planVpcFabric(objects({ networkInterfaces: objects().networkInterfaces.slice(0, 2) }));
  await fabric.apply(plan, place);
  assert.equal(await reaches(1, '10.0.1.11', 80), true);
  assert.ok(!(await inVpc('ip', 'address')).includes('10.0.200.1'));
  assert.ok(!(await inVpc('ip', 'route')).includes('10.0.1.99'));
  assert.ok(!(await inVpc('ip', 'link')).includes('eni000000000003'));
});

test('an instance that has ended keeps nobody else from being connected', { skip }, async () => {
  const gone = { target: 'kl-never-was', path: `${namespaceFolder}/kl-never-was` };
  const plan = planVpcFabric(objects());
  await assert.rejects(
    fabric.apply(plan, (link) => (link.instanceId === 'i-3' ? gone : place(link))),
    CommandError,
  );
  assert.equal(await reaches(1, '10.0.1.11', 80), true);
  await fabric.apply(plan, place);
  assert.equal(await drops(3, '10.0.1.11', 80), true);
});

test('a VPC that is removed leaves nothing', { skip }, async () => {
  await fabric.remove(vpcId);
  assert.deepEqual(fabric.list(), []);
  assert.equal(existsSync(fabric.pathOf(vpcId)), false);
  assert.ok(!(await run(1, 'ip', 'link')).includes('eth0'));
  await fabric.remove(vpcId);
});

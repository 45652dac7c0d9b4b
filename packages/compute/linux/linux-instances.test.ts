import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { networkInterfaces } from '@keelson/client/region-resources/index.ts';
import { linuxNetworkProblem } from '@keelson/network/dataplanes/linux/linux-network-problem.ts';
import { everyone, sampleGroup, sampleInterface } from '@keelson/network/suite/sample-vpc.ts';
import type { InstancePlan } from '../instance-driver.ts';
import { parseHierarchies } from './machine/cgroups.ts';
import { MachineRoom, openPort, vpcId } from './suite/machine-room.ts';

const skip = linuxNetworkProblem() ?? false;
let room: MachineRoom;
let server: InstancePlan;

before(async () => {
  if (!skip) room = await MachineRoom.open();
});
after(async () => {
  if (!skip) await room.close();
});

const pidOf = (id: string) =>
  Number(room.machines.placement({ instanceId: id } as Parameters<typeof room.machines.placement>[0])!.target);

/** What an instance has outside its folder: processes and control groups. */
function traces(id: string): string[] {
  const groups = parseHierarchies(readFileSync('/proc/self/mountinfo', 'utf8')).flatMap(({ mountPoint }) => {
    const parent = join(mountPoint, `kl${room.identity}`);
    return existsSync(parent) ? readdirSync(parent).filter((name) => name.startsWith(`${id}-`)) : [];
  });
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.includes(join(room.folder, id)));
  return [...groups, ...mounts];
}

test('two instances of a subnet reach each other as their security groups say', { skip }, async () => {
  server = await room.plan(1, ['sg-server']);
  const client = await room.plan(2, ['sg-client']);
  await Promise.all([room.machines.start(server), room.machines.start(client)]);
  assert.deepEqual([...(await room.machines.running())].sort(), ['i-1', 'i-2']);
  assert.equal(await room.reaches('i-2', '10.0.1.11', 80), true);
  assert.equal(await room.drops('i-2', '10.0.1.11', 81), true);
  assert.equal(await room.drops('i-1', '10.0.1.12', 80), true);
  await room.setGroup(sampleGroup('sg-server', [everyone, ...openPort(81)]));
  await room.network.refresh(vpcId);
  assert.equal(await room.reaches('i-2', '10.0.1.11', 81), true);
  assert.equal(await room.drops('i-2', '10.0.1.11', 80), true);
});

test('an interface that is attached later is there at once, and made again when it was lost', { skip }, async () => {
  const second = sampleInterface(7, 'subnet-a', ['10.0.1.77', '10.0.1.78'], ['sg-server']);
  const attachment = { ...second.spec.attachment!, instanceId: 'i-1', deviceIndex: 1 };
  const attached = { ...second, spec: { ...second.spec, vpcId, attachment } };
  await room.api.resource(networkInterfaces).create(attached);
  await room.network.connect([attached]);
  assert.equal(await room.reaches('i-2', '10.0.1.77', 81), true);
  await room.run('i-1', 'ip', 'link', 'delete', 'eth1');
  await room.network.refresh(vpcId);
  assert.equal(await room.reaches('i-2', '10.0.1.77', 81), true);
  await room.run('i-1', 'ip', 'address', 'add', '10.0.1.78/32', 'dev', 'lo');
  assert.equal(await room.reaches('i-2', '10.0.1.78', 81), true, 'an answer that leaves by the first interface');
});

test('an instance has a name, files, devices and processes of its own', { skip }, async () => {
  assert.equal((await room.enter('i-1', 'hostname')).trim(), 'ip-10-0-1-11.ap-northeast-2.compute.internal');
  assert.match(await room.enter('i-1', 'cat', '/etc/resolv.conf'), /^nameserver 169\.254\.169\.253$/m);
  assert.equal(
    (await room.enter('i-1', 'sh', '-c', 'echo ok > /dev/null; echo $(ls /root /home /var/lib/kubelet)')).includes(
      'work',
    ),
    false,
  );
  const processes = (await room.enter('i-1', 'sh', '-c', 'echo /proc/[0-9]*')).split(' ');
  assert.ok(processes.length < 8, processes.join());
  await room.enter('i-1', 'sh', '-c', 'echo kept > /var/lib/kept');
  assert.equal(existsSync('/var/lib/kept'), false);
  assert.match(await room.enter('i-1', 'cat', '/proc/1/cgroup'), /:\/(init\.scope)?$/m);
  await room.enter('i-1', 'sh', '-ec', 'mkdir /tmp/a /tmp/b; mount --bind /tmp/a /tmp/b');
  assert.ok(!readFileSync('/proc/self/mounts', 'utf8').includes('/tmp/b '));
});

test('its first process collects those whose parents have died', { skip }, async () => {
  await room.enter('i-1', 'sh', '-c', '(sleep 0.01 &) ; (sleep 0.01 &)');
  const zombies = 'sleep 0.1; grep -l "^State:.Z" /proc/[0-9]*/status 2>/dev/null || true';
  assert.equal((await room.enter('i-1', 'sh', '-c', zombies)).trim(), '');
});

test('the next region process finds what runs, and connects it again', { skip }, async () => {
  const pid = pidOf('i-1');
  await room.reopen();
  assert.deepEqual([...(await room.machines.running())].sort(), ['i-1', 'i-2']);
  assert.equal(pidOf('i-1'), pid);
  await room.network.refresh(vpcId);
  assert.equal(await room.reaches('i-2', '10.0.1.11', 81), true);
});

test('when its init is killed nothing is left, and the driver hears of it', { skip }, async () => {
  const gone = new Promise<string>((resolve) => room.machines.onExit(resolve));
  process.kill(pidOf('i-2'), 'SIGKILL');
  assert.equal(await gone, 'i-2');
  await room.machines.stop('i-2');
  assert.deepEqual(traces('i-2'), []);
  assert.deepEqual(await room.machines.running(), ['i-1']);
});

test('a stopped instance keeps its disk and comes back; a terminated one does not', { skip }, async () => {
  await room.machines.stop('i-1');
  assert.deepEqual(traces('i-1'), []);
  await room.machines.start(server);
  assert.equal((await room.enter('i-1', 'cat', '/var/lib/kept')).trim(), 'kept');
  await room.machines.terminate('i-1');
  assert.equal(existsSync(join(room.folder, 'i-1')), false);
  assert.deepEqual(await room.machines.running(), []);
  await room.machines.terminate('i-1');
});

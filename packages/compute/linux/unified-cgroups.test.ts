import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { linuxNetworkProblem } from '@keelson/network/dataplanes/linux/linux-network-problem.ts';
import { parseHierarchies } from './machine/cgroups.ts';
import { MachineRoom } from './suite/machine-room.ts';

const mountinfo = existsSync('/proc/self/mountinfo') ? readFileSync('/proc/self/mountinfo', 'utf8') : '';
const hierarchies = parseHierarchies(mountinfo).filter(({ version }) => version === 2);
const skip = linuxNetworkProblem() ?? (hierarchies.length === 0 ? 'needs control groups of version 2' : false);
let room: MachineRoom;

before(async () => {
  if (!skip) room = await MachineRoom.open({ hierarchies });
});
after(async () => {
  if (!skip) await room.close();
});

test('trees of both versions are found where they are mounted', () => {
  const lines = [
    '31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755',
    '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct',
    '40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd',
    '41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate',
    '42 31 0:39 / /mnt/elsewhere rw - cgroup2 cgroup2 rw',
  ];
  assert.deepEqual(parseHierarchies(lines.join('\n')), [
    { version: 1, mountPoint: '/sys/fs/cgroup/cpu,cpuacct', mountOptions: 'cpu,cpuacct' },
    { version: 1, mountPoint: '/sys/fs/cgroup/systemd', mountOptions: 'none,name=systemd' },
    { version: 2, mountPoint: '/sys/fs/cgroup/unified', mountOptions: '' },
  ]);
});

test('with version 2 alone an instance has the tree to itself, and its init is out of the way', { skip }, async () => {
  await room.machines.start(await room.plan(1, ['sg-server']));
  assert.match(await room.enter('i-1', 'cat', '/proc/mounts'), /^\S+ \/sys\/fs\/cgroup cgroup2 /m);
  assert.match(await room.enter('i-1', 'cat', '/proc/1/cgroup'), /^0::\/init\.scope$/m);
  assert.equal((await room.enter('i-1', 'cat', '/sys/fs/cgroup/cgroup.procs')).trim(), '');
  await room.enter('i-1', 'mkdir', '/sys/fs/cgroup/pods');
  const group = `${hierarchies[0]!.mountPoint}/kl${room.identity}`;
  assert.equal(existsSync(group), true);
  await room.machines.terminate('i-1');
  assert.equal(existsSync(group), false);
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { sleep } from '@keelson/base';
import { findProgram, linuxNetworkProblem } from '@keelson/network/dataplanes/linux/linux-network-problem.ts';
import type { InstancePlan } from '../instance-driver.ts';
import { type CachedImage, ImageCache } from './machine/image-cache.ts';
import { MachineRoom } from './suite/machine-room.ts';

const missing = ['containerd', 'ctr', 'runc', 'busybox'].filter((name) => findProgram(name) === undefined);
const skip = linuxNetworkProblem() ?? (missing.length > 0 ? `needs ${missing.join(', ')}` : false);
let room: MachineRoom;
let plan: InstancePlan;
let renewed = 0;
let cache: ImageCache;
let cachedImage: CachedImage;
const cacheFolder = join(mkdtempSync(join(tmpdir(), 'keelson-image-cache-')), 'images');
after(() => rm(dirname(cacheFolder), { recursive: true, force: true }));

before(async () => {
  if (skip) return;
  room = await MachineRoom.open({
    containerd: findProgram('containerd'),
    fillDisk: (root) => cache.layInto(root),
    services: () => [
      {
        name: 'agent',
        command: ['sh', '-c', 'cat /proc/net/route; echo "$GREETING"; exec sleep 1000'],
        environment: { GREETING: 'the agent runs' },
        needsNetwork: true,
      },
    ],
    credentials: async () => {
      renewed++;
      const now = Date.now();
      const [lastUpdated, expiration] = [now, now + 3_600_000].map((time) => new Date(time).toISOString());
      return {
        accessKeyId: 'ASIA1',
        secretAccessKey: 's',
        sessionToken: 't',
        lastUpdated: lastUpdated!,
        expiration: expiration!,
      };
    },
  });
  const { world } = room;
  cache = new ImageCache({ world, containerd: findProgram('containerd')!, folder: cacheFolder });
  cachedImage = imageArchive();
  await cache.fill([cachedImage]);
  plan = await room.plan(1, ['sg-server']);
  await room.machines.start(plan);
});

after(async () => {
  if (!skip) await room.close();
});

/** Looks again and again until `look` finds something. */
async function eventually<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 500; tries++) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(room.world.clock, 20);
  }
  throw new Error(`${what} did not come about`);
}

const stateOf = (name: string) => room.machines.report('i-1')?.services.find((service) => service.name === name);
const log = (name: string) => readFileSync(join(room.folder, 'i-1/root/var/log', `${name}.log`), 'utf8');

test('the agent begins when the instance has its default route', { skip }, async () => {
  await eventually('the agent', () => (log('agent').includes('the agent runs') ? true : undefined));
  assert.match(log('agent'), /^eth0\t00000000\t0101000A/m);
  assert.ok(stateOf('agent')!.pid! > 1);
});

test('metadata answers the instance with a token, and a pod as far as the hop limit lets it', { skip }, async () => {
  const script = `
    const at = 'http://169.254.169.254';
    const token = await (await fetch(at + '/latest/api/token', { method: 'PUT', signal: AbortSignal.timeout(Number(process.argv[1])),
      headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' } })).text();
    const id = await (await fetch(at + '/latest/meta-data/instance-id', { headers: { 'x-aws-ec2-metadata-token': token } })).text();
    console.log(id + ' ' + (await fetch(at + '/latest/meta-data/instance-id')).status);`;
  const ask = ['--input-type=module', '-e', script];
  assert.equal((await room.run('i-1', process.execPath, ...ask, '2000')).trim(), 'i-1 401');
  const pid = room.machines.placement({ instanceId: 'i-1' } as Parameters<typeof room.machines.placement>[0])!.target;
  const pod = ['unshare', '--net', '--', 'sh', '-ec'];
  const connect = [
    'ip link set lo up',
    `ip link add eth0 type veth peer name pod0 netns ${pid}`,
    'ip addr add 10.0.1.99/32 dev eth0; ip link set eth0 up',
    `nsenter --net=/proc/${pid}/ns/net -- sh -ec 'ip link set pod0 up; ip route replace 10.0.1.99/32 dev pod0; ip addr replace 169.254.1.1/32 dev pod0'`,
    'ip route add 169.254.1.1/32 dev eth0; ip route add default via 169.254.1.1 dev eth0',
    'exec "$0" "$@"',
  ].join('\n');
  const fromPod = (timeout: string) =>
    room.run('i-1', ...pod, connect, process.execPath, ...ask, timeout).then((text) => text.trim());
  assert.equal(await fromPod('2000'), 'i-1 401');
  const limited = { ...plan.instance.spec.metadataOptions, httpPutResponseHopLimit: 1 };
  await room.setInstance({ ...plan.instance, spec: { ...plan.instance.spec, metadataOptions: limited } });
  const file = join(room.folder, 'i-1/run/metadata.json');
  await eventually('the limit', () =>
    readFileSync(file, 'utf8').includes('"httpPutResponseHopLimit":1') ? true : undefined,
  );
  await assert.rejects(fromPod('300'), /TimeoutError/);
});

test('credentials of the role are asked for once, and lie where only root reads them', { skip }, async () => {
  assert.equal(renewed, 1);
  assert.equal(JSON.parse(readFileSync(join(room.folder, 'i-1/run/credentials.json'), 'utf8')).accessKeyId, 'ASIA1');
});

test('containerd has the images of the cache, and is started again when it dies', { skip }, async () => {
  const ctr = (...words: string[]) => room.enter('i-1', 'ctr', '-n', 'k8s.io', ...words);
  const began = await eventually('containerd', () => stateOf('containerd')?.pid);
  await eventually('its socket', () => ctr('version').catch(() => undefined));
  const { name } = cachedImage;
  assert.match(await ctr('images', 'ls'), /^keelson\.test\/busybox@sha256:/m);
  assert.equal(await ctr('run', '--rm', name, 'first', '/busybox', 'echo', 'hello'), 'hello\n');
  await ctr('run', '--detach', name, 'second', '/busybox', 'sleep', '1000');
  assert.match(await room.enter('i-1', 'cat', '/proc/mounts'), /^overlay .*\/rootfs overlay .*var\/lib\/containerd/m);
  await room.enter('i-1', 'kill', '-9', String(began));
  const again = await eventually('a new containerd', () => {
    const state = stateOf('containerd');
    return state?.pid !== undefined && state.pid !== began ? state : undefined;
  });
  assert.equal(again.restarts, 1);
  assert.equal(again.lastExit, 'signal SIGKILL');
  await eventually('its socket', () => ctr('version').catch(() => undefined));
  assert.match(await ctr('tasks', 'ls'), /second\s+\d+\s+RUNNING/);
});

test('instances share the files of images, and nothing that they write', { skip }, async () => {
  const own = join(room.folder, 'i-1/root/var/lib/containerd');
  const inodes = (path: string) =>
    [join(cacheFolder, 'root'), own].map((root) => statSync(join(root, globSync(path, { cwd: root })[0]!)).ino);
  const [cached, laid] = inodes('io.containerd.snapshotter.v1.*/snapshots/1/{,fs/}busybox');
  assert.equal(cached, laid);
  const [records, ownRecords] = inodes('io.containerd.metadata.v1.bolt/meta.db');
  assert.notEqual(records, ownRecords);
});

test('images are unpacked once, and stay when others cannot be', { skip }, async () => {
  await cache.fill([{ ...cachedImage, archive: '/nonexistent' }]);
  await assert.rejects(cache.fill([{ ...cachedImage, digest: 'sha256:1', archive: '/nonexistent' }]), /no such file/);
  await cache.fill([{ ...cachedImage, archive: '/nonexistent' }]);
});

test('what an instance puts in the way of its metadata is not followed', { skip }, async () => {
  await room.enter('i-1', 'sh', '-c', 'ln -s /etc/passwd /run/keelson/metadata.json.new');
  const tagged = { ...plan.instance, spec: { ...plan.instance.spec, reservationId: 'r-2' } };
  await room.setInstance(tagged);
  const file = join(room.folder, 'i-1/run/metadata.json');
  await eventually('the change', () => (readFileSync(file, 'utf8').includes('"r-2"') ? true : undefined));
  assert.match(readFileSync('/etc/passwd', 'utf8'), /^root:/);
});

test('an instance that is killed takes its containers with it', { skip }, async () => {
  const pid = room.machines.placement({ instanceId: 'i-1' } as Parameters<typeof room.machines.placement>[0])!.target;
  const gone = new Promise((resolve) => room.machines.onExit(resolve));
  process.kill(Number(pid), 'SIGKILL');
  await gone;
  await room.machines.stop('i-1');
  const left = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/cgroup`, 'utf8').includes(`kl${room.identity}`);
      } catch {
        return false;
      }
    });
  assert.deepEqual(left, []);
  assert.equal(readFileSync('/proc/self/cgroup', 'utf8').includes(room.identity), false);
});

/** An archive, as `docker save` writes it, of an image that has nothing but busybox. */
function imageArchive(): CachedImage {
  const work = mkdtempSync(join(tmpdir(), 'keelson-image-'));
  after(() => rm(work, { recursive: true, force: true }));
  mkdirSync(join(work, 'files'));
  copyFileSync(findProgram('busybox')!, join(work, 'files/busybox'));
  execFileSync('tar', ['-C', join(work, 'files'), '-cf', join(work, 'layer.tar'), '.']);
  const digest = createHash('sha256')
    .update(readFileSync(join(work, 'layer.tar')))
    .digest('hex');
  const config = {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
  };
  writeFileSync(join(work, 'config.json'), JSON.stringify(config));
  const manifest = [{ Config: 'config.json', RepoTags: ['keelson.test/busybox:1'], Layers: ['layer.tar'] }];
  writeFileSync(join(work, 'manifest.json'), JSON.stringify(manifest));
  execFileSync('tar', ['-C', work, '-cf', join(work, 'image.tar'), 'manifest.json', 'config.json', 'layer.tar']);
  return { archive: join(work, 'image.tar'), name: 'keelson.test/busybox:1', digest: `sha256:${digest}` };
}

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdirSync, mkdtempSync, openSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { hostsToml } from '@keelson/registry';

/** Why containers cannot be run here; undefined where they can. */
export function containersRefused(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can start containerd';
  const missing = ['containerd', 'ctr', 'runc', 'ip', 'nsenter'].filter(
    (name) => spawnSync('which', [name]).status !== 0,
  );
  return missing.length > 0 ? `not installed: ${missing.join(', ')}` : undefined;
}

/** A containerd of a test's own, with its folders, and a network namespace without a way out. */
export interface Containerd extends AsyncDisposable {
  /** Runs ctr and returns what it printed. @throws Error with that when it failed */
  ctr(...args: string[]): Promise<string>;
  /** ctr's exit code. */
  ctrStatus(...args: string[]): Promise<number | null>;
  /** The arguments that make `ctr images pull` ask the registry. */
  readonly pullOptions: readonly string[];
  readonly networkNamespace: string;
}

/** Runs a command without blocking this process, for the registry that containerd asks is served by it. */
async function run(command: string, args: readonly string[]): Promise<{ status: number | null; output: string }> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const [status] = await once(child, 'close');
  return { status, output };
}

async function must(command: string, ...args: string[]): Promise<string> {
  const { status, output } = await run(command, args);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${output}`);
  return output;
}

function configuration(folder: string): string {
  return `version = 2
root = "${folder}/root"
state = "${folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
[grpc]
  address = "${folder}/containerd.sock"
`;
}

async function started(child: ChildProcess, folder: string): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (spawnSync('ctr', ['-a', `${folder}/containerd.sock`, 'version']).status !== 0) {
    if (child.exitCode !== null || performance.now() > deadline)
      throw new Error(`containerd did not start: see ${folder}/log`);
  }
}

export async function startContainerd(registryUrl: string, hosts: readonly string[]): Promise<Containerd> {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-images-'));
  const name = folder.slice(folder.lastIndexOf('-') + 1).toLowerCase();
  for (const [path, text] of hostsToml(registryUrl, hosts)) {
    mkdirSync(dirname(join(folder, 'certs.d', path)), { recursive: true });
    writeFileSync(join(folder, 'certs.d', path), text);
  }
  writeFileSync(join(folder, 'config.toml'), configuration(folder));
  const log = openSync(join(folder, 'log'), 'a');
  const child = spawn('containerd', ['--config', join(folder, 'config.toml')], { stdio: ['ignore', log, log] });
  const namespace = `kt-${name}`;
  const ctr = ['-a', `${folder}/containerd.sock`, '-n', namespace];
  await started(child, folder);
  await must('ip', 'netns', 'add', namespace);
  await must('ip', '-n', namespace, 'link', 'set', 'lo', 'up');
  return {
    ctr: (...args) => must('ctr', ...ctr, ...args),
    ctrStatus: async (...args) => (await run('ctr', [...ctr, ...args])).status,
    pullOptions: ['--hosts-dir', join(folder, 'certs.d')],
    networkNamespace: `/run/netns/${namespace}`,
    [Symbol.asyncDispose]: async () => {
      const containers = spawnSync('ctr', [...ctr, 'containers', 'ls', '-q'], { encoding: 'utf8' }).stdout;
      for (const id of containers.split('\n').filter(Boolean)) {
        spawnSync('ctr', [...ctr, 'task', 'kill', '-s', 'SIGKILL', id]);
        spawnSync('ctr', [...ctr, 'task', 'rm', '-f', id]);
      }
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      await must('ip', 'netns', 'del', namespace);
      for (const group of globSync(`/sys/fs/cgroup/{,*/}${namespace}`)) if (existsSync(group)) rmdirSync(group);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

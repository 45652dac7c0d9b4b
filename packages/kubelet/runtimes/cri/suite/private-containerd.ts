import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A containerd of a test's own: its root, state and socket lie in a temporary directory, its network is the caller's. */
export interface PrivateContainerd {
  readonly directory: string;
  readonly socket: string;
  /** Kills it with SIGKILL; what it runs goes on. */
  kill(): Promise<void>;
  /** Starts it again in the same place. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const pause = 'keelson.test/pause:1';

function configuration(directory: string): string {
  return `version = 2
root = "${directory}/root"
state = "${directory}/state"
[grpc]
  address = "${directory}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  sandbox_image = "${pause}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${directory}/cni"
`;
}

const network = {
  cniVersion: '0.4.0',
  name: 'test',
  plugins: [{ type: 'ptp', ipam: { type: 'host-local', subnet: '10.89.0.0/24', routes: [] } }, { type: 'loopback' }],
};

/** Starts it and gives it the images `keelson.test/pause:1` and `docker.io/library/busybox:test`. */
export async function startContainerd(): Promise<PrivateContainerd> {
  const directory = mkdtempSync(join(tmpdir(), 'keelson-cri-'));
  mkdirSync(join(directory, 'cni'));
  network.plugins[0] = {
    ...network.plugins[0]!,
    ...{ ipam: { ...network.plugins[0]!.ipam!, ...{ dataDir: `${directory}/ipam` } } },
  };
  writeFileSync(join(directory, 'cni', '10-test.conflist'), JSON.stringify(network));
  writeFileSync(join(directory, 'config.toml'), configuration(directory));
  let child = await boot(directory);
  const socket = join(directory, 'containerd.sock');
  for (const [name, command] of [
    [pause, ['/bin/busybox', 'sleep', '1000000']],
    ['docker.io/library/busybox:test', ['/bin/sh']],
  ] as const)
    importImage(directory, socket, name, command);
  return {
    directory,
    socket,
    kill: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    },
    start: async () => {
      child = await boot(directory);
    },
    stop: () => stop(child, directory),
  };
}

async function boot(directory: string): Promise<ChildProcess> {
  const options = ['--config', join(directory, 'config.toml')];
  const child = spawn('containerd', options, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (text) => {
      said = (said + text).slice(-20_000);
      if (said.includes('containerd successfully booted')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`containerd ended with ${code}: ${said}`)));
  });
  return child;
}

async function stop(child: ChildProcess, directory: string): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
  for (const line of execFileSync('cat', ['/proc/self/mountinfo'], { encoding: 'utf8' }).split('\n').reverse()) {
    const point = line.split(' ')[4];
    if (point?.startsWith(`${directory}/`)) execFileSync('umount', ['-l', point]);
  }
  rmSync(directory, { recursive: true, force: true });
}

function importImage(directory: string, socket: string, name: string, command: readonly string[]): void {
  const work = mkdtempSync(join(directory, 'image-'));
  const files = join(work, 'files');
  mkdirSync(join(files, 'bin'), { recursive: true });
  mkdirSync(join(files, 'tmp'));
  mkdirSync(join(files, 'etc'));
  copyFileSync('/usr/bin/busybox', join(files, 'bin', 'busybox'));
  for (const applet of [
    'sh',
    'cat',
    'echo',
    'sleep',
    'env',
    'ls',
    'nc',
    'httpd',
    'true',
    'false',
    'id',
    'kill',
    'stty',
    'touch',
  ])
    symlinkSync('busybox', join(files, 'bin', applet));
  const layout = join(work, 'layout');
  mkdirSync(join(layout, 'blobs', 'sha256'), { recursive: true });
  const layer = execFileSync('tar', ['-C', files, '-c', '.'], { maxBuffer: 64 * 1024 * 1024 });
  const put = (bytes: Buffer, mediaType: string) => {
    const hash = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(layout, 'blobs', 'sha256', hash), bytes);
    return { mediaType, digest: `sha256:${hash}`, size: bytes.length };
  };
  const json = (value: object) => Buffer.from(JSON.stringify(value));
  const layerDescriptor = put(layer, 'application/vnd.oci.image.layer.v1.tar');
  const config = put(
    json({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      config: { Env: ['PATH=/bin'], Cmd: command },
      rootfs: { type: 'layers', diff_ids: [layerDescriptor.digest] },
    }),
    'application/vnd.oci.image.config.v1+json',
  );
  const manifest = put(
    json({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config,
      layers: [layerDescriptor],
    }),
    'application/vnd.oci.image.manifest.v1+json',
  );
  writeFileSync(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  const annotations = { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name };
  writeFileSync(
    join(layout, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
  );
  const archive = join(work, 'image.tar');
  execFileSync('tar', ['-C', layout, '-cf', archive, '.']);
  execFileSync('ctr', ['-a', socket, '-n', 'k8s.io', 'images', 'import', '--snapshotter', 'native', archive]);
  rmSync(work, { recursive: true, force: true });
}

/** Why this machine cannot run the suite; undefined when it can. */
export function missingForContainerd(): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root';
  for (const path of ['/usr/bin/containerd', '/usr/bin/busybox', '/usr/lib/cni/ptp'])
    if (!existsSync(path)) return `${path} is missing`;
  return undefined;
}

/** What a region with real containers leaves to be seen in the kernel: its names there, and its processes. */
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { runningProcess } from '@keelson/app/process/process-file.ts';
import { run } from './region-under-test.ts';

/** What the kernel has by name, so that what was left behind can be told. */
export async function kernelState(): Promise<Record<string, string[]>> {
  const lines = async (command: string, ...args: string[]) =>
    (await run(command, args)).stdout.split('\n').filter(Boolean).sort();
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  return {
    namespaces: (await lines('ip', 'netns', 'list'))
      .map((line) => line.split(' ')[0]!)
      .filter((name) => name.startsWith('kl')),
    links: (await lines('ip', '-o', 'link', 'show')).map((line) => line.split(': ')[1]!),
    nftables: await lines('nft', 'list', 'tables'),
    mounts: mounts.filter((path) => path.includes('keelson')).sort(),
    cgroups: readdirSync('/sys/fs/cgroup').flatMap((name) => {
      try {
        return readdirSync(`/sys/fs/cgroup/${name}`).filter((one) => /^kl[0-9a-f]{8}/.test(one));
      } catch {
        return /^kl[0-9a-f]{8}/.test(name) ? [name] : [];
      }
    }),
  };
}

/** The processes of a container, the oldest first. */
export function processesOf(containerId: string): number[] {
  const found = readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cgroup`, 'utf8').includes(containerId);
    } catch {
      return false;
    }
  });
  return found.map(Number).sort((one, other) => one - other);
}

/** What instance metadata gives the node of this name of its role, asked from inside its network. */
export async function roleCredentials(
  data: string,
  nodeName: string,
): Promise<{ accessKeyId: string; secretAccessKey: string; sessionToken: string }> {
  const program = `
    const at = 'http://169.254.169.254/latest/';
    const ttl = { method: 'PUT', headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' } };
    const token = await (await fetch(at + 'api/token', ttl)).text();
    const get = async (path) => (await fetch(at + 'meta-data/' + path, { headers: { 'x-aws-ec2-metadata-token': token } })).text();
    const role = 'iam/security-credentials/';
    console.log(JSON.stringify([await get('local-hostname'), JSON.parse(await get(role + (await get(role)).trim()))]));`;
  for (const pid of controlProcesses(data, /main\.mjs agent/)) {
    const inside = ['-t', String(pid), '-n', '--', process.execPath, '--input-type=module', '-e', program];
    const { stdout, status } = await run('nsenter', inside);
    if (status !== 0) continue;
    const [name, found] = JSON.parse(stdout);
    if (name === nodeName)
      return { accessKeyId: found.AccessKeyId, secretAccessKey: found.SecretAccessKey, sessionToken: found.Token };
  }
  throw new Error(`no agent of ${nodeName} was found`);
}

/** Region, control planes and node agents of a data directory: everything of Keelson's that is no machine. */
export function controlProcesses(
  data: string,
  which = /keelson\.mjs (region|control-plane)|main\.mjs agent/,
): number[] {
  const mine = (name: string) => {
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      const environment = readFileSync(`/proc/${name}/environ`, 'utf8');
      const ours = command.includes(data) || environment.includes(data);
      return ours && which.test(command);
    } catch {
      return false;
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && mine(name))
    .map(Number);
}

/** The first process of each instance: with it goes everything in the instance. */
export function machines(data: string): number[] {
  return globSync(`${data}/instances/*/process.json`).flatMap((record) => runningProcess(record) ?? []);
}

/** What runs of one pod in a node's containerd: its sandboxes, and its containers by name. */
export interface RuntimePod {
  sandboxes: number;
  readonly running: Record<string, number>;
}

/** What the containerds of all nodes have, by the uid of the pod. */
export async function runtimePods(data: string): Promise<Map<string, RuntimePod>> {
  const found = new Map<string, RuntimePod>();
  for (const pid of controlProcesses(data, /main\.mjs agent/)) {
    const ctr = async (...words: string[]) => {
      const inside = ['-t', String(pid), '-a', '--', 'ctr', '-n', 'k8s.io', ...words];
      const { status, stdout, stderr } = await run('nsenter', inside);
      if (status !== 0) throw new Error(stderr);
      return stdout;
    };
    const tasks = new Set(
      (await ctr('tasks', 'ls')).split('\n').flatMap((line) => (/RUNNING/.test(line) ? [line.split(' ')[0]!] : [])),
    );
    for (const id of (await ctr('containers', 'ls', '-q')).split('\n').filter(Boolean)) {
      const { Labels: labels } = JSON.parse(await ctr('containers', 'info', id));
      const uid = labels['io.kubernetes.pod.uid'];
      const pod = found.get(uid) ?? { sandboxes: 0, running: {} };
      found.set(uid, pod);
      const name = labels['io.kubernetes.container.name'];
      // One that has ended is kept for its containers' last words.
      if (!tasks.has(id)) continue;
      if (labels['io.cri-containerd.kind'] === 'sandbox') pod.sandboxes++;
      else pod.running[name] = (pod.running[name] ?? 0) + 1;
    }
  }
  return found;
}

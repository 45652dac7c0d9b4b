import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { Command } from '../command-line.ts';
import { awsProblem } from './env.ts';

interface Finding {
  readonly what: string;
  readonly ok: boolean;
  /** What was found, or what adds what is missing. */
  readonly detail: string;
}

function tool(name: string, debianPackage: string, ...versionArgs: string[]): Finding {
  const { status, stdout, stderr, error } = spawnSync(name, versionArgs, { encoding: 'utf8' });
  if (error || status === null) return { what: name, ok: false, detail: `apt-get install ${debianPackage}` };
  return { what: name, ok: true, detail: `${stdout}${stderr}`.trim().split('\n')[0] ?? '' };
}

function cgroups(): Finding {
  const unified = existsSync('/sys/fs/cgroup/cgroup.controllers');
  const controllers = unified ? readFileSync('/sys/fs/cgroup/cgroup.controllers', 'utf8').trim() : '';
  const legacy = existsSync('/sys/fs/cgroup/memory');
  const detail = unified ? `version 2: ${controllers}` : legacy ? 'version 1' : 'mount cgroup2 at /sys/fs/cgroup';
  return { what: 'cgroups', ok: unified || legacy, detail };
}

function overlay(): Finding {
  const ok = /\boverlay$/m.test(readFileSync('/proc/filesystems', 'utf8'));
  return { what: 'overlayfs', ok, detail: ok ? 'in the kernel' : 'modprobe overlay' };
}

function clients(): Finding[] {
  const aws = spawnSync('aws', ['--version'], { encoding: 'utf8' });
  const text = `${aws.stdout ?? ''}${aws.stderr ?? ''}`.trim();
  const problem = awsProblem(text);
  const missing = aws.error !== undefined;
  return [
    {
      what: 'aws',
      ok: !missing && !problem,
      detail: missing ? 'not installed: the AWS CLI, 1.29 or 2.13 and newer' : (problem ?? text),
    },
    tool('kubectl', 'kubernetes-client', 'version', '--client'),
  ];
}

function print(title: string, findings: readonly Finding[]): void {
  process.stdout.write(`${title}\n`);
  for (const { what, ok, detail } of findings)
    process.stdout.write(`  ${ok ? '✓' : '✗'} ${what.padEnd(12)} ${detail}\n`);
}

export const doctorCommand: Command = {
  name: 'doctor',
  usage: '',
  summary: 'What this machine can do, and the command that adds what it cannot.',
  options: {},
  words: [0, 0],
  run: async () => {
    const root = process.getuid?.() === 0;
    const linux = [
      { what: 'root', ok: root, detail: root ? 'yes' : 'run as root for containers; simulated compute needs none' },
      tool('containerd', 'containerd', '--version'),
      tool('runc', 'runc', '--version'),
      tool('nft', 'nftables', '--version'),
      tool('ip', 'iproute2', '-V'),
      cgroups(),
      overlay(),
    ];
    print('For nodes whose pods are containers:', linux);
    const found = clients();
    print('Clients:', found);
    return 0;
  },
};

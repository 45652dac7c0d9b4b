/**
 * The project's tests, the cheap ones first: `npm test`; `npm test -- unit` for one suite; `npm test -- end-to-end story`
 * for those of its files that have the word in their path. Brings what a suite needs and this machine lacks, runs it,
 * and ends with one line that counts all of them.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { type DebianPackage, ensureDebianPackages, refreshPackageLists } from './debian-packages.ts';
import { ensureClients } from './test-clients/ensure-clients.ts';
import { type FileOutcome, runTestFile } from './test-file.ts';

const root = join(import.meta.dirname, '..');

interface Suite {
  readonly name: string;
  readonly files: readonly string[];
  /** What its tests start; without root it is not installed, and such tests are skipped. */
  readonly debian: readonly DebianPackage[];
  /** Clients that npm brings where this machine has none that will do. */
  readonly clients: readonly string[];
  readonly concurrency: number;
  /** Seconds after which a file has failed. */
  readonly limit: number;
}

/** What instances and their networks are made of. */
const linux: readonly DebianPackage[] = [
  { name: 'containerd', programs: ['containerd', 'ctr'] },
  { name: 'runc', programs: ['runc'] },
  { name: 'nftables', programs: ['nft'] },
  { name: 'iproute2', programs: ['ip'] },
  { name: 'util-linux', programs: ['nsenter', 'unshare'] },
  { name: 'mount', programs: ['mount', 'umount'] },
  { name: 'kmod', programs: ['modprobe'] },
];
/** For the aws that npm brings: Debian's own knows nothing of EKS' access entries. */
const python: DebianPackage = { name: 'python3', programs: ['python3'] };

const suites: readonly Suite[] = [
  {
    name: 'unit',
    files: ['packages/**/*.test.ts', 'apps/**/*.test.ts', 'tools/**/*.test.ts'],
    debian: [
      ...linux,
      python,
      { name: 'etcd-server', programs: ['etcd'] },
      { name: 'openssl', programs: ['openssl'] },
      { name: 'busybox-static', programs: ['busybox'] },
      { name: 'containernetworking-plugins', programs: ['/usr/lib/cni/ptp', '/usr/lib/cni/host-local'] },
      { name: 'procps', programs: ['sysctl'] },
    ],
    clients: ['kubectl', 'aws'],
    concurrency: 2,
    limit: 300,
  },
  {
    name: 'end-to-end',
    files: ['tests/**/*.e2e.ts'],
    debian: [...linux, python],
    clients: ['kubectl', 'aws'],
    concurrency: 1,
    limit: 900,
  },
];

const count = { passed: 0, failed: 0, skipped: 0 };
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // The files that run are ended, with all that they have started, before this process is.
    stop.abort();
    process.exitCode = 128 + constants.signals[signal];
  });
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

const indented = (text: string) => text.trimEnd().replaceAll(/^/gm, '    ');

function tell(file: string, outcome: FileOutcome, everything: boolean): void {
  const { passed, failures, skipped, titles, output } = outcome;
  const skips = [...skipped.values()].reduce((sum, one) => sum + one, 0);
  const counts = [`${passed} passed`, failures.length && `${failures.length} failed`, skips && `${skips} skipped`];
  say(
    `${failures.length > 0 ? '✖' : '✔'} ${file}: ${counts.filter(Boolean).join(', ')} (${outcome.seconds.toFixed(1)} s)`,
  );
  if (everything) for (const title of titles) say(`  ✔ ${title}`);
  for (const [reason, times] of skipped) say(`  ${times} skipped: ${reason}`);
  for (const { title, reason } of failures) say(`  ✖ ${title}\n${indented(reason)}`);
  if (failures.length > 0 && output.trim() !== '') say(`  It printed at last:\n${indented(output)}`);
  count.passed += passed;
  count.failed += failures.length;
  count.skipped += skips;
}

function filesOf(suite: Suite, words: readonly string[]): string[] {
  return suite.files
    .flatMap((pattern) => globSync(pattern, { cwd: root, exclude: (name) => name === 'node_modules' }))
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .sort();
}

async function runSuite(suite: Suite, files: readonly string[], everything: boolean): Promise<void> {
  refreshPackageLists();
  ensureDebianPackages(suite.debian);
  ensureClients(suite.clients, join(root, '.cache', 'clients'));
  say(`\n${suite.name}: ${files.length} files`);
  const left = [...files];
  const worker = async () => {
    for (let file = left.shift(); file !== undefined && !stop.signal.aborted; file = left.shift()) {
      const limits = { seconds: suite.limit, signal: stop.signal };
      tell(file, await runTestFile(join(root, file), limits), everything);
    }
  };
  await Promise.all(Array.from({ length: suite.concurrency }, worker));
}

/** Runs one step and tells how long it took. */
async function timed(name: string, step: () => Promise<void> | void): Promise<void> {
  const start = performance.now();
  await step();
  say(`${name} took ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

function check(): void {
  const { status } = spawnSync(process.execPath, [join(root, 'tools', 'check.ts')], { stdio: 'inherit' });
  if (status === 0) count.passed++;
  else count.failed++;
}

const given = process.argv.slice(2);
const names = ['check', ...suites.map((suite) => suite.name)];
const words = given.filter((word) => !names.includes(word));
const named = given.filter((word) => names.includes(word));
const wanted = named.length > 0 ? named : words.length > 0 ? names.slice(1) : names;
const chosen = suites
  .filter((suite) => wanted.includes(suite.name))
  .map((suite) => ({ suite, files: filesOf(suite, words) }))
  .filter(({ files }) => files.length > 0);
if (words.length > 0 && chosen.length === 0) {
  process.stderr.write(
    `No suite is called ${words.join(' or ')}, and no file's path has it; there are ${names.join(', ')}.\n`,
  );
  process.exit(2);
}
if (wanted.includes('check')) await timed('check', check);
for (const { suite, files } of chosen) {
  if (!stop.signal.aborted) await timed(suite.name, () => runSuite(suite, files, words.length > 0));
}
const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
say(`\n${count.passed} passed, ${count.failed} failed${skipped}`);
process.exit(process.exitCode ?? (count.failed > 0 || count.passed === 0 ? 1 : 0));

/**
 * The project's tests, the cheap ones first: `npm test`, or `npm test -- unit` for one suite. Installs what a suite
 * needs, runs it, and ends with one line that counts all of them.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { ensureDebianPackages } from './debian-packages.ts';

const root = join(import.meta.dirname, '..');

interface Suite {
  readonly name: string;
  readonly files: readonly string[];
  /** Debian packages that its tests start; without root they are not installed and such tests are skipped. */
  readonly debian: readonly string[];
  readonly concurrency: number;
}

const suites: readonly Suite[] = [
  {
    name: 'unit',
    files: ['packages/**/*.test.ts', 'apps/**/*.test.ts', 'tools/**/*.test.ts'],
    debian: ['etcd-server'],
    concurrency: 2,
  },
  { name: 'end-to-end', files: ['tests/**/*.e2e.ts'], debian: [], concurrency: 1 },
];

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

function runSuite(suite: Suite, count: Count): Promise<void> {
  const files = suite.files.flatMap((pattern) =>
    globSync(pattern, { cwd: root, exclude: (name) => name === 'node_modules' }),
  );
  if (files.length === 0) return Promise.resolve();
  ensureDebianPackages(suite.debian);
  process.stdout.write(`\n${suite.name}: ${files.length} files\n`);
  const stream = run({ files: files.sort().map((file) => join(root, file)), concurrency: suite.concurrency });
  stream.on('test:pass', (event) => {
    if (event.details.type === 'suite') return;
    if (event.skip !== undefined || event.todo !== undefined) count.skipped++;
    else count.passed++;
  });
  stream.on('test:fail', (event) => {
    if (event.details.type !== 'suite') count.failed++;
  });
  stream.compose(new spec()).pipe(process.stdout, { end: false });
  return new Promise((resolve, reject) => {
    stream.on('end', resolve);
    stream.on('error', reject);
  });
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => name !== 'check' && !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  process.stderr.write(
    `No suite is called ${unknown.join(', ')}; there are check, ${suites.map((suite) => suite.name).join(', ')}.\n`,
  );
  process.exit(2);
}
const count: Count = { passed: 0, failed: 0, skipped: 0 };
if (wanted.length === 0 || wanted.includes('check')) {
  const { status } = spawnSync(process.execPath, [join(root, 'tools', 'check.ts')], { stdio: 'inherit' });
  if (status === 0) count.passed++;
  else count.failed++;
}
for (const suite of suites) {
  if (wanted.length === 0 || wanted.includes(suite.name)) await runSuite(suite, count);
}
const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
process.stdout.write(`\n${count.passed} passed, ${count.failed} failed${skipped}\n`);
process.exit(count.failed > 0 || count.passed === 0 ? 1 : 0);

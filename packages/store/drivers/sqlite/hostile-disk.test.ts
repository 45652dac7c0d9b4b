import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const isRoot = process.getuid?.() === 0;
const program = join(import.meta.dirname, 'full-disk-program.ts');

/** Whether a file system can be mounted in a mount namespace of its own. */
function cannotMount(): string | false {
  const tried = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', tmpdir()]);
  return tried.status === 0 ? false : 'needs the right to mount a file system in a namespace of its own';
}

test('on a full disk writes fail with noSpace, reads go on, and room that is made is used', {
  skip: cannotMount(),
}, async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'keelson-full-'));
  context.after(() => rm(directory, { recursive: true, force: true }));
  const script = 'mount -t tmpfs -o size=6m none "$1" && exec "$2" "$3" "$1/store.db"';
  const arguments_ = ['--mount', 'sh', '-c', script, 'sh', directory, process.execPath, program];
  const { stdout, stderr, status } = spawnSync('unshare', arguments_, { encoding: 'utf8', timeout: 60_000 });
  assert.equal(status, 0, stderr);
  const { written, refusal, whileFull, after, count } = JSON.parse(stdout);
  assert.equal(refusal, 'noSpace');
  assert.ok(written > 50, `${written} were written`);
  assert.deepEqual(whileFull, { revision: 1 + written, count: written });
  assert.equal(after, 2 + written);
  assert.equal(count, written + 1);
});

test('a directory that cannot be written is refused with the reason', {
  skip: !isRoot && 'needs root',
}, async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'keelson-readonly-'));
  context.after(() => rm(directory, { recursive: true, force: true }));
  await chown(directory, 0, 0);
  await chmod(directory, 0o555);
  const driver = join(import.meta.dirname, 'index.ts');
  const script = `
    process.setgid(65534); process.setuid(65534);
    const { openSqliteStore } = await import(${JSON.stringify(driver)});
    const { systemWorld } = await import('@keelson/base');
    await openSqliteStore({ path: ${JSON.stringify(join(directory, 'store.db'))}, world: systemWorld() }).then(
      () => console.log('opened'),
      (error) => console.log(error.name, error.code, error.message),
    );`;
  const options = { encoding: 'utf8', cwd: import.meta.dirname, timeout: 30_000 } as const;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], options);
  assert.match(
    stdout,
    /^StoreError unavailable cannot make .*: its directory must exist and be writable \(EACCES/,
    stderr,
  );
});

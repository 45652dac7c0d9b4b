import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const runner = `
import { runTestFile } from ${JSON.stringify(join(import.meta.dirname, 'test-file.ts'))};
const [, , path, seconds] = process.argv;
const outcome = await runTestFile(path, { seconds: Number(seconds), signal: new AbortController().signal });
console.log(JSON.stringify({ ...outcome, skipped: [...outcome.skipped] }));
`;

/** Runs a file of tests, in a process that is not itself part of a test: within one Node runs no other. */
function outcomeOf(text: string, seconds: number): { readonly outcome: any; readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-test-file-'));
  const path = join(folder, 'some.test.mjs');
  writeFileSync(path, text);
  writeFileSync(join(folder, 'runner.mjs'), runner);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout, stderr } = spawnSync(process.execPath, [join(folder, 'runner.mjs'), path, String(seconds)], {
    encoding: 'utf8',
    env,
    timeout: 60_000,
  });
  assert.equal(stderr, '');
  return { outcome: JSON.parse(stdout), folder };
}

/** Whether a process is there, and not only its exit status, which nobody may have asked for yet. */
function runs(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

test('what passes, fails and is skipped is counted, suites by what is in them', () => {
  const { outcome, folder } = outcomeOf(
    `import { before, describe, test } from 'node:test';
    console.log('hello');
    test('good', () => {});
    test('bad', () => { throw new Error('boom'); });
    test('left out', { skip: 'no moon' }, () => {});
    describe('all of it left out', { skip: 'no moon' }, () => { test('one', () => {}); });
    describe('outer', () => { test('good', () => {}); test('bad', () => { throw new Error('inner boom'); }); });
    describe('unprepared', () => { before(() => { throw new Error('no water'); }); test('good', () => {}); });`,
    60,
  );
  rmSync(folder, { recursive: true });
  assert.equal(outcome.passed, 2);
  assert.deepEqual(outcome.skipped, [['no moon', 2]]);
  const failures: { title: string; reason: string }[] = outcome.failures;
  assert.deepEqual(
    failures.map(({ title }) => title),
    ['bad', 'outer › bad', 'unprepared › good', 'unprepared'],
  );
  assert.match(failures[1]!.reason, /inner boom/);
  assert.match(failures[3]!.reason, /no water/);
  assert.match(outcome.output, /^hello$/m);
});

test('a file that does not end has failed, and what it started is ended, detached or not', () => {
  const { outcome, folder } = outcomeOf(
    `import { spawn } from 'node:child_process';
    import { writeFileSync } from 'node:fs';
    import { test } from 'node:test';
    test('good', () => {});
    test('hangs', () => new Promise(() => {
      const detached = spawn('sleep', ['1000'], { stdio: 'ignore', detached: true });
      const bare = spawn('sleep', ['1000'], { stdio: 'ignore', env: { PATH: process.env.PATH } });
      writeFileSync(import.meta.dirname + '/pids', JSON.stringify([process.pid, detached.pid, bare.pid]));
      process.on('SIGTERM', () => {});
      setInterval(() => {}, 1000);
    }));`,
    1,
  );
  const pids: number[] = JSON.parse(readFileSync(join(folder, 'pids'), 'utf8'));
  rmSync(folder, { recursive: true });
  assert.equal(outcome.passed, 1);
  const titles = outcome.failures.map(({ title }: { title: string }) => title);
  assert.ok(titles.includes('the file'), titles.join());
  assert.match(outcome.output, /3 processes were left and have been ended/);
  assert.deepEqual(pids.filter(runs), []);
});

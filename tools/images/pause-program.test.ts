import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pauseProgram } from './pause-program.ts';

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`the pause program runs until ${signal} and ends with 0`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keelson-pause-'));
    try {
      const path = join(folder, 'pause');
      writeFileSync(path, pauseProgram(process.arch), { mode: 0o755 });
      const child = spawn(path);
      await once(child, 'spawn');
      const waits = () => /^Name:\s+pause\n(?:.*\n)*State:\s+S/.test(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
      const deadline = performance.now() + 10_000;
      while (!waits() && performance.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
      for (const other of ['SIGHUP', 'SIGUSR1', 'SIGCHLD'] as const) child.kill(other);
      child.kill(signal);
      assert.deepEqual(await once(child, 'exit'), [0, null]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test('there is a program for both machines that Keelson runs on, and for no other', () => {
  assert.equal(pauseProgram('x64')[18], 62);
  assert.equal(pauseProgram('arm64')[18], 183);
  assert.throws(() => pauseProgram('s390x'), /there is no pause program for s390x/);
});

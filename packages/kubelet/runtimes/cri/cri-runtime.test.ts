import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { missingForContainerd } from './suite/private-containerd.ts';

// containerd's streaming server and the pods' network are in namespaces of their own, so that the machine's stay as
// they are; the suite runs in them too.
test('pods on a real containerd', { skip: missingForContainerd() ?? false, timeout: 240_000 }, () => {
  const suite = join(import.meta.dirname, 'suite', 'containerd-suite.ts');
  const command = 'ip link set lo up && exec "$0" --test --test-reporter=spec "$1"';
  const options = ['--net', '--mount', '--propagation', 'private', 'sh', '-c', command, process.execPath, suite];
  const environment = { ...process.env };
  delete environment['NODE_TEST_CONTEXT'];
  const { status, stdout, stderr } = spawnSync('unshare', options, {
    encoding: 'utf8',
    env: environment,
    timeout: 220_000,
  });
  assert.equal(status, 0, `${stdout}\n${stderr}`);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oldestMinor } from '@keelson/model';
import { controlPlaneInProcess } from './control-plane-in-process.ts';

test('a control plane of the oldest minor starts, and serves what that minor had', async () => {
  const { plane, clock, log } = await controlPlaneInProcess('oldest', { minor: oldestMinor });
  const served = await plane.clientAs('admin', ['system:masters']).discover();
  const names = served.map(({ group, version, resource }) => `${group}/${version} ${resource}`);
  assert.ok(names.includes('storage.k8s.io/v1 storageclasses'));
  assert.ok(!names.includes('networking.k8s.io/v1 ipaddresses'));
  await clock.advance(5000);
  assert.deepEqual(
    log.filter(({ level }) => level === 'error').map(({ message }) => message),
    [],
  );
  await plane.stop();
});

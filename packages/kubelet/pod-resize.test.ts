import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, PodCondition } from '@keelson/model/generated/types/core-v1.ts';
import { KubeletInProcess } from '@keelson/testkit/kubelet-in-process.ts';

const container = (cpu: string, memory: string, resizePolicy: object[] = []) => ({
  name: 'c',
  image: 'nginx:1.21',
  resources: { requests: { cpu, memory }, limits: { cpu: '2', memory: '2Gi' } },
  resizePolicy,
});

function resize(node: KubeletInProcess, name: string, requests: Record<string, string>, limits = {}): Promise<Pod> {
  const patch = { spec: { containers: [{ name: 'c', resources: { requests, limits } }] } };
  return node.pods.patch(name, 'default', patch, { subresource: 'resize' });
}

async function stateOf(node: KubeletInProcess, name: string) {
  await node.api.world.clock.advance(5_000);
  const { status } = await node.pods.get(name, 'default');
  const [own] = status?.containerStatuses ?? [];
  const conditions = (status?.conditions ?? []).filter(({ type }: PodCondition) => type.startsWith('PodResize'));
  return {
    given: own?.allocatedResources,
    has: own?.resources?.requests,
    restarts: own?.restartCount,
    conditions: conditions.map(({ type, reason, message }) => [type, reason, message]),
  };
}

test('a pod gets other resources while it runs, and waits for those that the node has not', async () => {
  const node = await KubeletInProcess.start();
  await node.run({ name: 'small', containers: [container('500m', '1Gi')] });
  await node.run({ name: 'other', containers: [container('1', '1Gi')] });
  await resize(node, 'small', { cpu: '700m', memory: '1Gi' });
  const grown = { cpu: '700m', memory: '1Gi' };
  assert.deepEqual(await stateOf(node, 'small'), { given: grown, has: grown, restarts: 0, conditions: [] });

  await resize(node, 'small', { cpu: '1500m', memory: '1Gi' });
  const deferred = await stateOf(node, 'small');
  assert.deepEqual(deferred.given, grown, 'it keeps what it has');
  const why = "Node didn't have enough resource: cpu, requested: 1500, used: 1000, capacity: 1930";
  assert.deepEqual(deferred.conditions, [['PodResizePending', 'Deferred', why]]);

  await node.pods.delete('other', 'default');
  await node.api.world.clock.advance(40_000);
  const given = { cpu: '1500m', memory: '1Gi' };
  assert.deepEqual(await stateOf(node, 'small'), { given, has: given, restarts: 0, conditions: [] });

  await resize(node, 'small', { cpu: '9', memory: '1Gi' }, { cpu: '9', memory: '2Gi' });
  const infeasible = await stateOf(node, 'small');
  const never = "Node didn't have enough capacity: cpu, requested: 9000, capacity: 1930";
  assert.deepEqual(infeasible.conditions, [['PodResizePending', 'Infeasible', never]]);
  await node.stop();
});

test('a container whose policy says so is started again for it', async () => {
  const node = await KubeletInProcess.start();
  const policy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }];
  await node.run({ name: 'web', containers: [container('500m', '1Gi', policy)] });
  await resize(node, 'web', { cpu: '600m', memory: '1Gi' });
  assert.equal((await stateOf(node, 'web')).restarts, 0);
  await resize(node, 'web', { cpu: '600m', memory: '1Gi' }, { cpu: '2', memory: '3Gi' });
  await node.api.world.clock.advance(60_000);
  const { restarts, conditions } = await stateOf(node, 'web');
  assert.deepEqual([restarts, conditions], [1, []]);
  await node.stop();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kubernetesResources, SharedCaches } from '@keelson/client';
import { EventBroadcaster } from '@keelson/controller-kit';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import { ApiInProcess } from '@keelson/testkit/api-in-process.ts';
import { createScheduler } from './scheduler.ts';

test('what the scheduler writes passes the real API server: bindings, conditions, nominations, Events', async () => {
  const api = await ApiInProcess.start('scheduler');
  const { client, world } = api;
  await client.resource(kubernetesResources.namespaces).create({ metadata: { name: 'shop' } });
  const caches = new SharedCaches({ client, world, freeze: true });
  const broadcaster = new EventBroadcaster({ client, world });
  const recorder = broadcaster.recorder('default-scheduler');
  const scheduler = createScheduler({ client, caches, world, recorder, minor: 33 });
  const nodes = client.resource(kubernetesResources.nodes);
  await nodes.create({
    metadata: { name: 'n1', labels: { 'kubernetes.io/hostname': 'n1' } },
    status: { capacity: { cpu: '1', memory: '1Gi', pods: '10' }, allocatable: { cpu: '1', memory: '1Gi', pods: '10' } },
  });
  await scheduler.start();
  const pods = client.resource(kubernetesResources.pods);
  const add = (name: string, cpu: string, more: object = {}) =>
    pods.create({
      metadata: { name, namespace: 'shop' },
      spec: { containers: [{ name: 'c', image: 'x', resources: { requests: { cpu } } }], ...more },
    } as Pod);
  await add('fits', '800m', { priority: 0 });
  await world.clock.advance(1_000);
  const bound = await pods.get('fits', 'shop');
  assert.equal(bound.spec?.nodeName, 'n1');
  assert.equal(bound.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.status, 'True');
  await add('waits', '500m', { priority: 0 });
  await add('urgent', '500m', { priority: 100 });
  await world.clock.advance(3_000);
  const waiting = (await pods.get('waits', 'shop')).status?.conditions?.find(({ type }) => type === 'PodScheduled');
  assert.equal(waiting?.reason, 'Unschedulable');
  assert.equal(
    waiting?.message,
    '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
  );
  assert.equal((await pods.get('urgent', 'shop')).status?.nominatedNodeName, 'n1');
  assert.ok((await pods.get('fits', 'shop')).metadata?.deletionTimestamp);
  const events = (await client.resource(kubernetesResources.events).list({ namespace: 'shop' })).items;
  const told = events.map(({ reason, message }) => `${reason} ${message}`);
  assert.ok(told.includes('Scheduled Successfully assigned shop/fits to n1'), told.join('\n'));
  assert.ok(told.some((text) => text.startsWith('FailedScheduling 0/1 nodes are available: 1 Insufficient cpu.')));
  await scheduler.stop();
  caches.stop();
  await broadcaster.stop();
  await api.down();
});

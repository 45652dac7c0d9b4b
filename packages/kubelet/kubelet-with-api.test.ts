import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kubernetesResources, SharedCaches } from '@keelson/client';
import { EventBroadcaster } from '@keelson/controller-kit';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import { ApiInProcess } from '@keelson/testkit/api-in-process.ts';
import { description } from '@keelson/testkit/kubelet-in-process.ts';
import { createKubelet } from './kubelet.ts';
import { SimulatedProber } from './runtimes/simulated/simulated-prober.ts';
import { addressesFrom, SimulatedRuntime } from './runtimes/simulated/simulated-runtime.ts';
import { MemoryPodFiles } from './volumes/memory-pod-files.ts';

test('what the kubelet writes passes the real API server, from registration to the end of a pod', async () => {
  const api = await ApiInProcess.start('kubelet');
  const { client, world } = api;
  await client.resource(kubernetesResources.namespaces).create({ metadata: { name: 'shop' } });
  const problems: string[] = [];
  const log = {
    ...world.log,
    warn: (message: string, fields?: object) => void problems.push(`${message} ${JSON.stringify(fields)}`),
  };
  const watched = { ...world, log };
  const caches = new SharedCaches({ client, world, freeze: true });
  const broadcaster = new EventBroadcaster({ client, world, host: 'n1' });
  const kubelet = createKubelet({
    world: watched,
    client,
    caches,
    recorder: broadcaster.recorder('kubelet'),
    runtime: new SimulatedRuntime({ world, addresses: addressesFrom('10.1') }),
    prober: new SimulatedProber(),
    files: new MemoryPodFiles(),
    description: () => description,
    resolver: { node: { servers: [], searches: [], options: [] }, clusterServers: [], clusterDomain: 'cluster.local' },
    minor: 33,
  });
  const starting = kubelet.start();
  await world.clock.advance(2_000);
  await starting;
  const pods = client.resource(kubernetesResources.pods);
  const container = {
    name: 'c',
    image: 'nginx:1.21',
    resources: { requests: { cpu: '100m' }, limits: { cpu: '100m', memory: '64Mi' } },
  };
  const spec = { nodeName: 'n1', initContainers: [{ name: 'i', image: 'nginx:1.21' }], containers: [container] };
  await pods.create({ metadata: { name: 'web', namespace: 'shop' }, spec } as Pod);
  await world.clock.advance(10_000);
  const pod = await pods.get('web', 'shop');
  assert.equal(pod.status?.phase, 'Running', JSON.stringify(pod.status));
  assert.equal(pod.status.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
  assert.equal(pod.status.podIPs?.length, 1);
  assert.equal(pod.status.containerStatuses?.[0]?.ready, true);
  const node = await client.resource(kubernetesResources.nodes).get('n1');
  assert.equal(node.status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
  assert.equal(node.spec?.providerID, 'aws:///a/i-1');
  await pods.delete('web', 'shop');
  await world.clock.advance(40_000);
  assert.deepEqual((await pods.list()).items, []);
  const events = (await client.resource(kubernetesResources.events).list({ namespace: 'shop' })).items;
  const told = events.map(({ reason, message, source }) => `${source?.component} ${reason} ${message}`);
  assert.ok(told.includes('kubelet Created Created container: c'), told.join('\n'));
  assert.ok(told.includes('kubelet Killing Stopping container c'), told.join('\n'));
  assert.deepEqual(problems, []);
  const stopping = kubelet.stop();
  await world.clock.advance(10_000);
  await stopping;
  caches.stop();
  await broadcaster.stop();
  await api.down();
});

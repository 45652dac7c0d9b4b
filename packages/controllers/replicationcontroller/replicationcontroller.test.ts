import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kubernetesResources } from '@keelson/client';
import { WorkloadCluster } from '@keelson/testkit/workload-cluster.ts';
import { ReplicationControllerController } from './index.ts';

const { pods, replicationControllers } = kubernetesResources;

test('a replication controller keeps as many pods as it wants', async () => {
  const cluster = await WorkloadCluster.start([() => new ReplicationControllerController()]);
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'one' }] } };
  const client = cluster.client.resource(replicationControllers);
  await client.create({ metadata: { name: 'web', namespace: 'default' }, spec: { replicas: 3, template } });
  const settled = (replicas: number) =>
    cluster.eventually(async () => {
      const { status } = await client.get('web', 'default');
      return status?.availableReplicas === replicas && status.replicas === replicas;
    });
  assert.ok(await settled(3));
  const [pod] = await cluster.list(pods);
  assert.deepEqual(
    pod!.metadata!.ownerReferences!.map(({ apiVersion, kind, name }) => [apiVersion, kind, name]),
    [['v1', 'ReplicationController', 'web']],
  );
  await cluster.client.resource(pods).delete(pod!.metadata!.name!, 'default');
  await client.patch('web', 'default', { spec: { replicas: 2 } });
  assert.ok(await settled(2));
  await cluster.stop();
});

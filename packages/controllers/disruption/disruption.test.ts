import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kubernetesResources } from '@keelson/client';
import { deploymentOf, deploymentsOf, WorkloadCluster } from '@keelson/testkit/workload-cluster.ts';
import { DeploymentController } from '../deployment/index.ts';
import { ReplicaSetController } from '../replicaset/index.ts';
import { ReplicationControllerController } from '../replicationcontroller/index.ts';
import { StatefulSetController } from '../statefulset/index.ts';
import { DisruptionController } from './index.ts';

const { podDisruptionBudgets, pods, replicationControllers, statefulSets } = kubernetesResources;

test('a budget counts what its deployment wants, not what is left of it', async () => {
  const cluster = await WorkloadCluster.start([
    () => new DisruptionController(),
    () => new DeploymentController(),
    () => new ReplicaSetController(),
  ]);
  const budgets = cluster.client.resource(podDisruptionBudgets);
  const selector = { matchLabels: { app: 'web' } };
  await budgets.create({ metadata: { name: 'web', namespace: 'default' }, spec: { maxUnavailable: 1, selector } });
  await deploymentsOf(cluster).create(deploymentOf('web', 4));
  const numbers = async () => {
    const { status } = await budgets.get('web', 'default');
    return [status?.expectedPods, status?.desiredHealthy, status?.currentHealthy, status?.disruptionsAllowed];
  };
  assert.ok(await cluster.eventually(async () => (await numbers()).join() === '4,3,4,1'), (await numbers()).join());
  const [pod] = await cluster.list(pods);
  await cluster.client.resource(pods).delete(pod!.metadata!.name!, 'default');
  await cluster.clock.advance(100);
  assert.deepEqual(await numbers(), [4, 3, 3, 0]);
  assert.ok(await cluster.eventually(async () => (await numbers()).join() === '4,3,4,1'));
  await cluster.stop();
});

test('a budget counts what a stateful set and a replication controller want', async () => {
  const cluster = await WorkloadCluster.start([
    () => new DisruptionController(),
    () => new StatefulSetController(),
    () => new ReplicationControllerController(),
  ]);
  const labels = { app: 'web' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'one' }] } };
  const metadata = { name: 'web', namespace: 'default' };
  const selector = { matchLabels: labels };
  const budgets = cluster.client.resource(podDisruptionBudgets);
  await budgets.create({ metadata, spec: { minAvailable: '50%', selector } });
  const expected = async () => (await budgets.get('web', 'default')).status?.expectedPods;
  await cluster.create(statefulSets, { metadata, spec: { replicas: 3, selector, template } });
  assert.ok(await cluster.eventually(async () => (await expected()) === 3));
  await cluster.client.resource(statefulSets).delete('web', 'default');
  for (const pod of await cluster.list(pods))
    await cluster.client.resource(pods).delete(pod.metadata!.name!, 'default');
  assert.ok(await cluster.eventually(async () => (await expected()) === 0));
  await cluster.create(replicationControllers, { metadata, spec: { replicas: 4, template } });
  assert.ok(await cluster.eventually(async () => (await expected()) === 4));
  await cluster.stop();
});

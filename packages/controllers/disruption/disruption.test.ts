import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kubernetesResources } from '@keelson/client';
import { deploymentOf, deploymentsOf, WorkloadCluster } from '@keelson/testkit/workload-cluster.ts';
import { DeploymentController } from '../deployment/index.ts';
import { ReplicaSetController } from '../replicaset/index.ts';
import { DisruptionController } from './index.ts';

const { podDisruptionBudgets, pods } = kubernetesResources;

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

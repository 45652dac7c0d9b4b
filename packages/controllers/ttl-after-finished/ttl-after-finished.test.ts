import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rfc3339 } from '@keelson/base';
import { kubernetesResources } from '@keelson/client';
import { WorkloadCluster } from '@keelson/testkit/workload-cluster.ts';
import { TtlAfterFinishedController } from './index.ts';

const { jobs } = kubernetesResources;

test('a job goes so many seconds after it ended, and not before', async () => {
  const cluster = await WorkloadCluster.start([() => new TtlAfterFinishedController()]);
  const client = cluster.client.resource(jobs);
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'one' }] } };
  const job = (name: string, ttlSecondsAfterFinished?: number) =>
    client.create({ metadata: { name, namespace: 'default' }, spec: { template, ttlSecondsAfterFinished } });
  await job('soon', 60);
  await job('running', 0);
  await job('kept');
  await job('longer', 60);
  for (const name of ['soon', 'kept', 'longer']) {
    const now = rfc3339(cluster.clock.now());
    const conditions = ['SuccessCriteriaMet', 'Complete'].map((type) => ({
      type,
      status: 'True',
      lastTransitionTime: now,
    }));
    const status = { startTime: now, completionTime: now, conditions };
    await client.patch(name, 'default', { status }, { subresource: 'status' });
  }
  const names = async () =>
    (await cluster.list(jobs))
      .filter(({ metadata }) => metadata!.deletionTimestamp === undefined)
      .map(({ metadata }) => metadata!.name);
  await cluster.clock.advance(59_000);
  assert.equal((await names()).length, 4);
  await client.patch('longer', 'default', { spec: { ttlSecondsAfterFinished: 120 } });
  await cluster.clock.advance(2000);
  assert.deepEqual((await names()).sort(), ['kept', 'longer', 'running']);
  await cluster.clock.advance(60_000);
  assert.deepEqual((await names()).sort(), ['kept', 'running']);
  await cluster.stop();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kubernetesResources } from '@keelson/client';
import { conditionOf } from '@keelson/controller-kit';
import type { ReplicaSet } from '@keelson/model/generated/types/apps-v1.ts';
import { WorkloadCluster } from '@keelson/testkit/workload-cluster.ts';
import { ReplicaSetController } from './index.ts';

const { pods, replicaSets } = kubernetesResources;
const controllers = [() => new ReplicaSetController()];
const labels = { app: 'web' };
const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'nginx' }] } };

function replicaSetOf(replicas: number): ReplicaSet {
  return {
    metadata: { name: 'web', namespace: 'default' },
    spec: { replicas, selector: { matchLabels: labels }, template },
  };
}

const statusOf = async (cluster: WorkloadCluster) =>
  (await cluster.client.resource(replicaSets).get('web', 'default')).status;

const settled = (cluster: WorkloadCluster, replicas: number) =>
  cluster.eventually(async () => {
    const status = await statusOf(cluster);
    return (status?.availableReplicas ?? 0) === replicas && (status?.replicas ?? 0) === replicas;
  });

test('deleted pods are replaced, surplus ones go, and the status follows', async () => {
  const cluster = await WorkloadCluster.start(controllers);
  await cluster.create(replicaSets, replicaSetOf(3));
  assert.ok(await settled(cluster, 3));
  const [first] = await cluster.list(pods);
  await cluster.client.resource(pods).delete(first!.metadata!.name!, 'default');
  assert.ok(
    await cluster.eventually(async () =>
      (await cluster.list(pods)).every(({ metadata }) => metadata!.uid !== first!.metadata!.uid),
    ),
  );
  assert.ok(await settled(cluster, 3));
  await cluster.client.resource(replicaSets).patch('web', 'default', { spec: { replicas: 1 } });
  assert.ok(await settled(cluster, 1));
  assert.ok(await cluster.eventually(async () => (await cluster.list(pods)).length === 1));
  const status = await statusOf(cluster);
  assert.deepEqual([status?.fullyLabeledReplicas, status?.readyReplicas, status?.observedGeneration], [1, 1, 2]);
  const deletions = (await cluster.eventsAbout('web')).filter((event) =>
    event.startsWith('SuccessfulDelete: Deleted pod: web-'),
  );
  assert.equal(deletions.length, 2);
  await cluster.stop();
});

test('orphans that it selects are adopted, and a pod whose labels change is let go and replaced', async () => {
  const cluster = await WorkloadCluster.start(controllers);
  await cluster.create(pods, { metadata: { name: 'stray', namespace: 'default', labels }, spec: template.spec });
  await cluster.create(pods, { metadata: { name: 'other', namespace: 'default' }, spec: template.spec });
  await cluster.clock.advance(2000);
  await cluster.create(replicaSets, replicaSetOf(2));
  assert.ok(await settled(cluster, 2));
  const stray = await cluster.client.resource(pods).get('stray', 'default');
  assert.equal(stray.metadata!.ownerReferences![0]!.name, 'web');
  assert.equal((await cluster.list(pods)).length, 3);

  await cluster.client.resource(pods).patch('stray', 'default', { metadata: { labels: { app: 'debug' } } });
  assert.ok(await cluster.eventually(async () => (await cluster.list(pods)).length === 4));
  const released = await cluster.client.resource(pods).get('stray', 'default');
  assert.deepEqual(released.metadata!.ownerReferences ?? [], []);
  await cluster.stop();
});

test('what cannot be created is told in a condition and an Event, and is tried again', async () => {
  const cluster = await WorkloadCluster.start(controllers);
  const quota = cluster.api.refuseCreation('pods', 'exceeded quota');
  await cluster.create(replicaSets, replicaSetOf(3));
  assert.ok(
    await cluster.eventually(
      async () => conditionOf((await statusOf(cluster))?.conditions, 'ReplicaFailure') !== undefined,
    ),
  );
  const condition = conditionOf((await statusOf(cluster))!.conditions, 'ReplicaFailure')!;
  assert.deepEqual([condition.status, condition.reason], ['True', 'FailedCreate']);
  assert.match(condition.message!, /^exceeded quota \(attempt 1\)$/);
  assert.ok((await cluster.eventsAbout('web')).includes('FailedCreate: Error creating: exceeded quota (attempt 1)'));
  const attempts = quota.attempts();
  await cluster.clock.advance(10_000);
  const more = quota.attempts() - attempts;
  assert.ok(more > 0 && more < 20, `${more} more attempts in ten seconds`);
  quota.allow();
  assert.ok(await settled(cluster, 3));
  assert.equal(conditionOf((await statusOf(cluster))!.conditions, 'ReplicaFailure'), undefined);
  await cluster.stop();
});

test('a server that goes down in the middle of a scale-up costs nothing and doubles nothing', async () => {
  for (const moment of [0, 1, 50, 900, 1500]) {
    const cluster = await WorkloadCluster.start(controllers, { seed: `down-${moment}` });
    await cluster.create(replicaSets, replicaSetOf(20));
    await cluster.clock.advance(moment);
    await cluster.api.down();
    await cluster.clock.advance(20_000);
    await cluster.api.up();
    assert.ok(await settled(cluster, 20));
    assert.equal((await cluster.list(pods)).length, 20);
    await cluster.stop();
  }
});

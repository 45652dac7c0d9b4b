import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kubernetesResources } from '@keelson/client';
import { conditionOf } from '@keelson/controller-kit';
import type { Deployment } from '@keelson/model/generated/types/apps-v1.ts';
import { PodRunner } from '@keelson/testkit/pod-runner.ts';
import { deploymentOf, deploymentsOf, WorkloadCluster } from '@keelson/testkit/workload-cluster.ts';
import { ReplicaSetController } from '../replicaset/index.ts';
import { DeploymentController } from './index.ts';

const { pods, replicaSets } = kubernetesResources;
const controllers = [() => new DeploymentController(), () => new ReplicaSetController()];

const complete = ({ metadata, spec, status }: Deployment) =>
  status?.observedGeneration === metadata?.generation &&
  [status?.replicas, status?.updatedReplicas, status?.availableReplicas].every(
    (count) => (count ?? 0) === spec?.replicas,
  );

async function rolledOut(cluster: WorkloadCluster, name: string): Promise<Deployment> {
  const done = await cluster.eventually(async () => complete(await deploymentsOf(cluster).get(name, 'default')));
  const deployment = await deploymentsOf(cluster).get(name, 'default');
  assert.ok(done, `not rolled out: ${JSON.stringify(deployment.status)}`);
  return deployment;
}

const setImage = (cluster: WorkloadCluster, name: string, image: string) =>
  deploymentsOf(cluster).patch(name, 'default', {
    spec: { template: { spec: { containers: [{ name: 'main', image }] } } },
  });

test('a new deployment is rolled out, and says so as Kubernetes does', async () => {
  const cluster = await WorkloadCluster.start(controllers);
  await deploymentsOf(cluster).create(deploymentOf('web', 3));
  const deployment = await rolledOut(cluster, 'web');
  const [replicaSet, ...others] = await cluster.list(replicaSets);
  assert.equal(others.length, 0);
  const { name, labels, annotations, ownerReferences } = replicaSet!.metadata!;
  assert.match(name!, /^web-[bcdfghjklmnpqrstvwxz2456789]{7,10}$/);
  assert.deepEqual(labels, { app: 'web', 'pod-template-hash': name!.slice(4) });
  assert.deepEqual(replicaSet!.spec!.selector.matchLabels, labels);
  assert.deepEqual(annotations, {
    'deployment.kubernetes.io/revision': '1',
    'deployment.kubernetes.io/desired-replicas': '3',
    'deployment.kubernetes.io/max-replicas': '4',
  });
  assert.equal(ownerReferences![0]!.uid, deployment.metadata!.uid);
  assert.equal(deployment.metadata!.annotations!['deployment.kubernetes.io/revision'], '1');
  const progressing = conditionOf(deployment.status!.conditions, 'Progressing')!;
  assert.deepEqual(
    [progressing.status, progressing.reason, progressing.message],
    ['True', 'NewReplicaSetAvailable', `ReplicaSet "${name}" has successfully progressed.`],
  );
  assert.equal(conditionOf(deployment.status!.conditions, 'Available')!.reason, 'MinimumReplicasAvailable');
  assert.deepEqual(await cluster.eventsAbout('web'), [`ScalingReplicaSet: Scaled up replica set ${name} from 0 to 3`]);
  const created = (await cluster.list(pods)).map(({ metadata }) => `SuccessfulCreate: Created pod: ${metadata!.name}`);
  assert.deepEqual((await cluster.eventsAbout(name!)).sort(), created.sort());
  await cluster.stop();
});

test('a rolling update keeps its bounds at every moment, and undo brings the old ReplicaSet back', async () => {
  const cluster = await WorkloadCluster.start(controllers);
  await deploymentsOf(cluster).create(deploymentOf('web', 4));
  await rolledOut(cluster, 'web');
  await setImage(cluster, 'web', 'nginx:1.22');
  let most = 0;
  let least = 4;
  const done = await cluster.eventually(async () => {
    most = Math.max(most, (await cluster.list(pods)).filter(({ metadata }) => !metadata!.deletionTimestamp).length);
    least = Math.min(least, (await cluster.readyPods()).length);
    return complete(await deploymentsOf(cluster).get('web', 'default'));
  });
  assert.deepEqual([done, most, least], [true, 5, 3]);
  const images = async () => new Set((await cluster.readyPods()).map(({ spec }) => spec!.containers[0]!.image));
  assert.deepEqual(await images(), new Set(['nginx:1.22']));

  await setImage(cluster, 'web', 'nginx:1.21');
  const undone = await rolledOut(cluster, 'web');
  assert.deepEqual(await images(), new Set(['nginx:1.21']));
  assert.equal(undone.metadata!.annotations!['deployment.kubernetes.io/revision'], '3');
  const history = (await cluster.list(replicaSets)).map(({ metadata, spec }) => [
    metadata!.annotations!['deployment.kubernetes.io/revision'],
    metadata!.annotations!['deployment.kubernetes.io/revision-history'],
    spec!.replicas,
  ]);
  assert.deepEqual(history.sort(), [
    ['2', undefined, 0],
    ['3', '1', 4],
  ]);
  await cluster.stop();
});

test('an update that never becomes ready stops within its bounds and exceeds its deadline', async () => {
  const runner = new PodRunner((pod) => pod.spec!.containers[0]!.image !== 'bad');
  const cluster = await WorkloadCluster.start(controllers, { runner });
  await deploymentsOf(cluster).create(deploymentOf('web', 4, 'good', { progressDeadlineSeconds: 60 }));
  await rolledOut(cluster, 'web');
  await setImage(cluster, 'web', 'bad');
  await cluster.clock.advance(50_000);
  assert.equal((await cluster.readyPods()).length, 3);
  const reason = async () =>
    conditionOf((await deploymentsOf(cluster).get('web', 'default')).status!.conditions, 'Progressing')!;
  assert.equal((await reason()).reason, 'ReplicaSetUpdated');
  await cluster.clock.advance(20_000);
  const condition = await reason();
  assert.deepEqual([condition.status, condition.reason], ['False', 'ProgressDeadlineExceeded']);
  assert.match(condition.message!, /^ReplicaSet "web-\w+" has timed out progressing\.$/);
  await cluster.stop();
});

test('scaling keeps the template, and in the middle of a rollout is shared', async () => {
  const runner = new PodRunner((pod) => pod.spec!.containers[0]!.image !== 'bad');
  const cluster = await WorkloadCluster.start(controllers, { runner });
  await deploymentsOf(cluster).create(deploymentOf('web', 8, 'good'));
  await rolledOut(cluster, 'web');
  const scale = (replicas: number) => deploymentsOf(cluster).patch('web', 'default', { spec: { replicas } });
  await scale(2);
  await rolledOut(cluster, 'web');
  await scale(8);
  await rolledOut(cluster, 'web');
  assert.equal((await cluster.list(replicaSets)).length, 1);
  await setImage(cluster, 'web', 'bad');
  await cluster.clock.advance(10_000);
  const sizes = async () => (await cluster.list(replicaSets)).map(({ spec }) => spec!.replicas).sort();
  assert.deepEqual(await sizes(), [4, 6]);
  await scale(16);
  await cluster.clock.advance(5000);
  assert.deepEqual(await sizes(), [12, 8]);
  await cluster.stop();
});

test('Recreate has no two templates at work at once', async () => {
  const cluster = await WorkloadCluster.start(controllers);
  await deploymentsOf(cluster).create(deploymentOf('web', 3, 'one', { strategy: { type: 'Recreate' } }));
  await rolledOut(cluster, 'web');
  await setImage(cluster, 'web', 'two');
  let mixed = false;
  const done = await cluster.eventually(async () => {
    const images = new Set((await cluster.list(pods)).map(({ spec }) => spec!.containers[0]!.image));
    mixed ||= images.size > 1;
    return images.has('two') && complete(await deploymentsOf(cluster).get('web', 'default'));
  });
  assert.deepEqual([done, mixed], [true, false]);
  await cluster.stop();
});

test('a paused deployment waits with its template but not with its size', async () => {
  const cluster = await WorkloadCluster.start(controllers);
  await deploymentsOf(cluster).create(deploymentOf('web', 2, 'one'));
  await rolledOut(cluster, 'web');
  await deploymentsOf(cluster).patch('web', 'default', { spec: { paused: true } });
  await setImage(cluster, 'web', 'two');
  await deploymentsOf(cluster).patch('web', 'default', { spec: { replicas: 3 } });
  await cluster.clock.advance(10_000);
  const images = async () => (await cluster.readyPods()).map(({ spec }) => spec!.containers[0]!.image);
  assert.deepEqual(await images(), ['one', 'one', 'one']);
  const paused = await deploymentsOf(cluster).get('web', 'default');
  const condition = conditionOf(paused.status!.conditions, 'Progressing')!;
  assert.deepEqual([condition.status, condition.reason], ['Unknown', 'DeploymentPaused']);
  await deploymentsOf(cluster).patch('web', 'default', { spec: { paused: null } });
  await rolledOut(cluster, 'web');
  assert.deepEqual(await images(), ['two', 'two', 'two']);
  await cluster.stop();
});

test('history is kept up to its limit', async () => {
  const cluster = await WorkloadCluster.start(controllers);
  await deploymentsOf(cluster).create(deploymentOf('web', 1, 'v0', { revisionHistoryLimit: 2 }));
  for (let version = 1; version <= 4; version++) {
    await rolledOut(cluster, 'web');
    await setImage(cluster, 'web', `v${version}`);
  }
  await rolledOut(cluster, 'web');
  await cluster.clock.advance(5000);
  const images = (await cluster.list(replicaSets)).map(({ spec }) => spec!.template!.spec!.containers[0]!.image);
  assert.deepEqual(images.sort(), ['v2', 'v3', 'v4']);
  await cluster.stop();
});

test('controllers that are stopped anywhere in a rollout take it up again, and nothing is made twice', async () => {
  for (const moment of [0, 100, 600, 1100, 1600, 2100, 3100]) {
    const cluster = await WorkloadCluster.start(controllers, { seed: `restart-${moment}` });
    await deploymentsOf(cluster).create(deploymentOf('web', 4));
    await rolledOut(cluster, 'web');
    await setImage(cluster, 'web', 'nginx:1.22');
    await cluster.clock.advance(moment);
    await cluster.stopControllers();
    await cluster.api.down();
    await cluster.clock.advance(3000);
    await cluster.api.up();
    cluster.startControllers();
    await rolledOut(cluster, 'web');
    assert.equal((await cluster.list(replicaSets)).length, 2);
    assert.equal((await cluster.readyPods()).length, 4);
    await cluster.stop();
  }
});

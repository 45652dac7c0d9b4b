import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DeleteOptions, isNotFound, kubernetesResources } from '@keelson/client';
import type { OwnerReference } from '@keelson/model';
import { deploymentOf, deploymentsOf, WorkloadCluster } from '@keelson/testkit/workload-cluster.ts';
import { DeploymentController } from '../deployment/index.ts';
import { ReplicaSetController } from '../replicaset/index.ts';
import { GarbageCollector } from './index.ts';

const { configMaps, namespaces, pods, replicaSets } = kubernetesResources;
const collector = [() => new GarbageCollector()];
const workloads = [...collector, () => new DeploymentController(), () => new ReplicaSetController()];

async function rolledOut(cluster: WorkloadCluster): Promise<void> {
  await deploymentsOf(cluster).create(deploymentOf('web', 3));
  assert.ok(await cluster.eventually(async () => (await cluster.readyPods()).length === 3));
}

async function counts(cluster: WorkloadCluster): Promise<number[]> {
  const deployments = (await deploymentsOf(cluster).list()).items.length;
  return [deployments, (await cluster.list(replicaSets)).length, (await cluster.list(pods)).length];
}

const deleteWeb = (cluster: WorkloadCluster, options: DeleteOptions) =>
  deploymentsOf(cluster).delete('web', 'default', options);

test('background: the owner goes at once, and what it owned after it', async () => {
  const cluster = await WorkloadCluster.start(workloads);
  await rolledOut(cluster);
  await deleteWeb(cluster, { propagationPolicy: 'Background' });
  assert.equal((await counts(cluster))[0], 0);
  assert.ok(await cluster.eventually(async () => (await counts(cluster)).every((count) => count === 0)));
  await cluster.stop();
});

test('foreground: the owner goes last', async () => {
  const cluster = await WorkloadCluster.start(workloads);
  await rolledOut(cluster);
  await deleteWeb(cluster, { propagationPolicy: 'Foreground' });
  const orders: string[] = [];
  const done = await cluster.eventually(async () => {
    const now = await counts(cluster);
    orders.push(now.join());
    assert.ok(now[0]! >= Math.min(now[1]!, 1) && now[1]! >= Math.min(now[2]!, 1), `dependents outlived owners: ${now}`);
    return now.every((count) => count === 0);
  });
  assert.ok(done, orders.join(' '));
  assert.ok(orders.includes('1,1,3'), orders.join(' '));
  await cluster.stop();
});

test('orphan: what it owned stays, and names it no more', async () => {
  const cluster = await WorkloadCluster.start(workloads);
  await rolledOut(cluster);
  await deleteWeb(cluster, { propagationPolicy: 'Orphan' });
  assert.ok(await cluster.eventually(async () => (await counts(cluster))[0] === 0));
  await cluster.clock.advance(10_000);
  assert.deepEqual(await counts(cluster), [0, 1, 3]);
  const [replicaSet] = await cluster.list(replicaSets);
  assert.deepEqual(replicaSet!.metadata!.ownerReferences ?? [], []);
  await cluster.stop();
});

async function configMap(cluster: WorkloadCluster, name: string, owners: OwnerReference[] = [], namespace = 'default') {
  const ownerReferences = owners.length > 0 ? { ownerReferences: owners } : {};
  return cluster.create(configMaps, { metadata: { name, namespace, ...ownerReferences } });
}

function referenceTo(owner: { metadata?: { name?: string; uid?: string } }, more: object = {}): OwnerReference {
  return { apiVersion: 'v1', kind: 'ConfigMap', name: owner.metadata!.name!, uid: owner.metadata!.uid!, ...more };
}

const isThere = (cluster: WorkloadCluster, name: string, namespace = 'default') =>
  cluster.client
    .resource(configMaps)
    .get(name, namespace)
    .then(
      () => true,
      (thrown) => {
        assert.ok(isNotFound(thrown));
        return false;
      },
    );

test('an owner that never was, of another uid, or of another namespace counts as gone', async () => {
  const cluster = await WorkloadCluster.start(collector);
  await cluster.create(namespaces, { metadata: { name: 'other' } });
  const owner = await configMap(cluster, 'owner');
  const foreign = await configMap(cluster, 'foreign', [], 'other');
  await configMap(cluster, 'kept', [referenceTo(owner)]);
  await configMap(cluster, 'never', [{ ...referenceTo(owner), name: 'nobody', uid: 'u-1' }]);
  await configMap(cluster, 'renewed', [{ ...referenceTo(owner), uid: 'u-2' }]);
  await configMap(cluster, 'across', [referenceTo(foreign)]);
  await configMap(cluster, 'both', [referenceTo(owner), { ...referenceTo(owner), name: 'nobody', uid: 'u-3' }]);
  await cluster.clock.advance(10_000);
  const left = [];
  for (const name of ['kept', 'never', 'renewed', 'across', 'both']) if (await isThere(cluster, name)) left.push(name);
  assert.deepEqual(left, ['kept', 'both']);
  const both = await cluster.client.resource(configMaps).get('both', 'default');
  assert.deepEqual(
    both.metadata!.ownerReferences!.map(({ uid }) => uid),
    [owner.metadata!.uid],
  );
  const complaints = (await cluster.eventsAbout('across')).filter((event) =>
    event.startsWith('OwnerRefInvalidNamespace: '),
  );
  assert.equal(complaints.length, 1);
  await cluster.stop();
});

test('a circle that is deleted in the foreground comes to an end', async () => {
  const cluster = await WorkloadCluster.start(collector);
  const one = await configMap(cluster, 'one');
  const two = await configMap(cluster, 'two', [referenceTo(one, { blockOwnerDeletion: true })]);
  const back = [referenceTo(two, { blockOwnerDeletion: true })];
  await cluster.client.resource(configMaps).patch('one', 'default', { metadata: { ownerReferences: back } });
  await cluster.clock.advance(1000);
  await cluster.client.resource(configMaps).delete('one', 'default', { propagationPolicy: 'Foreground' });
  assert.ok(await cluster.eventually(async () => !(await isThere(cluster, 'one')) && !(await isThere(cluster, 'two'))));
  await cluster.stop();
});

test('what lost its owner while no collector ran is found at the next start', async () => {
  const cluster = await WorkloadCluster.start(collector);
  const owner = await configMap(cluster, 'owner');
  await configMap(cluster, 'dependent', [referenceTo(owner)]);
  await cluster.clock.advance(1000);
  await cluster.stopControllers();
  await cluster.client.resource(configMaps).delete('owner', 'default');
  await cluster.clock.advance(60_000);
  assert.equal(await isThere(cluster, 'dependent'), true);
  cluster.startControllers();
  assert.ok(await cluster.eventually(async () => !(await isThere(cluster, 'dependent'))));
  await cluster.stop();
});

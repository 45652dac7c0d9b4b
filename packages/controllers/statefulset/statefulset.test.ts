import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kubernetesResources } from '@keelson/client';
import type { StatefulSet } from '@keelson/model/generated/types/apps-v1.ts';
import { PodRunner } from '@keelson/testkit/pod-runner.ts';
import { WorkloadCluster } from '@keelson/testkit/workload-cluster.ts';
import { GarbageCollector } from '../garbage-collector/index.ts';
import { StatefulSetController } from './index.ts';

const { controllerRevisions, persistentVolumeClaims, pods, statefulSets } = kubernetesResources;
const controllers = [() => new StatefulSetController()];
const labels = { app: 'db' };

function setOf(replicas: number, spec: object = {}): StatefulSet {
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'one' }] } };
  return {
    metadata: { name: 'db', namespace: 'default' },
    spec: { replicas, serviceName: 'db', selector: { matchLabels: labels }, template, ...spec } as StatefulSet['spec'],
  };
}

const sets = (cluster: WorkloadCluster) => cluster.client.resource(statefulSets);
const change = (cluster: WorkloadCluster, spec: object) => sets(cluster).patch('db', 'default', { spec });
const setImage = (cluster: WorkloadCluster, image: string) =>
  change(cluster, { template: { spec: { containers: [{ name: 'main', image }] } } });

const settled = (cluster: WorkloadCluster, replicas: number, updated = replicas) =>
  cluster.eventually(async () => {
    const { metadata, status } = await sets(cluster).get('db', 'default');
    const counts = [status?.replicas, status?.availableReplicas];
    const all = counts.every((count) => count === replicas) && (await cluster.list(pods)).length === replicas;
    return status?.observedGeneration === metadata?.generation && all && status?.updatedReplicas === updated;
  });

const shown = async (cluster: WorkloadCluster) =>
  (await cluster.list(pods)).map(({ metadata, spec }) => `${metadata!.name} ${spec!.containers[0]!.image}`).sort();

/** The order in which something is said of pods in Events. */
const told = async (cluster: WorkloadCluster, verb: string) =>
  (await cluster.eventsAbout('db')).flatMap(
    (event) => new RegExp(`${verb} Pod (\\S+) in StatefulSet db successful`).exec(event)?.[1] ?? [],
  );

test('pods come one after the other with lasting names, and go the other way round', async () => {
  const cluster = await WorkloadCluster.start(controllers);
  await cluster.create(statefulSets, setOf(3));
  let most = 0;
  const counted = async () => {
    const found = await cluster.list(pods);
    most = Math.max(most, found.length - (await cluster.readyPods()).length);
    return (await sets(cluster).get('db', 'default')).status?.availableReplicas === 3;
  };
  assert.ok(await cluster.eventually(counted));
  assert.equal(most, 1);
  assert.deepEqual(await told(cluster, 'create'), ['db-0', 'db-1', 'db-2']);
  const pod = await cluster.client.resource(pods).get('db-1', 'default');
  const { status } = await sets(cluster).get('db', 'default');
  assert.deepEqual([pod.spec!.hostname, pod.spec!.subdomain], ['db-1', 'db']);
  assert.deepEqual(pod.metadata!.labels, {
    ...labels,
    'apps.kubernetes.io/pod-index': '1',
    'controller-revision-hash': status!.updateRevision,
    'statefulset.kubernetes.io/pod-name': 'db-1',
  });
  await change(cluster, { replicas: 1 });
  assert.ok(await settled(cluster, 1));
  assert.deepEqual(await told(cluster, 'delete'), ['db-2', 'db-1']);
  await change(cluster, { ordinals: { start: 5 }, replicas: 2 });
  assert.ok(await settled(cluster, 2));
  assert.deepEqual(await shown(cluster), ['db-5 one', 'db-6 one']);
  await cluster.stop();
});

test('nobody comes before one that is not ready, unless all come at once', async () => {
  const runner = new PodRunner((pod) => pod.metadata!.name !== 'db-1');
  const cluster = await WorkloadCluster.start(controllers, { runner });
  await cluster.create(statefulSets, setOf(3));
  await cluster.clock.advance(30_000);
  assert.deepEqual(await shown(cluster), ['db-0 one', 'db-1 one']);
  await sets(cluster).delete('db', 'default');
  for (const { metadata } of await cluster.list(pods))
    await cluster.client.resource(pods).delete(metadata!.name!, 'default');
  await cluster.clock.advance(5000);
  await cluster.create(statefulSets, setOf(4, { podManagementPolicy: 'Parallel' }));
  await cluster.clock.advance(5000);
  assert.deepEqual((await shown(cluster)).length, 4);
  await change(cluster, { replicas: 1 });
  await cluster.clock.advance(5000);
  assert.deepEqual(await shown(cluster), ['db-0 one']);
  await cluster.stop();
});

test('a new template replaces pods from the highest on, down to the partition', async () => {
  const cluster = await WorkloadCluster.start(controllers);
  await cluster.create(statefulSets, setOf(3, { updateStrategy: { rollingUpdate: { partition: 2 } } }));
  assert.ok(await settled(cluster, 3));
  await setImage(cluster, 'two');
  assert.ok(await settled(cluster, 3, 1));
  assert.deepEqual(await shown(cluster), ['db-0 one', 'db-1 one', 'db-2 two']);
  await cluster.client.resource(pods).delete('db-0', 'default');
  await cluster.clock.advance(100);
  assert.ok(await settled(cluster, 3, 1));
  assert.deepEqual((await shown(cluster))[0], 'db-0 one', 'below the partition a pod keeps its revision');
  let least = 3;
  await change(cluster, { updateStrategy: { rollingUpdate: { partition: 0 } } });
  const done = await cluster.eventually(async () => {
    least = Math.min(least, (await cluster.readyPods()).length);
    return (await shown(cluster)).every((pod) => pod.endsWith('two')) && (await cluster.readyPods()).length === 3;
  });
  assert.deepEqual([done, least], [true, 2]);
  assert.ok(await settled(cluster, 3));
  const { status } = await sets(cluster).get('db', 'default');
  assert.equal(status!.currentRevision, status!.updateRevision);
  assert.equal(status!.currentReplicas, 3);
  await setImage(cluster, 'one');
  assert.ok(await settled(cluster, 3));
  const numbers = (await cluster.list(controllerRevisions)).map(({ revision }) => revision);
  assert.deepEqual(numbers.sort(), [2, 3], 'a template that comes back takes its revision along');
  await cluster.stop();
});

test('several may be unavailable at once when the set says so', async () => {
  const cluster = await WorkloadCluster.start(controllers);
  const updateStrategy = { rollingUpdate: { maxUnavailable: 2 } };
  await cluster.create(statefulSets, setOf(5, { podManagementPolicy: 'Parallel', updateStrategy }));
  assert.ok(await settled(cluster, 5));
  await setImage(cluster, 'two');
  let least = 5;
  const done = await cluster.eventually(async () => {
    least = Math.min(least, (await cluster.readyPods()).length);
    return (await shown(cluster)).every((pod) => pod.endsWith('two'));
  });
  assert.deepEqual([done, least], [true, 3]);
  await cluster.stop();
});

test('a pod that ends is made anew under its name; one to be deleted by hand waits for that', async () => {
  const cluster = await WorkloadCluster.start(controllers);
  await cluster.create(statefulSets, setOf(2, { updateStrategy: { type: 'OnDelete' } }));
  assert.ok(await settled(cluster, 2));
  const { uid } = (await cluster.client.resource(pods).get('db-0', 'default')).metadata!;
  const status = { phase: 'Failed' };
  await cluster.client.resource(pods).patch('db-0', 'default', { status }, { subresource: 'status' });
  await cluster.clock.advance(100);
  assert.ok(await settled(cluster, 2));
  assert.notEqual((await cluster.client.resource(pods).get('db-0', 'default')).metadata!.uid, uid);
  await setImage(cluster, 'two');
  await cluster.clock.advance(10_000);
  assert.deepEqual(await shown(cluster), ['db-0 one', 'db-1 one']);
  await cluster.client.resource(pods).delete('db-1', 'default');
  assert.ok(await settled(cluster, 2, 1));
  assert.deepEqual(await shown(cluster), ['db-0 one', 'db-1 two']);
  await cluster.stop();
});

test('claims are made before their pods, stay, and are owned as the policy says', async () => {
  const cluster = await WorkloadCluster.start(controllers);
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const volumeClaimTemplates = [{ metadata: { name: 'data' }, spec }];
  await cluster.create(statefulSets, setOf(2, { volumeClaimTemplates }));
  assert.ok(await settled(cluster, 2));
  const claims = async () =>
    (await cluster.list(persistentVolumeClaims))
      .map(({ metadata }) => [
        metadata!.name,
        (metadata!.ownerReferences ?? []).map(({ kind, name }) => `${kind}/${name}`).join(),
      ])
      .sort();
  assert.deepEqual(await claims(), [
    ['data-db-0', ''],
    ['data-db-1', ''],
  ]);
  const pod = await cluster.client.resource(pods).get('db-1', 'default');
  assert.deepEqual(pod.spec!.volumes![0], { name: 'data', persistentVolumeClaim: { claimName: 'data-db-1' } });
  const text = 'SuccessfulCreate: create Claim data-db-0 Pod db-0 in StatefulSet db success';
  assert.ok((await cluster.eventsAbout('db')).includes(text));
  await change(cluster, { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Delete' } });
  await cluster.clock.advance(1000);
  await change(cluster, { replicas: 1 });
  await cluster.clock.advance(500);
  assert.deepEqual(await claims(), [
    ['data-db-0', 'StatefulSet/db'],
    ['data-db-1', 'Pod/db-1'],
  ]);
  // Its claim belongs to the pod that went: the next waits for the garbage collector.
  assert.ok(await settled(cluster, 1));
  await change(cluster, { replicas: 2 });
  await cluster.clock.advance(5000);
  assert.deepEqual(await shown(cluster), ['db-0 one']);
  await cluster.client.resource(persistentVolumeClaims).delete('data-db-1', 'default');
  assert.ok(await settled(cluster, 2));
  await cluster.stop();
});

test('a set that is made anew takes over what was left behind, and restarts nothing', async () => {
  const cluster = await WorkloadCluster.start([...controllers, () => new GarbageCollector()]);
  await cluster.create(statefulSets, setOf(2));
  assert.ok(await settled(cluster, 2));
  const uids = async () => (await cluster.list(pods)).map(({ metadata }) => metadata!.uid).sort();
  const before = await uids();
  await sets(cluster).delete('db', 'default', { propagationPolicy: 'Orphan' });
  assert.ok(await cluster.eventually(async () => (await cluster.list(statefulSets)).length === 0));
  await cluster.create(statefulSets, setOf(2, { minReadySeconds: 1 }));
  assert.ok(await settled(cluster, 2));
  await cluster.clock.advance(10_000);
  assert.deepEqual(await uids(), before);
  assert.equal((await cluster.list(controllerRevisions)).length, 1);
  await cluster.stop();
});

test('a server that goes down in the middle costs nothing and doubles nothing', async () => {
  for (const moment of [0, 50, 900, 2500]) {
    const cluster = await WorkloadCluster.start(controllers, { seed: `down-${moment}` });
    await cluster.create(statefulSets, setOf(4));
    await cluster.clock.advance(moment);
    await cluster.api.down();
    await cluster.clock.advance(20_000);
    await cluster.api.up();
    assert.ok(await settled(cluster, 4));
    await cluster.stop();
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNotFound, kubernetesResources } from '@keelson/client';
import type { Node } from '@keelson/model/generated/types/core-v1.ts';
import { NodeHeart } from '@keelson/testkit/node-heart.ts';
import { PodRunner } from '@keelson/testkit/pod-runner.ts';
import { WorkloadCluster } from '@keelson/testkit/workload-cluster.ts';
import { PodGarbageCollector } from '../pod-gc/index.ts';
import { TaintEvictionController } from '../taint-eviction/index.ts';
import { NodeLifecycleController } from './index.ts';

const { nodes, pods } = kubernetesResources;
const controllers = [
  () => new NodeLifecycleController(),
  () => new TaintEvictionController(),
  () => new PodGarbageCollector(),
];

async function setUp(names = ['n1', 'n2', 'n3']) {
  const cluster = await WorkloadCluster.start(controllers, { nodes: names, runner: new PodRunner() });
  return { cluster, heart: await NodeHeart.start(cluster, names) };
}

const nodeOf = (cluster: WorkloadCluster, name: string): Promise<Node> => cluster.client.resource(nodes).get(name);
const taintsOf = async (cluster: WorkloadCluster, name: string) =>
  ((await nodeOf(cluster, name)).spec?.taints ?? []).map(({ key, effect }) => `${key!.split('/')[1]}:${effect}`).sort();

function podOn(node: string, name: string, tolerations: object[] = []) {
  return {
    metadata: { name, namespace: 'default' },
    spec: { nodeName: node, containers: [{ name: 'main', image: 'i' }], tolerations },
  };
}

const tolerated = (seconds?: number) => ({
  key: 'node.kubernetes.io/unreachable',
  operator: 'Exists',
  effect: 'NoExecute',
  ...(seconds !== undefined && { tolerationSeconds: seconds }),
});

test('a node that goes silent is unknown after 50 seconds, its pods not ready, and it is tainted', async () => {
  const { cluster, heart } = await setUp();
  await cluster.create(pods, podOn('n1', 'web', [tolerated(300)] as any));
  await cluster.clock.advance(60_000);
  assert.deepEqual(await taintsOf(cluster, 'n1'), []);
  heart.silence('n1');
  await cluster.clock.advance(39_000);
  assert.deepEqual(await taintsOf(cluster, 'n1'), []);
  await cluster.clock.advance(21_000);
  const node = await nodeOf(cluster, 'n1');
  const conditions = node.status!.conditions!.map(({ type, status, reason, message }) => [
    type,
    status,
    reason,
    message,
  ]);
  assert.deepEqual(conditions, [
    ['Ready', 'Unknown', 'NodeStatusUnknown', 'Kubelet stopped posting node status.'],
    ['MemoryPressure', 'Unknown', 'NodeStatusNeverUpdated', 'Kubelet never posted node status.'],
    ['DiskPressure', 'Unknown', 'NodeStatusNeverUpdated', 'Kubelet never posted node status.'],
    ['PIDPressure', 'Unknown', 'NodeStatusNeverUpdated', 'Kubelet never posted node status.'],
  ]);
  assert.deepEqual(await taintsOf(cluster, 'n1'), ['unreachable:NoExecute', 'unreachable:NoSchedule']);
  assert.deepEqual(await taintsOf(cluster, 'n2'), []);
  assert.equal((await cluster.readyPods()).length, 0);
  assert.ok((await cluster.eventsAbout('web')).includes('NodeNotReady: Node is not ready'));
  assert.ok((await cluster.eventsAbout('n1')).includes('NodeNotReady: Node n1 status is now: NodeNotReady'));
  await cluster.stop();
});

test('pods leave a silent node when their tolerations run out, and a node that comes back keeps the others', async () => {
  const { cluster, heart } = await setUp();
  await cluster.create(pods, podOn('n1', 'brief', [tolerated(30)] as any));
  await cluster.create(pods, podOn('n1', 'long', [tolerated(300)] as any));
  await cluster.create(pods, podOn('n1', 'ever', [tolerated()] as any));
  await cluster.create(pods, podOn('n1', 'none'));
  await cluster.clock.advance(10_000);
  heart.silence('n1');
  const leaving = async () =>
    (await cluster.list(pods))
      .filter(({ metadata }) => metadata!.deletionTimestamp)
      .map(({ metadata }) => metadata!.name);
  assert.ok(await cluster.eventually(async () => (await taintsOf(cluster, 'n1')).length === 2));
  await cluster.clock.advance(1000);
  assert.deepEqual(await leaving(), ['none']);
  await cluster.clock.advance(30_000);
  assert.deepEqual(await leaving(), ['brief', 'none']);
  const brief = await cluster.client.resource(pods).get('brief', 'default');
  const target = brief.status!.conditions!.find(({ type }) => type === 'DisruptionTarget')!;
  assert.deepEqual(
    [target.reason, target.message],
    ['DeletionByTaintManager', 'Taint manager: deleting due to NoExecute taint'],
  );
  heart.revive('n1');
  const ready = [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }];
  await cluster.client
    .resource(nodes)
    .patch('n1', undefined, { status: { conditions: ready } }, { subresource: 'status' });
  await cluster.clock.advance(1000);
  assert.deepEqual(await taintsOf(cluster, 'n1'), []);
  await cluster.clock.advance(400_000);
  assert.deepEqual(
    (await cluster.list(pods)).map(({ metadata }) => metadata!.name),
    ['ever', 'long'],
  );
  assert.ok(
    (await cluster.eventsAbout('long')).includes('TaintManagerEviction: Cancelling deletion of Pod default/long'),
  );
  await cluster.stop();
});

test('when every zone goes silent at once nobody is driven off', async () => {
  const { cluster, heart } = await setUp();
  await cluster.create(pods, podOn('n1', 'web'));
  await cluster.clock.advance(10_000);
  heart.silence('n1', 'n2', 'n3');
  await cluster.clock.advance(300_000);
  for (const name of ['n1', 'n2', 'n3']) assert.ok((await taintsOf(cluster, name)).includes('unreachable:NoSchedule'));
  const driven = [];
  for (const name of ['n1', 'n2', 'n3'])
    if ((await taintsOf(cluster, name)).includes('unreachable:NoExecute')) driven.push(name);
  assert.ok(driven.length < 3, `all of ${driven} were driven empty`);
  await cluster.stop();
});

test('pods of a node that is gone are collected after its quarantine, and others are left alone', async () => {
  const { cluster } = await setUp();
  await cluster.create(pods, podOn('n1', 'lost', [{ operator: 'Exists' }] as any));
  await cluster.create(pods, podOn('n2', 'kept'));
  await cluster.clock.advance(5000);
  cluster.runner.silence('n1');
  await cluster.client.resource(nodes).delete('n1');
  await cluster.clock.advance(30_000);
  assert.equal((await cluster.list(pods)).length, 2);
  await cluster.clock.advance(60_000);
  const gone = await cluster.client
    .resource(pods)
    .get('lost', 'default')
    .then(() => false, isNotFound);
  assert.equal(gone, true);
  assert.deepEqual(
    (await cluster.list(pods)).map(({ metadata }) => metadata!.name),
    ['kept'],
  );
  await cluster.stop();
});

test('cordoning keeps pods away without driving any off', async () => {
  const { cluster } = await setUp();
  await cluster.client.resource(nodes).patch('n1', undefined, { spec: { unschedulable: true } });
  await cluster.clock.advance(1000);
  assert.deepEqual(await taintsOf(cluster, 'n1'), ['unschedulable:NoSchedule']);
  await cluster.client.resource(nodes).patch('n1', undefined, { spec: { unschedulable: null } });
  await cluster.clock.advance(1000);
  assert.deepEqual(await taintsOf(cluster, 'n1'), []);
  await cluster.stop();
});

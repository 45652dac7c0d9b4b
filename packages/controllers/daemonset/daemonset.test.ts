import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kubernetesResources } from '@keelson/client';
import type { DaemonSet } from '@keelson/model/generated/types/apps-v1.ts';
import { PodRunner } from '@keelson/testkit/pod-runner.ts';
import { WorkloadCluster } from '@keelson/testkit/workload-cluster.ts';
import { DaemonSetController } from './index.ts';

const { controllerRevisions, daemonSets, nodes, pods } = kubernetesResources;
const controllers = [() => new DaemonSetController()];
const labels = { app: 'agent' };

function daemonSetOf(image: string, spec: object = {}, podSpec: object = {}): DaemonSet {
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image }], ...podSpec } };
  return {
    metadata: { name: 'agent', namespace: 'default' },
    spec: { selector: { matchLabels: labels }, template, ...spec },
  };
}

const statusOf = async (cluster: WorkloadCluster) =>
  (await cluster.client.resource(daemonSets).get('agent', 'default')).status!;

const settled = (cluster: WorkloadCluster, count: number) =>
  cluster.eventually(async () => {
    const { metadata, status } = await cluster.client.resource(daemonSets).get('agent', 'default');
    const counted = [status?.desiredNumberScheduled, status?.numberAvailable, status?.updatedNumberScheduled];
    return status?.observedGeneration === metadata?.generation && counted.every((number) => number === count);
  });

const setImage = (cluster: WorkloadCluster, image: string) =>
  cluster.client
    .resource(daemonSets)
    .patch('agent', 'default', { spec: { template: { spec: { containers: [{ name: 'main', image }] } } } });

const placed = async (cluster: WorkloadCluster) =>
  (await cluster.readyPods()).map(({ spec }) => `${spec!.nodeName} ${spec!.containers[0]!.image}`).sort();

test('every node gets one pod, new nodes too, and pods carry what daemons survive with', async () => {
  const cluster = await WorkloadCluster.start(controllers);
  await cluster.create(daemonSets, daemonSetOf('one', {}, { hostNetwork: true }));
  assert.ok(await settled(cluster, 3));
  await cluster.addNode('n4', 'a');
  assert.ok(await settled(cluster, 4));
  assert.deepEqual(await placed(cluster), ['n1 one', 'n2 one', 'n3 one', 'n4 one']);
  const [pod] = await cluster.list(pods);
  const tolerated = pod!.spec!.tolerations!.map(
    ({ key, effect }) => `${key!.replace('node.kubernetes.io/', '')}:${effect}`,
  );
  assert.deepEqual(tolerated, [
    'not-ready:NoExecute',
    'unreachable:NoExecute',
    'disk-pressure:NoSchedule',
    'memory-pressure:NoSchedule',
    'pid-pressure:NoSchedule',
    'unschedulable:NoSchedule',
    'network-unavailable:NoSchedule',
  ]);
  const [revision] = await cluster.list(controllerRevisions);
  assert.equal(revision!.metadata!.name, `agent-${pod!.metadata!.labels!['controller-revision-hash']}`);
  await cluster.stop();
});

test('labels and taints decide which nodes take part', async () => {
  const cluster = await WorkloadCluster.start(controllers);
  const node = cluster.client.resource(nodes);
  await cluster.create(daemonSets, daemonSetOf('one', {}, { nodeSelector: { 'topology.kubernetes.io/zone': 'a' } }));
  assert.ok(await settled(cluster, 1));
  assert.deepEqual(await placed(cluster), ['n1 one']);
  await node.patch('n2', undefined, { metadata: { labels: { 'topology.kubernetes.io/zone': 'a' } } });
  assert.ok(await settled(cluster, 2));
  await node.patch('n1', undefined, { spec: { taints: [{ key: 'drain', effect: 'NoExecute' }] } });
  assert.ok(await settled(cluster, 1));
  assert.deepEqual(await placed(cluster), ['n2 one']);
  await node.patch('n2', undefined, { spec: { taints: [{ key: 'full', effect: 'NoSchedule' }] } });
  await cluster.clock.advance(5000);
  assert.deepEqual(await placed(cluster), ['n2 one'], 'a pod that is there stays');
  assert.equal((await statusOf(cluster)).numberMisscheduled, 1);
  await cluster.stop();
});

test('a rolling update replaces one node after the other', async () => {
  const cluster = await WorkloadCluster.start(controllers);
  await cluster.create(daemonSets, daemonSetOf('one'));
  assert.ok(await settled(cluster, 3));
  await setImage(cluster, 'two');
  let least = 3;
  assert.ok(
    await cluster.eventually(async () => {
      least = Math.min(least, (await cluster.readyPods()).length);
      return (await placed(cluster)).filter((place) => place.endsWith('two')).length === 3;
    }),
  );
  assert.equal(least, 2);
  assert.ok(await settled(cluster, 3));
  assert.equal((await statusOf(cluster)).updatedNumberScheduled, 3);
  const revisions = (await cluster.list(controllerRevisions)).map(({ revision }) => revision);
  assert.deepEqual(revisions.sort(), [1, 2]);
  await cluster.stop();
});

test('with a surge the new pod is there before the old one goes', async () => {
  const cluster = await WorkloadCluster.start(controllers);
  const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
  await cluster.create(daemonSets, daemonSetOf('one', { updateStrategy }));
  assert.ok(await settled(cluster, 3));
  await setImage(cluster, 'two');
  let least = 3;
  const done = await cluster.eventually(async () => {
    const nodesServed = new Set((await cluster.readyPods()).map(({ spec }) => spec!.nodeName));
    least = Math.min(least, nodesServed.size);
    return (await placed(cluster)).join() === 'n1 two,n2 two,n3 two';
  });
  assert.deepEqual([done, least], [true, 3]);
  await cluster.stop();
});

test('an update that never becomes ready takes down no more than it may', async () => {
  const runner = new PodRunner((pod) => pod.spec!.containers[0]!.image !== 'bad');
  const cluster = await WorkloadCluster.start(controllers, { runner });
  await cluster.create(daemonSets, daemonSetOf('one'));
  assert.ok(await settled(cluster, 3));
  await setImage(cluster, 'bad');
  await cluster.clock.advance(60_000);
  assert.equal((await cluster.readyPods()).length, 2);
  await cluster.stop();
});

test('pods that end are replaced, slower each time', async () => {
  const cluster = await WorkloadCluster.start(controllers, { nodes: ['n1'] });
  await cluster.create(daemonSets, daemonSetOf('one'));
  assert.ok(await settled(cluster, 1));
  const seen = new Set<string>();
  for (let second = 0; second < 60; second++) {
    for (const pod of await cluster.readyPods()) {
      if (pod.status!.phase !== 'Running') continue;
      seen.add(pod.metadata!.name!);
      await cluster.client
        .resource(pods)
        .patch(pod.metadata!.name!, 'default', { status: { phase: 'Failed' } }, { subresource: 'status' });
    }
    await cluster.clock.advance(1000);
  }
  assert.ok(seen.size >= 4 && seen.size <= 8, `${seen.size} pods in a minute`);
  const told = (await cluster.eventsAbout('agent')).filter((event) =>
    event.startsWith('FailedDaemonPod: Found failed daemon pod default/'),
  );
  assert.ok(told.length >= 3);
  await cluster.stop();
});

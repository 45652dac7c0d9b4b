import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNotFound, kubernetesResources } from '@keelson/client';
import type { Node } from '@keelson/model/generated/types/core-v1.ts';
import { WorkloadCluster } from '@keelson/testkit/workload-cluster.ts';
import { CloudNodeController, type InstanceMetadata, type Instances } from './index.ts';

const { nodes } = kubernetesResources;

class Cloud implements Instances {
  readonly running = new Map<string, 'running' | 'stopped'>();
  broken = false;

  async exists(node: Node): Promise<boolean> {
    if (this.broken) throw new Error('RequestLimitExceeded');
    return this.running.has(node.metadata!.name!);
  }

  async isShutDown(node: Node): Promise<boolean> {
    return this.running.get(node.metadata!.name!) === 'stopped';
  }

  async metadata(node: Node): Promise<InstanceMetadata | undefined> {
    if (!this.running.has(node.metadata!.name!)) return undefined;
    return {
      providerID: 'aws:///ap-northeast-2a/i-0123456789abcdef0',
      instanceType: 't3.medium',
      zone: 'ap-northeast-2a',
      region: 'ap-northeast-2',
      addresses: [{ type: 'InternalIP', address: '172.31.1.100' }],
    };
  }
}

async function setUp() {
  const cloud = new Cloud();
  const cluster = await WorkloadCluster.start([() => new CloudNodeController(cloud)], { nodes: [] });
  return { cloud, cluster, client: cluster.client.resource(nodes) };
}

const setReady = (cluster: WorkloadCluster, name: string, status: string) =>
  cluster.client
    .resource(nodes)
    .patch(name, undefined, { status: { conditions: [{ type: 'Ready', status }] } }, { subresource: 'status' });

test('a node is completed from its instance, once that is known', async () => {
  const { cloud, cluster, client } = await setUp();
  const taints = [
    { key: 'node.cloudprovider.kubernetes.io/uninitialized', value: 'true', effect: 'NoSchedule' },
    { key: 'mine', effect: 'NoSchedule' },
  ];
  await client.create({ metadata: { name: 'n1', labels: { own: 'x' } }, spec: { taints } });
  await cluster.clock.advance(10_000);
  assert.equal((await client.get('n1')).spec!.taints!.length, 2);
  cloud.running.set('n1', 'running');
  assert.ok(await cluster.eventually(async () => (await client.get('n1')).spec!.taints!.length === 1));
  const { metadata, spec, status } = await client.get('n1');
  assert.equal(spec!.providerID, 'aws:///ap-northeast-2a/i-0123456789abcdef0');
  assert.equal(metadata!.labels!['topology.kubernetes.io/zone'], 'ap-northeast-2a');
  assert.equal(metadata!.labels!['node.kubernetes.io/instance-type'], 't3.medium');
  assert.equal(metadata!.labels!['own'], 'x');
  assert.deepEqual(status!.addresses, [{ type: 'InternalIP', address: '172.31.1.100' }]);
  await cluster.stop();
});

test('a node whose instance is gone is deleted, but not while it is ready, nor on a guess', async () => {
  const { cloud, cluster, client } = await setUp();
  cloud.running.set('n1', 'running');
  await cluster.addNode('n1', 'a');
  cloud.running.delete('n1');
  await cluster.clock.advance(30_000);
  cloud.broken = true;
  await setReady(cluster, 'n1', 'Unknown');
  await cluster.clock.advance(30_000);
  assert.equal((await client.get('n1')).metadata!.name, 'n1');
  cloud.broken = false;
  const gone = () =>
    client.get('n1').then(
      () => false,
      (thrown) => isNotFound(thrown),
    );
  assert.ok(await cluster.eventually(gone));
  const message = 'Deleting node n1 because it does not exist in the cloud provider';
  assert.ok((await cluster.eventsAbout('n1')).includes(`DeletingNode: ${message}`));
  await cluster.stop();
});

test('a stopped instance has its node tainted until it is ready again', async () => {
  const { cloud, cluster, client } = await setUp();
  cloud.running.set('n1', 'stopped');
  await cluster.addNode('n1', 'a');
  await setReady(cluster, 'n1', 'Unknown');
  const taints = async () => ((await client.get('n1')).spec?.taints ?? []).map(({ key }) => key);
  assert.ok(
    await cluster.eventually(async () => (await taints()).includes('node.cloudprovider.kubernetes.io/shutdown')),
  );
  cloud.running.set('n1', 'running');
  await setReady(cluster, 'n1', 'True');
  assert.ok(await cluster.eventually(async () => (await taints()).length === 0));
  await cluster.stop();
});

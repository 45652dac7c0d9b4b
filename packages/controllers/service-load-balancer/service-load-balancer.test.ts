import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNotFound, kubernetesResources } from '@keelson/client';
import type { LoadBalancerStatus, Service } from '@keelson/model/generated/types/core-v1.ts';
import { deploymentOf, deploymentsOf, WorkloadCluster } from '@keelson/testkit/workload-cluster.ts';
import { DeploymentController } from '../deployment/index.ts';
import { EndpointSliceController } from '../endpointslice/index.ts';
import { ReplicaSetController } from '../replicaset/index.ts';
import { type LoadBalancerRequest, type LoadBalancers, ServiceLoadBalancerController } from './index.ts';

const { services } = kubernetesResources;

/** A cloud that takes two calls to make a load balancer, and can be broken. */
class Cloud implements LoadBalancers {
  readonly requests: LoadBalancerRequest[] = [];
  readonly balancers = new Map<string, number>();
  broken: string | undefined;

  async ensure(request: LoadBalancerRequest): Promise<LoadBalancerStatus | undefined> {
    if (this.broken !== undefined) throw new Error(this.broken);
    this.requests.push(request);
    const name = request.service.metadata!.name!;
    const calls = (this.balancers.get(name) ?? 0) + 1;
    this.balancers.set(name, calls);
    return calls < 2 ? undefined : { ingress: [{ ip: '127.90.0.1', hostname: `${name}.elb.example` }] };
  }

  async delete(service: Service): Promise<void> {
    if (this.broken !== undefined) throw new Error(this.broken);
    this.balancers.delete(service.metadata!.name!);
  }
}

async function setUp() {
  const cloud = new Cloud();
  const cluster = await WorkloadCluster.start([
    () => new ServiceLoadBalancerController(cloud),
    () => new EndpointSliceController(),
    () => new DeploymentController(),
    () => new ReplicaSetController(),
  ]);
  return { cloud, cluster, client: cluster.client.resource(services) };
}

const finalizer = 'service.kubernetes.io/load-balancer-cleanup';
const web = (more: object = {}): Service => ({
  metadata: { name: 'web', namespace: 'default' },
  spec: { type: 'LoadBalancer', selector: { app: 'web' }, ports: [{ port: 80 }], ...more },
});

test('a service of type LoadBalancer gets its address, and tells how it went', async () => {
  const { cloud, cluster, client } = await setUp();
  await client.create(web());
  assert.ok(
    await cluster.eventually(
      async () => (await client.get('web', 'default')).status?.loadBalancer?.ingress !== undefined,
    ),
  );
  const service = await client.get('web', 'default');
  assert.deepEqual(
    service.status!.loadBalancer!.ingress!.map(({ hostname }) => hostname),
    ['web.elb.example'],
  );
  assert.deepEqual(service.metadata!.finalizers, [finalizer]);
  const nodes = cloud.requests.at(-1)!.nodes.map(({ metadata }) => metadata!.name);
  assert.deepEqual(nodes, ['n1', 'n2', 'n3']);
  await cluster.clock.advance(1000);
  assert.deepEqual(await cluster.eventsAbout('web'), [
    'EnsuringLoadBalancer: Ensuring load balancer',
    'EnsuredLoadBalancer: Ensured load balancer',
  ]);
  const calls = cloud.requests.length;
  await cluster.clock.advance(120_000);
  assert.equal(cloud.requests.length, calls, 'nothing is asked for when nothing changes');
  await cluster.stop();
});

test('the load balancer follows the pods behind the service', async () => {
  const { cloud, cluster, client } = await setUp();
  await client.create(web());
  await cluster.clock.advance(5000);
  await deploymentsOf(cluster).create(deploymentOf('web', 3));
  const targets = () => cloud.requests.at(-1)!.endpointSlices.flatMap(({ endpoints }) => endpoints ?? []);
  assert.ok(await cluster.eventually(async () => targets().filter(({ conditions }) => conditions!.ready).length === 3));
  await deploymentsOf(cluster).patch('web', 'default', { spec: { replicas: 1 } });
  assert.ok(await cluster.eventually(async () => targets().length === 1));
  await cluster.stop();
});

test('what goes wrong is told and tried again', async () => {
  const { cloud, cluster, client } = await setUp();
  cloud.broken = 'no free address';
  await client.create(web());
  await cluster.clock.advance(2000);
  const events = await cluster.eventsAbout('web');
  assert.ok(
    events.includes(
      'SyncLoadBalancerFailed: Error syncing load balancer: failed to ensure load balancer: no free address',
    ),
  );
  cloud.broken = undefined;
  assert.ok(
    await cluster.eventually(
      async () => (await client.get('web', 'default')).status?.loadBalancer?.ingress !== undefined,
    ),
  );
  await cluster.stop();
});

test('a service waits for its load balancer to be gone, and one that changes its type loses it', async () => {
  const { cloud, cluster, client } = await setUp();
  await client.create(web());
  await cluster.clock.advance(5000);
  assert.equal(cloud.balancers.has('web'), true);
  await client.patch('web', 'default', { spec: { type: 'ClusterIP' } });
  assert.ok(await cluster.eventually(async () => !cloud.balancers.has('web')));
  await cluster.clock.advance(100);
  const plain = await client.get('web', 'default');
  assert.deepEqual([plain.metadata!.finalizers ?? [], plain.status?.loadBalancer ?? {}], [[], {}]);

  await client.patch('web', 'default', { spec: { type: 'LoadBalancer' } });
  await cluster.clock.advance(5000);
  cloud.broken = 'busy';
  await client.delete('web', 'default');
  await cluster.clock.advance(3000);
  assert.notEqual((await client.get('web', 'default')).metadata!.deletionTimestamp, undefined);
  cloud.broken = undefined;
  const gone = () =>
    client.get('web', 'default').then(
      () => false,
      (thrown) => isNotFound(thrown),
    );
  assert.ok(await cluster.eventually(gone));
  assert.equal(cloud.balancers.size, 0);
  await cluster.stop();
});

test("a class of its own is another controller's business", async () => {
  const { cloud, cluster, client } = await setUp();
  await client.create(web({ loadBalancerClass: 'example.com/other' }));
  await cluster.clock.advance(10_000);
  assert.deepEqual([cloud.requests.length, (await client.get('web', 'default')).metadata!.finalizers ?? []], [0, []]);
  await cluster.stop();
});

test('a restart in the middle leaves one load balancer and no service without its finalizer', async () => {
  for (const moment of [0, 10, 500, 1500]) {
    const { cloud, cluster, client } = await setUp();
    await client.create(web());
    await cluster.clock.advance(moment);
    await cluster.stopControllers();
    const { metadata } = await client.get('web', 'default');
    assert.ok(!cloud.balancers.has('web') || metadata!.finalizers!.includes(finalizer));
    cluster.startControllers();
    assert.ok(
      await cluster.eventually(
        async () => (await client.get('web', 'default')).status?.loadBalancer?.ingress !== undefined,
      ),
    );
    assert.deepEqual([...cloud.balancers.keys()], ['web']);
    await cluster.stop();
  }
});

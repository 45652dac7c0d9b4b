import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomInteger, SeededRandom } from '@keelson/base';
import { kubernetesResources } from '@keelson/client';
import { NodeHeart } from '@keelson/testkit/node-heart.ts';
import { deploymentOf, deploymentsOf, WorkloadCluster } from '@keelson/testkit/workload-cluster.ts';
import { kubernetesControllers } from './index.ts';

const { daemonSets, endpointSlices, namespaces, pods, replicaSets, services } = kubernetesResources;

const cloud = {
  rootCa: 'CERTIFICATE',
  loadBalancers: { ensure: async () => ({ ingress: [{ ip: '127.90.0.1' }] }), delete: async () => {} },
};

/** Something that a user might do next; each may come at any time and any number of times. */
const deeds: readonly ((cluster: WorkloadCluster, random: SeededRandom) => Promise<unknown>)[] = [
  (cluster, random) => deploymentsOf(cluster).patch('web', 'default', { spec: { replicas: randomInteger(random, 6) } }),
  (cluster, random) => {
    const containers = [{ name: 'main', image: `nginx:1.${20 + randomInteger(random, 4)}` }];
    return deploymentsOf(cluster).patch('web', 'default', { spec: { template: { spec: { containers } } } });
  },
  async (cluster, random) => {
    const found = await cluster.list(pods, 'app=web');
    const victim = found[randomInteger(random, Math.max(found.length, 1))];
    if (victim) await cluster.client.resource(pods).delete(victim.metadata!.name!, 'default');
  },
  async (cluster) => {
    await cluster.stopControllers();
    cluster.startControllers();
  },
  async (cluster, random) => {
    await cluster.api.down();
    await cluster.clock.advance(randomInteger(random, 5000));
    await cluster.api.up();
  },
];

for (const seed of ['one', 'two', 'three', 'four'])
  test(`whatever happens in between, the end is what was asked for (seed ${seed})`, async () => {
    const random = new SeededRandom(seed);
    const cluster = await WorkloadCluster.start(kubernetesControllers(cloud), { seed });
    await NodeHeart.start(cluster, ['n1', 'n2', 'n3']);
    await deploymentsOf(cluster).create(deploymentOf('web', 3));
    const labels = { app: 'agent' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'agent' }] } };
    await cluster.create(daemonSets, {
      metadata: { name: 'agent', namespace: 'default' },
      spec: { selector: { matchLabels: labels }, template },
    });
    const spec = { type: 'LoadBalancer', selector: { app: 'web' }, ports: [{ port: 80 }] };
    await cluster.create(services, { metadata: { name: 'web', namespace: 'default' }, spec });
    for (let step = 0; step < 25; step++) {
      await deeds[randomInteger(random, deeds.length)]!(cluster, random);
      await cluster.clock.advance(randomInteger(random, 3000));
    }
    await deploymentsOf(cluster).patch('web', 'default', { spec: { replicas: 4 } });
    // Caches that lost the server may take their longest back-off to come back.
    await cluster.clock.advance(180_000);

    const deployment = await deploymentsOf(cluster).get('web', 'default');
    const { replicas, updatedReplicas, availableReplicas, observedGeneration } = deployment.status!;
    assert.deepEqual(
      [replicas, updatedReplicas, availableReplicas, observedGeneration],
      [4, 4, 4, deployment.metadata!.generation],
    );
    const running = await cluster.list(pods);
    const image = deployment.spec!.template.spec!.containers[0]!.image;
    const web = running.filter(({ metadata }) => metadata!.labels!['app'] === 'web');
    assert.deepEqual(
      web.map(({ spec: own }) => own!.containers[0]!.image),
      [image, image, image, image],
    );
    const agents = running.filter(({ metadata }) => metadata!.labels!['app'] === 'agent');
    assert.deepEqual(agents.map(({ spec: own }) => own!.nodeName).sort(), ['n1', 'n2', 'n3']);
    const slices = await cluster.list(endpointSlices, 'kubernetes.io/service-name=web');
    const behind = slices.flatMap(({ endpoints }) => (endpoints ?? []).map(({ targetRef }) => targetRef!.uid));
    assert.deepEqual(behind.sort(), web.map(({ metadata }) => metadata!.uid).sort());
    const wanting = (await cluster.list(replicaSets)).filter(({ spec: own }) => own!.replicas !== 0);
    assert.equal(wanting.length, 1);

    await deploymentsOf(cluster).delete('web', 'default', { propagationPolicy: 'Foreground' });
    await cluster.client.resource(daemonSets).delete('agent', 'default');
    await cluster.client.resource(services).delete('web', 'default');
    await cluster.create(namespaces, { metadata: { name: 'brief' } });
    await cluster.client.resource(namespaces).delete('brief');
    await cluster.clock.advance(120_000);
    assert.deepEqual(
      [await cluster.list(pods), await cluster.list(replicaSets), await cluster.list(endpointSlices)],
      [[], [], []],
    );
    const left = (await cluster.list(namespaces)).map(({ metadata }) => metadata!.name);
    assert.ok(!left.includes('brief'));
    await cluster.stop();
  });

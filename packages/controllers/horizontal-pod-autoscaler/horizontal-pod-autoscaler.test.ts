import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rfc3339 } from '@keelson/base';
import { type Client, kubernetesResources, type ResourceRef } from '@keelson/client';
import { deploymentOf, deploymentsOf, WorkloadCluster } from '@keelson/testkit/workload-cluster.ts';
import { DeploymentController } from '../deployment/index.ts';
import { ReplicaSetController } from '../replicaset/index.ts';
import { HorizontalPodAutoscalerController } from './index.ts';

const { horizontalPodAutoscalers, pods } = kubernetesResources;

/** The controller with a metrics API that says what `usage` says; without it there is none. */
class Measured extends HorizontalPodAutoscalerController {
  static usage: string | undefined;

  override start(context: Parameters<HorizontalPodAutoscalerController['start']>[0]): void {
    const { client } = context;
    const measured: Client = {
      transact: (operations) => client.transact(operations),
      discover: () => client.discover(),
      resource: (ref: ResourceRef<any>) => {
        const real = client.resource(ref);
        if (ref.group !== 'metrics.k8s.io' || Measured.usage === undefined) return real;
        const list = async () => {
          const { items } = await client.resource(pods).list({ namespace: 'default' });
          const timestamp = rfc3339(context.world.clock.now());
          const containers = [{ name: 'main', usage: { cpu: Measured.usage } }];
          return {
            metadata: {},
            items: items.map(({ metadata }) => ({ metadata, timestamp, window: '15s', containers })),
          };
        };
        return Object.assign(Object.create(real), { list });
      },
    };
    super.start({ ...context, client: measured });
  }
}

async function started(spec: object = {}): Promise<WorkloadCluster> {
  Measured.usage = undefined;
  const cluster = await WorkloadCluster.start([
    () => new Measured(),
    () => new DeploymentController(),
    () => new ReplicaSetController(),
  ]);
  const deployment = deploymentOf('web', 2);
  deployment.spec!.template.spec!.containers[0]!.resources = { requests: { cpu: '100m' } };
  await deploymentsOf(cluster).create(deployment);
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
  const metadata = { name: 'web', namespace: 'default' };
  await cluster.create(horizontalPodAutoscalers, { metadata, spec: { scaleTargetRef, maxReplicas: 5, ...spec } });
  return cluster;
}

const read = (cluster: WorkloadCluster) => cluster.client.resource(horizontalPodAutoscalers).get('web', 'default');
const conditions = async (cluster: WorkloadCluster) =>
  Object.fromEntries(
    ((await read(cluster)).status?.conditions ?? []).map(({ type, status, reason, message }) => [
      type,
      [status, reason, message],
    ]),
  );

test('without metrics it says so, and changes nothing', async () => {
  const cluster = await started();
  await cluster.clock.advance(20_000);
  const missing =
    'failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)';
  const found = await conditions(cluster);
  assert.deepEqual(found['ScalingActive'], [
    'False',
    'FailedGetResourceMetric',
    `the HPA was unable to compute the replica count: ${missing}`,
  ]);
  assert.deepEqual(found['AbleToScale']!.slice(0, 2), ['True', 'SucceededGetScale']);
  const events = await cluster.eventsAbout('web');
  assert.ok(events.includes(`FailedGetResourceMetric: ${missing}`));
  const first = 'invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value';
  assert.ok(events.includes(`FailedComputeMetricsReplicas: ${first}: ${missing}`));
  assert.equal((await read(cluster)).status!.currentReplicas, 2);
  await cluster.stop();
});

test('a target that is not there, and one that is out of range', async () => {
  const cluster = await started({ minReplicas: 3 });
  await cluster.clock.advance(20_000);
  assert.equal((await deploymentsOf(cluster).get('web', 'default')).spec!.replicas, 3);
  assert.ok(
    (await cluster.eventsAbout('web')).includes(
      'SuccessfulRescale: New size: 3; reason: Current number of replicas below Spec.MinReplicas',
    ),
  );
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'other' };
  await cluster.client.resource(horizontalPodAutoscalers).patch('web', 'default', { spec: { scaleTargetRef } });
  await cluster.clock.advance(20_000);
  assert.deepEqual((await conditions(cluster))['AbleToScale'], [
    'False',
    'FailedGetScale',
    'the HPA controller was unable to get the target\'s current scale: deployments.apps "other" not found',
  ]);
  await cluster.stop();
});

test('pods that two of them scale are scaled by neither', async () => {
  const cluster = await started();
  const { metadata, spec } = await read(cluster);
  await cluster.create(horizontalPodAutoscalers, {
    metadata: { ...metadata, name: 'twin', uid: '', resourceVersion: '' },
    spec,
  });
  await cluster.clock.advance(40_000);
  assert.deepEqual((await conditions(cluster))['ScalingActive'], [
    'False',
    'AmbiguousSelector',
    'pods by selector app=web are controlled by multiple HPAs: [default/twin default/web]',
  ]);
  await cluster.client.resource(horizontalPodAutoscalers).delete('twin', 'default');
  await cluster.clock.advance(40_000);
  assert.equal((await conditions(cluster))['ScalingActive']![1], 'FailedGetResourceMetric');
  await cluster.stop();
});

test('replicas follow what pods use, up at once and down after a while', async () => {
  const cluster = await started({ minReplicas: 1 });
  await cluster.clock.advance(400_000);
  Measured.usage = '160m';
  const replicas = async () => (await deploymentsOf(cluster).get('web', 'default')).spec!.replicas;
  await cluster.clock.advance(16_000);
  assert.equal(await replicas(), 4);
  const { status } = await read(cluster);
  assert.deepEqual(status!.currentMetrics, [
    { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 160, averageValue: '160m' } } },
  ]);
  assert.deepEqual((await conditions(cluster))['ScalingActive']!.slice(0, 2), ['True', 'ValidMetricFound']);
  Measured.usage = '10m';
  await cluster.clock.advance(200_000);
  assert.equal(await replicas(), 4, 'what was wished for lately holds');
  assert.equal((await conditions(cluster))['AbleToScale']![1], 'ScaleDownStabilized');
  await cluster.clock.advance(500_000);
  assert.equal(await replicas(), 1);
  await cluster.stop();
});

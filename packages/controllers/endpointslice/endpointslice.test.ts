import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kubernetesResources } from '@keelson/client';
import type { Pod, Service } from '@keelson/model/generated/types/core-v1.ts';
import { PodRunner } from '@keelson/testkit/pod-runner.ts';
import { WorkloadCluster } from '@keelson/testkit/workload-cluster.ts';
import { EndpointsController } from '../endpoints/index.ts';
import { EndpointSliceController } from './index.ts';

const { endpointSlices, endpoints, pods, services } = kubernetesResources;
const controllers = [() => new EndpointSliceController(), () => new EndpointsController()];

function serviceOf(more: object = {}): Service {
  const spec = { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 'web' }], ...more };
  return { metadata: { name: 'web', namespace: 'default' }, spec };
}

function podOf(name: string, more: object = {}): Pod {
  const ports = [{ name: 'web', containerPort: 8080 }];
  const spec = { containers: [{ name: 'main', image: 'i', ports }], ...more };
  return { metadata: { name, namespace: 'default', labels: { app: 'web' } }, spec };
}

const slices = (cluster: WorkloadCluster) => cluster.list(endpointSlices, 'kubernetes.io/service-name=web');
const states = async (cluster: WorkloadCluster) =>
  (await slices(cluster)).flatMap(({ endpoints: found }) =>
    (found ?? []).map(({ targetRef, conditions: c }) =>
      [targetRef!.name, c!.ready, c!.serving, c!.terminating].join(' '),
    ),
  );

test('pods of a service stand in its slice, with their port, zone and state', async () => {
  const cluster = await WorkloadCluster.start(controllers);
  await cluster.create(services, serviceOf());
  await cluster.clock.advance(500);
  const [placeholder] = await slices(cluster);
  assert.deepEqual([placeholder!.endpoints ?? [], placeholder!.ports ?? []], [[], []]);
  await cluster.create(pods, podOf('one'));
  await cluster.create(pods, podOf('two'));
  assert.ok(await cluster.eventually(async () => (await states(cluster)).length === 2));
  const [slice, ...others] = await slices(cluster);
  assert.equal(others.length, 0);
  assert.deepEqual(await states(cluster), ['one true true false', 'two true true false']);
  assert.deepEqual(slice!.ports, [{ name: 'http', port: 8080, protocol: 'TCP' }]);
  assert.deepEqual(
    slice!.endpoints!.map(({ nodeName, zone }) => [nodeName, zone]),
    [
      ['n1', 'a'],
      ['n2', 'b'],
    ],
  );
  assert.equal(slice!.addressType, 'IPv4');
  assert.match(slice!.metadata!.name!, /^web-[a-z0-9]{5}$/);
  assert.equal(slice!.metadata!.labels!['endpointslice.kubernetes.io/managed-by'], 'endpointslice-controller.k8s.io');
  assert.equal(slice!.metadata!.ownerReferences![0]!.kind, 'Service');

  const written = await cluster.client.resource(endpoints).get('web', 'default');
  const [subset] = written.subsets!;
  assert.deepEqual(
    subset!.addresses!.map(({ targetRef }) => targetRef!.name),
    ['one', 'two'],
  );
  assert.deepEqual(subset!.ports, [{ name: 'http', port: 8080, protocol: 'TCP' }]);
  await cluster.stop();
});

test('a pod that goes is terminating, then gone; one that is not ready is told apart', async () => {
  const runner = new PodRunner();
  const cluster = await WorkloadCluster.start(controllers, { runner });
  await cluster.create(services, serviceOf());
  for (const name of ['one', 'two']) await cluster.create(pods, podOf(name));
  assert.ok(await cluster.eventually(async () => (await states(cluster)).length === 2));
  await cluster.client.resource(pods).delete('one', 'default');
  await cluster.clock.advance(500);
  assert.deepEqual(await states(cluster), ['one false true true', 'two true true false']);
  const now = async () => (await cluster.client.resource(endpoints).get('web', 'default')).subsets ?? [];
  assert.deepEqual(
    (await now())[0]!.addresses!.map(({ targetRef }) => targetRef!.name),
    ['two'],
  );
  await cluster.clock.advance(2000);
  assert.deepEqual(await states(cluster), ['two true true false']);
  const unready = { status: { conditions: [{ type: 'Ready', status: 'False' }] } };
  await cluster.client.resource(pods).patch('two', 'default', unready, { subresource: 'status' });
  await cluster.clock.advance(500);
  assert.deepEqual(await states(cluster), ['two false false false']);
  const [subset] = await now();
  assert.deepEqual([subset!.addresses ?? [], subset!.notReadyAddresses!.length], [[], 1]);
  await cluster.stop();
});

test('a headless service names its pods and may publish them before they are ready', async () => {
  const cluster = await WorkloadCluster.start(controllers);
  await cluster.create(services, serviceOf({ clusterIP: 'None', publishNotReadyAddresses: true }));
  await cluster.create(pods, podOf('db-0', { hostname: 'db-0', subdomain: 'web' }));
  assert.ok(await cluster.eventually(async () => (await states(cluster)).length === 1));
  const unready = { status: { conditions: [{ type: 'Ready', status: 'False' }] } };
  await cluster.client.resource(pods).patch('db-0', 'default', unready, { subresource: 'status' });
  await cluster.clock.advance(500);
  assert.deepEqual(await states(cluster), ['db-0 true false false']);
  const [slice] = await slices(cluster);
  assert.equal(slice!.endpoints![0]!.hostname, 'db-0');
  assert.equal(slice!.metadata!.labels!['service.kubernetes.io/headless'], '');
  await cluster.stop();
});

test('250 pods make three slices, and nothing is in two of them through a restart', async () => {
  const cluster = await WorkloadCluster.start(controllers);
  await cluster.create(services, serviceOf());
  for (let index = 0; index < 250; index++) await cluster.create(pods, podOf(`p${index}`));
  assert.ok(await cluster.eventually(async () => (await states(cluster)).length === 250));
  await cluster.stopControllers();
  await cluster.api.down();
  await cluster.api.up();
  cluster.startControllers();
  for (let index = 0; index < 50; index++) await cluster.client.resource(pods).delete(`p${index}`, 'default');
  await cluster.clock.advance(20_000);
  const sizes = (await slices(cluster)).map(({ endpoints: found }) => found!.length);
  const names = new Set(await states(cluster));
  assert.deepEqual(
    [sizes.length <= 3, Math.max(...sizes) <= 100, sizes.reduce((a, b) => a + b), names.size],
    [true, true, 200, 200],
  );
  await cluster.stop();
});

test('a service that is deleted takes its Endpoints along; one without a selector is left to others', async () => {
  const cluster = await WorkloadCluster.start(controllers);
  await cluster.create(services, serviceOf());
  await cluster.create(services, {
    metadata: { name: 'manual', namespace: 'default' },
    spec: { ports: [{ port: 80 }] },
  });
  await cluster.create(endpoints, {
    metadata: { name: 'manual', namespace: 'default' },
    subsets: [{ addresses: [{ ip: '10.1.1.1' }], ports: [{ port: 80 }] }],
  });
  await cluster.clock.advance(1000);
  await cluster.client.resource(services).delete('web', 'default');
  await cluster.client.resource(services).delete('manual', 'default');
  await cluster.clock.advance(1000);
  const left = (await cluster.list(endpoints))
    .map(({ metadata }) => metadata!.name)
    .filter((name) => name !== 'kubernetes');
  assert.deepEqual(left, ['manual']);
  await cluster.stop();
});

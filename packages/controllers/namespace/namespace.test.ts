import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNotFound, kubernetesResources } from '@keelson/client';
import { WorkloadCluster } from '@keelson/testkit/workload-cluster.ts';
import { RootCaPublisher } from '../root-ca-publisher/index.ts';
import { ServiceAccountController } from '../serviceaccount/index.ts';
import { emptyingConditions } from './content.ts';
import { NamespaceController } from './index.ts';

const { configMaps, namespaces, pods, secrets, serviceAccounts } = kubernetesResources;
const controllers = [
  () => new NamespaceController(),
  () => new ServiceAccountController(),
  () => new RootCaPublisher('CERTIFICATE'),
];
const podSpec = { containers: [{ name: 'main', image: 'nginx' }] };

const gone = (cluster: WorkloadCluster, name: string, limit?: number) =>
  cluster.eventually(
    () =>
      cluster.client
        .resource(namespaces)
        .get(name)
        .then(() => false, isNotFound),
    limit,
  );

test('every namespace gets its service account and the root certificate, and gets them back', async () => {
  const cluster = await WorkloadCluster.start(controllers);
  await cluster.create(namespaces, { metadata: { name: 'team' } });
  const accounts = cluster.client.resource(serviceAccounts);
  const maps = cluster.client.resource(configMaps);
  const there = async () => {
    const [account, map] = await Promise.all([
      accounts.get('default', 'team').catch(() => undefined),
      maps.get('kube-root-ca.crt', 'team').catch(() => undefined),
    ]);
    return account !== undefined && map?.data?.['ca.crt'] === 'CERTIFICATE';
  };
  assert.ok(await cluster.eventually(there));
  const map = await maps.get('kube-root-ca.crt', 'team');
  assert.match(map.metadata!.annotations!['kubernetes.io/description']!, /^Contains a CA bundle that can be used/);
  await accounts.delete('default', 'team');
  await maps.update({ ...map, data: { 'ca.crt': 'FORGED', more: 'x' } });
  assert.ok(await cluster.eventually(there));
  assert.deepEqual((await maps.get('kube-root-ca.crt', 'team')).data, { 'ca.crt': 'CERTIFICATE' });
  await cluster.stop();
});

test('a deleted namespace takes its contents with it, pods first, and others keep theirs', async () => {
  const cluster = await WorkloadCluster.start(controllers);
  for (const name of ['team', 'other']) {
    await cluster.create(namespaces, { metadata: { name } });
    await cluster.create(configMaps, { metadata: { name: 'settings', namespace: name } });
    await cluster.create(secrets, { metadata: { name: 'key', namespace: name } });
    await cluster.create(pods, { metadata: { name: 'web', namespace: name }, spec: podSpec });
  }
  await cluster.clock.advance(5000);
  await cluster.client.resource(namespaces).delete('team');
  await cluster.clock.advance(0);
  const going = await cluster.client.resource(namespaces).get('team');
  assert.equal(going.status!.phase, 'Terminating');
  const remaining = going.status!.conditions!.find(({ type }) => type === 'NamespaceContentRemaining')!;
  assert.deepEqual(
    [remaining.status, remaining.reason, remaining.message],
    ['True', 'SomeResourcesRemain', 'Some resources are remaining: pods. has 1 resource instances'],
  );
  assert.equal((await cluster.list(secrets)).length, 2, 'secrets stay while pods may need them');
  assert.ok(await gone(cluster, 'team', 5000));
  for (const ref of [configMaps, secrets, pods, serviceAccounts])
    assert.deepEqual(
      (await cluster.list(ref as typeof pods)).filter(({ metadata }) => metadata!.namespace === 'team'),
      [],
    );
  assert.equal((await cluster.client.resource(pods).get('web', 'other')).metadata!.name, 'web');
  await cluster.stop();
});

test('a finalizer holds the namespace, and the conditions name it', async () => {
  const cluster = await WorkloadCluster.start(controllers);
  await cluster.create(namespaces, { metadata: { name: 'team' } });
  await cluster.create(configMaps, { metadata: { name: 'held', namespace: 'team', finalizers: ['example.com/hold'] } });
  await cluster.client.resource(namespaces).delete('team');
  await cluster.clock.advance(30_000);
  const held = await cluster.client.resource(namespaces).get('team');
  const messages = held.status!.conditions!.filter(({ status }) => status === 'True').map(({ message }) => message);
  assert.deepEqual(messages, [
    'Some resources are remaining: configmaps. has 1 resource instances',
    'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
  ]);
  await cluster.client
    .resource(configMaps)
    .patch('held', 'team', { metadata: { finalizers: null } }, { type: 'merge' });
  assert.ok(await gone(cluster, 'team', 20_000));
  await cluster.stop();
});

test('an empty namespace says that all is well', () => {
  const remains = {
    resources: new Map(),
    finalizers: new Map(),
    discoveryError: undefined,
    deletionErrors: [],
    estimate: 0,
  };
  const reasons = emptyingConditions(remains, '2026-01-01T00:00:00Z').map(({ status, reason }) => [status, reason]);
  assert.deepEqual(reasons, [
    ['False', 'ResourcesDiscovered'],
    ['False', 'ParsedGroupVersions'],
    ['False', 'ContentDeleted'],
    ['False', 'ContentRemoved'],
    ['False', 'ContentHasNoFinalizers'],
  ]);
});

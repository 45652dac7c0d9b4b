import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kubernetesResources } from '@keelson/client';
import { controlPlaneInProcess } from '@keelson/testkit/control-plane-in-process.ts';

const { configMaps, pods, resourceQuotas } = kubernetesResources;
const namespace = 'default';

test('a quota is counted at first, by admission from then on, and again when something is set free', async () => {
  const { plane, clock } = await controlPlaneInProcess('quota');
  const client = plane.clientAs('admin', ['system:masters']);
  const quotas = client.resource(resourceQuotas);
  await client.resource(configMaps).create({ metadata: { name: 'before', namespace } });
  const hard = { 'count/configmaps': '4', pods: '1', 'count/roles.rbac.authorization.k8s.io': '5' };
  await quotas.create({ metadata: { name: 'q', namespace }, spec: { hard } });
  const used = async () => (await quotas.get('q', namespace)).status?.used ?? {};
  const eventually = async (condition: (list: Record<string, string>) => boolean) => {
    for (let i = 0; i < 100 && !condition(await used()); i++) await clock.advance(100);
    assert.ok(condition(await used()), JSON.stringify(await used()));
  };
  await eventually((list) => list['pods'] === '0');
  // The cluster's certificate authority is one more.
  assert.deepEqual(await used(), { 'count/configmaps': '2', 'count/roles.rbac.authorization.k8s.io': '0', pods: '0' });
  const spec = { containers: [{ name: 'c', image: 'nginx' }] };
  await client.resource(pods).create({ metadata: { name: 'p', namespace }, spec });
  assert.equal((await used())['pods'], '1');
  await assert.rejects(
    client.resource(pods).create({ metadata: { name: 'q', namespace }, spec }),
    /pods "q" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1/,
  );
  await client.resource(pods).delete('p', namespace, { gracePeriodSeconds: 0 });
  await client.resource(configMaps).delete('before', namespace);
  await eventually((list) => list['pods'] === '0' && list['count/configmaps'] === '1');
  await client.resource(pods).create({ metadata: { name: 'q', namespace }, spec });
  await plane.stop();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kubernetesResources } from '@keelson/client';
import { WorkloadCluster } from '@keelson/testkit/workload-cluster.ts';
import { ClusterRoleAggregationController } from './index.ts';

const { clusterRoles } = kubernetesResources;

test('a role gathers the rules of those that it selects, and lets them go again', async () => {
  const cluster = await WorkloadCluster.start([() => new ClusterRoleAggregationController()]);
  const rule = (resource: string) => ({ apiGroups: ['example.com'], resources: [resource], verbs: ['get'] });
  const labels = { 'example.com/to-all': 'true' };
  const aggregationRule = { clusterRoleSelectors: [{ matchLabels: labels }] };
  await cluster.create(clusterRoles, { metadata: { name: 'all' }, aggregationRule });
  await cluster.create(clusterRoles, { metadata: { name: 'b', labels }, rules: [rule('bees'), rule('ants')] });
  await cluster.create(clusterRoles, { metadata: { name: 'a', labels }, rules: [rule('ants')] });
  await cluster.create(clusterRoles, { metadata: { name: 'c' }, rules: [rule('cats')] });
  const gathered = async () =>
    ((await cluster.client.resource(clusterRoles).get('all')).rules ?? []).map(({ resources }) => resources![0]);
  await cluster.clock.advance(1000);
  assert.deepEqual(await gathered(), ['ants', 'bees']);
  await cluster.client.resource(clusterRoles).patch('c', undefined, { metadata: { labels } }, { type: 'merge' });
  await cluster.client.resource(clusterRoles).delete('b');
  await cluster.clock.advance(1000);
  assert.deepEqual(await gathered(), ['ants', 'cats']);
  await cluster.stop();
});

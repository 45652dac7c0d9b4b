import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kubernetesResources } from '@keelson/client';
import { WorkloadCluster } from '@keelson/testkit/workload-cluster.ts';
import { EphemeralVolumeController } from './index.ts';

const { events, persistentVolumeClaims, pods } = kubernetesResources;
const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const pod = (name: string) => ({
  metadata: { name, namespace: 'default' },
  spec: {
    containers: [{ name: 'c', image: 'c' }],
    volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { metadata: { labels: { a: 'b' } }, spec } } }],
  },
});

test('a pod gets a claim of its own for each ephemeral volume, and nobody else’s', async () => {
  const cluster = await WorkloadCluster.start([() => new EphemeralVolumeController()]);
  const claims = cluster.client.resource(persistentVolumeClaims);
  await claims.create({ metadata: { name: 'taken-scratch', namespace: 'default' }, spec });
  const made = await cluster.client.resource(pods).create(pod('web'));
  await cluster.client.resource(pods).create(pod('taken'));
  await cluster.clock.advance(3000);
  const claim = await claims.get('web-scratch', 'default');
  assert.equal(claim.metadata?.ownerReferences?.[0]?.uid, made.metadata?.uid);
  assert.deepEqual(claim.metadata?.labels, { a: 'b' });
  assert.equal((await claims.get('taken-scratch', 'default')).metadata?.ownerReferences, undefined);
  const { items } = await cluster.client.resource(events).list({ namespace: 'default' });
  const said = items.filter((one) => one.involvedObject.name === 'taken' && one.reason === 'FailedBinding');
  assert.equal(
    said[0]?.message,
    'ephemeral volume scratch: PVC default/taken-scratch was not created for pod default/taken (pod is not owner)',
  );
  await cluster.stop();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rfc3339 } from '@keelson/base';
import { kubernetesResources as resources } from '@keelson/client';
import { controlPlaneInProcess } from '@keelson/testkit/control-plane-in-process.ts';

const labels = { app: 'web' };
const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'nginx' }] } };
const selector = { matchLabels: labels };
const metadata = { name: 'web', namespace: 'default' };

test('no controller does what the default role of its upstream twin does not allow', async () => {
  const instance = { providerID: 'aws:///a/i-1', instanceType: 't3.medium', zone: 'a', region: 'r', addresses: [] };
  const { plane, clock, log } = await controlPlaneInProcess('roles', {
    loadBalancers: { ensure: async () => ({ ingress: [{ ip: '127.90.0.1' }] }), delete: async () => {} },
    instances: { exists: async () => true, isShutDown: async () => true, metadata: async () => instance },
  });
  const client = plane.clientAs('admin', ['system:masters']);
  const taints = [{ key: 'node.cloudprovider.kubernetes.io/uninitialized', effect: 'NoSchedule' }];
  await client.resource(resources.nodes).create({ metadata: { name: 'n1' }, spec: { taints } });
  const status = {
    conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: rfc3339(clock.now()) }],
    allocatable: { cpu: '4', memory: '8Gi', pods: '100' },
  };
  await client.resource(resources.nodes).patch('n1', undefined, { status }, { subresource: 'status' });
  await client.resource(resources.deployments).create({ metadata, spec: { replicas: 3, selector, template } });
  const agent = { metadata: { labels: { app: 'agent' } }, spec: template.spec };
  await client.resource(resources.daemonSets).create({
    metadata: { name: 'agent', namespace: 'default' },
    spec: { selector: { matchLabels: agent.metadata.labels }, template: agent },
  });
  const claim = {
    storageClassName: 'gp2',
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Gi' } },
  };
  const volumeClaimTemplates = [{ metadata: { name: 'data' }, spec: claim }];
  const persistentVolumeClaimRetentionPolicy = { whenDeleted: 'Delete' };
  const stateful = { replicas: 1, serviceName: 'db', persistentVolumeClaimRetentionPolicy, volumeClaimTemplates };
  const database = { metadata: { labels: { app: 'db' } }, spec: template.spec };
  await client.resource(resources.statefulSets).create({
    metadata: { name: 'db', namespace: 'default' },
    spec: { ...stateful, selector: { matchLabels: database.metadata.labels }, template: database },
  });
  const old = { metadata: { labels: { app: 'old' } }, spec: template.spec };
  const replicationControllers = client.resource(resources.replicationControllers);
  await replicationControllers.create({ metadata: { name: 'old', namespace: 'default' }, spec: { template: old } });
  const work = { ttlSecondsAfterFinished: 60, template: { spec: { ...template.spec, restartPolicy: 'Never' } } };
  await client.resource(resources.cronJobs).create({
    metadata: { name: 'work', namespace: 'default' },
    spec: { schedule: '* * * * *', concurrencyPolicy: 'Replace', jobTemplate: { spec: work } },
  });
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' };
  const horizontalPodAutoscalers = client.resource(resources.horizontalPodAutoscalers);
  const bounds = { minReplicas: 1, maxReplicas: 2 };
  await horizontalPodAutoscalers.create({
    metadata: { name: 'db', namespace: 'default' },
    spec: { scaleTargetRef, ...bounds },
  });
  await horizontalPodAutoscalers.create({
    metadata: { name: 'old', namespace: 'default' },
    spec: {
      scaleTargetRef: { apiVersion: 'v1', kind: 'ReplicationController', name: 'old' },
      ...bounds,
      minReplicas: 2,
    },
  });
  const service = { type: 'LoadBalancer', selector: labels, ports: [{ port: 80 }] };
  await client.resource(resources.services).create({ metadata, spec: service });
  await client.resource(resources.podDisruptionBudgets).create({ metadata, spec: { minAvailable: 1, selector } });
  await client.resource(resources.namespaces).create({ metadata: { name: 'team' } });
  const storage = { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } };
  await client
    .resource(resources.persistentVolumes)
    .create({ metadata: { name: 'v' }, spec: { ...storage, hostPath: { path: '/v' } } });
  const claimTemplate = {
    spec: { storageClassName: 'gp2', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
  await client.resource(resources.pods).create({
    metadata: { name: 'scratch', namespace: 'default' },
    spec: { ...template.spec, volumes: [{ name: 'v', ephemeral: { volumeClaimTemplate: claimTemplate } }] },
  });
  const resourcesOf = { requests: { storage: '1Gi' } };
  for (const [name, storageClassName] of [
    ['data', ''],
    ['disk', 'gp2'],
  ])
    await client.resource(resources.persistentVolumeClaims).create({
      metadata: { name: name!, namespace: 'default' },
      spec: { accessModes: ['ReadWriteOnce'], resources: resourcesOf, storageClassName: storageClassName! },
    });
  await client.resource(resources.pods);
  await clock.advance(5000);
  const placed = (await client.resource(resources.pods).list()).items;
  assert.deepEqual(
    placed.map(({ spec }) => spec!.nodeName),
    Array.from({ length: 7 }, () => 'n1'),
  );
  for (const pod of placed) {
    const ready = { phase: 'Running', podIP: '10.0.0.9', conditions: [{ type: 'Ready', status: 'True' }] };
    await client
      .resource(resources.pods)
      .patch(pod.metadata!.name!, 'default', { status: ready }, { subresource: 'status' });
  }
  // Another template, then a node that has gone silent and at last is deleted, then everything.
  await client
    .resource(resources.deployments)
    .patch('web', 'default', { spec: { template: { metadata: { labels: { x: 'y' } } } } });
  await clock.advance(500_000);
  assert.equal((await replicationControllers.get('old', 'default')).spec?.replicas, 2);
  await client.resource(resources.nodes).delete('n1');
  await clock.advance(120_000);
  await client.resource(resources.namespaces).delete('team');
  const claims = client.resource(resources.persistentVolumeClaims);
  assert.equal((await claims.get('data', 'default')).status?.phase, 'Bound');
  await claims.delete('data', 'default');
  await client.resource(resources.persistentVolumes).delete('v');
  await client.resource(resources.services).delete('web', 'default');
  await client.resource(resources.deployments).delete('web', 'default', { propagationPolicy: 'Foreground' });
  await client.resource(resources.daemonSets).delete('agent', 'default', { propagationPolicy: 'Orphan' });
  await clock.advance(120_000);
  const refused = log.filter(({ fields }) => /forbidden/.test(String(fields['error'])));
  assert.deepEqual(
    refused.map(({ fields }) => [fields['controller'], fields['error']]),
    [],
  );
  assert.deepEqual((await client.resource(resources.deployments).list()).items, []);
  assert.deepEqual(
    (await client.resource(resources.services).list({ namespace: 'default', labelSelector: 'app' })).items,
    [],
  );
  await plane.stop();
});

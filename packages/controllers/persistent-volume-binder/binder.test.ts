import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kubernetesResources } from '@keelson/client';
import { WorkloadCluster } from '@keelson/testkit/workload-cluster.ts';
import {
  PersistentVolumeClaimProtectionController,
  PersistentVolumeProtectionController,
} from '../volume-protection/index.ts';
import { PersistentVolumeBinder } from './index.ts';

const { events, persistentVolumeClaims, persistentVolumes, pods, storageClasses } = kubernetesResources;

class StorageCluster {
  readonly cluster: WorkloadCluster;
  readonly volumes;
  readonly claims;

  constructor(cluster: WorkloadCluster) {
    this.cluster = cluster;
    this.volumes = cluster.client.resource(persistentVolumes);
    this.claims = cluster.client.resource(persistentVolumeClaims);
  }

  static async start(): Promise<StorageCluster> {
    return new StorageCluster(
      await WorkloadCluster.start([
        () => new PersistentVolumeBinder(),
        () => new PersistentVolumeProtectionController(),
        () => new PersistentVolumeClaimProtectionController(),
      ]),
    );
  }

  volume(name: string, storage: string, spec: object = {}) {
    const hostPath = { path: `/data/${name}` };
    return this.volumes.create({
      metadata: { name },
      spec: { capacity: { storage }, accessModes: ['ReadWriteOnce'], hostPath, ...spec },
    });
  }

  claim(name: string, storage: string, spec: object = {}) {
    return this.claims.create({
      metadata: { name, namespace: 'default' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } }, storageClassName: '', ...spec },
    });
  }

  /** A class of volumes that nobody makes. */
  async storageClass(name: string, provisioner: string, volumeBindingMode = 'Immediate') {
    await this.cluster.client
      .resource(storageClasses)
      .create({ metadata: { name }, provisioner, volumeBindingMode, reclaimPolicy: 'Delete' });
  }

  async said(name: string): Promise<string[]> {
    await this.cluster.clock.advance(2000);
    const { items } = await this.cluster.client.resource(events).list({ namespace: 'default' });
    return items.filter((one) => one.involvedObject.name === name).map((one) => `${one.reason}: ${one.message}`);
  }

  /** `claim=phase:volume`, `volume=phase:claim`. */
  async state(): Promise<string> {
    const claims = (await this.claims.list()).items.map(
      ({ metadata, status, spec }) => `${metadata!.name}=${status?.phase}:${spec?.volumeName ?? ''}`,
    );
    const volumes = (await this.volumes.list()).items.map(
      ({ metadata, status, spec }) => `${metadata!.name}=${status?.phase}:${spec?.claimRef?.name ?? ''}`,
    );
    return [...claims, ...volumes].join(' ');
  }

  async reaches(expected: string): Promise<void> {
    const there = await this.cluster.eventually(async () => (await this.state()) === expected);
    assert.ok(there, `${await this.state()} is not ${expected}`);
  }
}

test('a claim gets the smallest volume that fits, and the volume outlives it', async () => {
  const storage = await StorageCluster.start();
  await storage.volume('large', '10Gi');
  await storage.volume('small', '1Gi');
  await storage.volume('medium', '5Gi');
  await storage.claim('data', '2Gi');
  await storage.reaches('data=Bound:medium large=Available: medium=Bound:data small=Available:');
  const data = await storage.claims.get('data', 'default');
  assert.deepEqual(data.status?.capacity, { storage: '5Gi' });
  assert.deepEqual(data.metadata?.annotations, {
    'pv.kubernetes.io/bind-completed': 'yes',
    'pv.kubernetes.io/bound-by-controller': 'yes',
  });
  await storage.volumes.delete('medium');
  await storage.cluster.clock.advance(3000);
  assert.equal((await storage.volumes.get('medium')).metadata?.finalizers?.[0], 'kubernetes.io/pv-protection');
  await storage.claims.delete('data', 'default');
  await storage.reaches('large=Available: small=Available:');
  await storage.cluster.stop();
});

test('two claims do not get one volume, and a released volume is not given again', async () => {
  const storage = await StorageCluster.start();
  await Promise.all([storage.claim('a', '1Gi'), storage.claim('b', '1Gi'), storage.volume('v', '1Gi')]);
  const won = async () => /^(a=Bound:v b=Pending:|a=Pending: b=Bound:v) v=Bound:[ab]$/.test(await storage.state());
  assert.ok(await storage.cluster.eventually(won), await storage.state());
  const winner = (await storage.volumes.get('v')).spec!.claimRef!.name!;
  const loser = winner === 'a' ? 'b' : 'a';
  assert.deepEqual(await storage.said(loser), [
    'FailedBinding: no persistent volumes available for this claim and no storage class is set',
  ]);
  await storage.claims.delete(winner, 'default');
  await storage.reaches(`${loser}=Pending: v=Released:${winner}`);
  const released = await storage.volumes.get('v');
  const { claimRef: _, ...spec } = released.spec!;
  await storage.volumes.update({ ...released, spec });
  await storage.reaches(`${loser}=Bound:v v=Bound:${loser}`);
  await storage.cluster.stop();
});

test('a volume that is kept for a claim waits for it, and a claim may name its volume', async () => {
  const storage = await StorageCluster.start();
  await storage.volume('kept', '1Gi', { claimRef: { namespace: 'default', name: 'later' } });
  await storage.volume('free', '1Gi');
  await storage.claim('other', '1Gi', { volumeName: 'kept' });
  await storage.reaches('other=Pending:kept free=Available: kept=Available:later');
  assert.ok((await storage.said('other')).includes('FailedBinding: volume "kept" already bound to a different claim.'));
  await storage.claim('later', '1Gi');
  await storage.claim('greedy', '2Gi', { volumeName: 'free' });
  await storage.reaches('greedy=Pending:free later=Bound:kept other=Pending:kept free=Available: kept=Bound:later');
  assert.ok(
    (await storage.said('greedy')).includes(
      'VolumeMismatch: Cannot bind to requested volume "free": requested PV is too small',
    ),
  );
  await storage.cluster.stop();
});

test('a claim of a class waits for its provisioner, or for its first pod', async () => {
  const storage = await StorageCluster.start();
  await storage.storageClass('gp2', 'kubernetes.io/aws-ebs', 'WaitForFirstConsumer');
  await storage.storageClass('nfs', 'example.com/nfs');
  await storage.claim('gone', '1Gi', { storageClassName: 'gone' });
  await storage.claim('files', '1Gi', { storageClassName: 'nfs' });
  await storage.claim('disk', '1Gi', { storageClassName: 'gp2' });
  assert.deepEqual(await storage.said('gone'), ['ProvisioningFailed: storageclass.storage.k8s.io "gone" not found']);
  assert.deepEqual(await storage.said('disk'), [
    'WaitForFirstConsumer: waiting for first consumer to be created before binding',
  ]);
  const waiting = (name: string) =>
    `ExternalProvisioning: Waiting for a volume to be created either by the external provisioner '${name}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`;
  assert.deepEqual(await storage.said('files'), [waiting('example.com/nfs')]);
  await storage.cluster.client.resource(pods).create({
    metadata: { name: 'db', namespace: 'default' },
    spec: {
      nodeName: 'n1',
      containers: [{ name: 'db', image: 'db' }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'disk' } }],
    },
  });
  assert.ok((await storage.said('disk')).includes(waiting('ebs.csi.aws.com')));
  const { annotations } = (await storage.claims.get('disk', 'default')).metadata!;
  assert.deepEqual(annotations, {
    'volume.kubernetes.io/storage-provisioner': 'ebs.csi.aws.com',
    'volume.beta.kubernetes.io/storage-provisioner': 'ebs.csi.aws.com',
    'pv.kubernetes.io/migrated-to': 'ebs.csi.aws.com',
    'volume.kubernetes.io/selected-node': 'n1',
  });
  await storage.volume('vol-1', '1Gi', {
    storageClassName: 'gp2',
    persistentVolumeReclaimPolicy: 'Delete',
    claimRef: { namespace: 'default', name: 'disk' },
  });
  await storage.reaches('disk=Bound:vol-1 files=Pending: gone=Pending: vol-1=Bound:disk');
  await storage.claims.delete('disk', 'default');
  await storage.cluster.clock.advance(3000);
  assert.match(await storage.state(), /^disk=Bound:vol-1 /, 'a pod uses it');
  await storage.cluster.client.resource(pods).delete('db', 'default', { gracePeriodSeconds: 0 });
  await storage.reaches('files=Pending: gone=Pending: vol-1=Failed:disk');
  await storage.cluster.stop();
});

/** A region that keeps everything in a real etcd: what lies there, what happens while etcd is away, and that nothing stays. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { systemWorld } from '@keelson/base';
import { EtcdProcess, etcdMissing, freePort } from '@keelson/store/drivers/etcd/etcd-process.ts';
import { openEtcdStore } from '@keelson/store/drivers/etcd/index.ts';
import { eventually, RegionUnderTest, starts } from './region-under-test.ts';
import { ClusterApi } from './signed-requests.ts';

const obstacle =
  etcdMissing() || ((await starts('kubectl', ['version', '--client'])) ? false : 'kubectl is not installed');

describe('a region in etcd', { skip: obstacle }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-etcd-'));
  let etcd: EtcdProcess;
  let region: RegionUnderTest;

  /** All keys that etcd has, whoever wrote them. */
  const keys = async (): Promise<string[]> => {
    const store = await openEtcdStore({ endpoints: [etcd.endpoint], world: systemWorld() });
    const { entries } = await store.range({ start: '/', end: '0' });
    await store.close();
    return entries.map(({ key }) => key);
  };

  before(async () => {
    etcd = new EtcdProcess(folder, { client: await freePort(), peer: await freePort() });
    await etcd.start();
    region = await RegionUnderTest.start(undefined, ['--store', etcd.endpoint.replace('http:', 'etcd:')]);
    await region.keelson('create', 'cluster', 'demo', '--nodes', '1');
  });
  after(async () => {
    await region?.remove();
    await etcd?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('objects lie where kube-apiserver puts them, below a prefix for each store', async () => {
    await region.kubectl('create', 'configmap', 'settings', '--from-literal=a=b');
    const found = await keys();
    const ends = (end: string) => found.some((key) => key.endsWith(end) && key.startsWith('/keelson/'));
    assert.ok(ends('/clusters/demo/registry/configmaps/default/settings'));
    assert.ok(ends('/region/registry/clusters.eks.keelson.dev/demo'));
  });

  test('while etcd is away the API server says so, and it recovers by itself', async () => {
    const api = await ClusterApi.of(region, 'demo');
    const ready = async () => (await api.send('GET', '/readyz')).status;
    assert.equal(await ready(), 200);
    await etcd.stop('SIGKILL');
    await eventually('readyz fails', async () => (await ready()) === 500);
    const refused = await region.refused('kubectl', 'create', 'configmap', 'lost');
    assert.match(refused, /the store is unavailable/);
    await etcd.start();
    await eventually('readyz passes', async () => (await ready()) === 200);
    await eventually(
      'writes go on',
      async () => (await region.try('kubectl', ['create', 'configmap', 'found'])).status === 0,
    );
    assert.match(await region.kubectl('get', 'configmaps'), /^found .*^settings /ms);
    api.agent.destroy();
  });

  test('down, up, and reset: everything is there again, and then nothing is left', async () => {
    await region.keelson('down');
    await region.up();
    await eventually('the cluster answers', async () =>
      /^settings /m.test((await region.try('kubectl', ['get', 'configmaps'])).stdout),
    );
    await region.keelson('reset', '--data', region.data, '--yes');
    assert.deepEqual(await keys(), []);
  });
});

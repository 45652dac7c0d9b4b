/** The simulated story as an ordinary user with a HOME of its own: two clusters, down and up, and reset. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually, RegionUnderTest, starts } from './region-under-test.ts';

const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined;
const withoutKubectl = (await starts('kubectl', ['version', '--client'], user)) ? false : 'kubectl is not installed';

describe('as an ordinary user', { skip: withoutKubectl }, () => {
  let region: RegionUnderTest;

  before(async () => {
    region = await RegionUnderTest.start(user);
    await region.keelson('create', 'cluster', 'one', '--nodes', '2');
  });
  after(() => region?.remove());

  /** What has to be the same after a stop: names, uids and addresses. */
  async function picture(): Promise<string[]> {
    const get = async (what: string) => JSON.parse(await region.kubectl('get', what, '-A', '-o', 'json')).items;
    const lines: string[] = [];
    for (const { metadata, spec } of await get('nodes'))
      lines.push(`${metadata.name} ${metadata.uid} ${spec.providerID}`);
    for (const { metadata, spec } of await get('pods')) lines.push(`${metadata.name} ${metadata.uid} ${spec.nodeName}`);
    for (const { metadata, spec, status } of await get('services'))
      lines.push(`${metadata.name} ${spec.clusterIP} ${JSON.stringify(status.loadBalancer)}`);
    return lines.sort();
  }

  const ready = () =>
    eventually('everything is ready', async () => {
      const { items: nodes } = JSON.parse(await region.kubectl('get', 'nodes', '-o', 'json'));
      const { items: pods } = JSON.parse(await region.kubectl('get', 'pods', '-A', '-o', 'json'));
      const isReady = (one: any) => one.status.conditions?.some((c: any) => c.type === 'Ready' && c.status === 'True');
      return nodes.length === 2 && pods.length === 9 && [...nodes, ...pods].every(isReady);
    });

  test('only the owner can read what is in the data directory', () => {
    assert.equal(statSync(region.data).mode & 0o777, 0o700);
    for (const file of ['secret.key', 'region.db', 'kubeconfig'])
      assert.equal(statSync(join(region.data, file)).mode & 0o077, 0, file);
    const status = readFileSync(`/proc/${region.regionProcess()}/status`, 'utf8');
    if (user) assert.match(status, new RegExp(`^Uid:\\t${user.uid}\\t`, 'm'));
  });

  test("another cluster's token is refused", async () => {
    await region.keelson('create', 'cluster', 'two', '--nodes', '0', '--kubeconfig', join(region.data, 'two.config'));
    const { token } = JSON.parse((await region.keelson('token', 'two')).stdout).status;
    const server = (
      await region.kubectl('config', 'view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}')
    ).trim();
    const bare = ['--kubeconfig', '/dev/null', '--server', server, '--insecure-skip-tls-verify', '--token'];
    const wrong = await region.refused('kubectl', ...bare, token, 'get', 'nodes');
    assert.match(wrong, /You must be logged in to the server/);
    const own = JSON.parse((await region.keelson('token', 'one')).stdout).status.token;
    assert.match(await region.kubectl(...bare, own, 'get', 'nodes'), /Ready/);
    await region.keelson('delete', 'cluster', 'two', '--kubeconfig', join(region.data, 'two.config'));
    assert.equal(region.clusterProcess('two'), undefined);
  });

  test('down, then up: everything comes back as it was', async () => {
    await region.kubectl('create', 'deployment', 'web', '--image=nginx', '--replicas=3');
    await region.kubectl('expose', 'deployment', 'web', '--port=80', '--type=LoadBalancer');
    await region.kubectl('rollout', 'status', 'deployment/web', '--timeout=60s');
    await eventually('an address', () =>
      region.kubectl('get', 'service', 'web', '-o', 'jsonpath={.status.loadBalancer.ingress[0].ip}'),
    );
    await ready();
    const before = await picture();
    const began = performance.now();
    await region.keelson('down');
    assert.ok(performance.now() - began < 15_000, 'down does not wait for what will not come');
    assert.deepEqual(region.processes(), []);
    await region.up();
    await ready();
    assert.deepEqual(await picture(), before);
  });

  test('reset leaves nothing', async () => {
    const unsure = await region.refused('keelson', 'reset', '--data', region.data);
    assert.match(unsure, /--yes/);
    await region.keelson('reset', '--data', region.data, '--yes').catch((error) => {
      // The directory that holds it belongs to somebody else: what is in it is gone all the same.
      if (existsSync(join(region.data, 'region.json'))) throw error;
    });
    assert.deepEqual(region.processes(), []);
    assert.equal(existsSync(join(region.data, 'region.db')), false);
  });
});

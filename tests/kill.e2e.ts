/**
 * Writers log every acknowledgement and watchers record, while the region's and the control plane's processes are killed
 * at random moments: afterwards everything acknowledged is there, revisions only grew, no watch has a gap, and nothing
 * runs twice. KEELSON_SEED repeats a run's choices, KEELSON_KILLS is how often (10 unless told otherwise).
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pick, randomInteger, SeededRandom } from '@keelson/base';
import { eventually, RegionUnderTest } from './region-under-test.ts';
import { type ClusterApi, FrontDoor } from './signed-requests.ts';
import { Witnesses } from './witnesses.ts';

const seed = process.env['KEELSON_SEED'] ?? randomBytes(6).toString('hex');
const kills = Math.min(Number(process.env['KEELSON_KILLS'] ?? 10), 50);
const random = new SeededRandom(seed);
const podsPath = '/api/v1/namespaces/default/pods';

const web = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 6,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } },
  },
};

/** Pids of all processes that were started for this data directory. */
function processesOf(region: RegionUnderTest): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
        return words.includes(`KEELSON_DATA=${region.data}`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

function kill(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function killAndBringBack(region: RegionUnderTest): Promise<void> {
  for (let round = 0; round < kills; round++) {
    await delay(randomInteger(random, 1500));
    const victims = pick(random, ['region', 'cluster', 'both']);
    if (victims !== 'cluster') kill(region.regionProcess());
    if (victims !== 'region') kill(region.clusterProcess('demo'));
    await region.up();
  }
}

async function verifyRunning(region: RegionUnderTest, api: ClusterApi, door: FrontDoor): Promise<void> {
  await eventually('six pods are ready, and no seventh', async () => {
    const { json } = await api.send('GET', `${podsPath}?labelSelector=app%3Dweb`);
    const ready = json.items.filter((pod: any) =>
      pod.status.conditions?.some((one: any) => one.type === 'Ready' && one.status === 'True'),
    );
    return ready.length === 6 && json.items.length === 6;
  });
  const { json } = await api.send('GET', '/api/v1/pods');
  const addresses = json.items.filter((pod: any) => !pod.spec.hostNetwork).map((pod: any) => pod.status.podIP);
  assert.equal(new Set(addresses).size, addresses.length, 'every pod has an address of its own');
  const nodes = (await api.send('GET', '/api/v1/nodes')).json.items;
  assert.equal(nodes.length, 2);
  const form = 'Action=DescribeInstances&Version=2016-11-15';
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const instances = (await door.send('POST', '/', form, { service: 'ec2', headers })).text;
  assert.equal(instances.match(/<name>running<\/name>/g)?.length, 2);
  const own = [region.regionProcess(), region.clusterProcess('demo')];
  assert.deepEqual(processesOf(region).sort(), own.sort(), 'one process for the region and one for its cluster');
}

test(`nothing acknowledged is lost in ${kills} kills (KEELSON_SEED=${seed})`, async (context) => {
  // So little history that a watch which sleeps is told that its revision is gone.
  const region = await RegionUnderTest.start(undefined, ['--history', '2']);
  let witnesses: Witnesses | undefined;
  try {
    await region.keelson('create', 'cluster', 'demo', '--nodes', '2');
    witnesses = await Witnesses.begin(region, 'demo', seed);
    const { api } = witnesses;
    const made = await api.send('POST', '/apis/apps/v1/namespaces/default/deployments', web);
    assert.equal(made.status, 201, made.text);
    await killAndBringBack(region);
    context.diagnostic(await witnesses.verify());
    await verifyRunning(region, api, new FrontDoor(region));
  } finally {
    witnesses?.close();
    await region.remove();
  }
});

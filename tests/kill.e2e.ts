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
import { Writer } from './acknowledged-writes.ts';
import { RecordedWatch } from './recorded-watch.ts';
import { eventually, RegionUnderTest } from './region-under-test.ts';
import { ClusterApi, FrontDoor } from './signed-requests.ts';

const seed = process.env['KEELSON_SEED'] ?? randomBytes(6).toString('hex');
const kills = Math.min(Number(process.env['KEELSON_KILLS'] ?? 10), 50);
const random = new SeededRandom(seed);
const configMaps = '/api/v1/namespaces/default/configmaps';
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

/** Makes users at the front door, and keeps the names of those that were acknowledged. */
async function makeUsers(door: FrontDoor, made: string[], signal: AbortSignal): Promise<void> {
  for (let next = 0; !signal.aborted; next++) {
    const form = new URLSearchParams({ Action: 'CreateUser', UserName: `user-${next}`, Version: '2010-05-08' });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const options = { service: 'iam', region: 'us-east-1', headers };
    const answer = await door.send('POST', '/', form.toString(), options).catch(() => undefined);
    if (answer?.status === 200) made.push(`user-${next}`);
    await delay(100);
  }
}

/** The names of all users, page by page. */
async function listUsers(door: FrontDoor): Promise<Set<string>> {
  const names = new Set<string>();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const options = { service: 'iam', region: 'us-east-1', headers };
  let marker: string | undefined;
  do {
    const form = new URLSearchParams({ Action: 'ListUsers', Version: '2010-05-08', ...(marker && { Marker: marker }) });
    const { text } = await door.send('POST', '/', form.toString(), options);
    for (const [, name] of text.matchAll(/<UserName>([^<]+)</g)) names.add(name!);
    marker = /<Marker>([^<]+)</.exec(text)?.[1];
  } while (marker !== undefined);
  return names;
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

async function verifyWriters(api: ClusterApi, writers: readonly Writer[]): Promise<void> {
  const { json: list } = await api.send('GET', configMaps);
  const present = new Map<string, any>(list.items.map((item: any) => [item.metadata.name, item]));
  for (const writer of writers) {
    assert.deepEqual(writer.faults, []);
    assert.ok(writer.written.size > 3, `${writer.name} has written ${writer.written.size}`);
    for (const [name, { uid, resourceVersion, count, deletion }] of writer.written) {
      const object = present.get(name);
      if (deletion === 'acknowledged') assert.equal(object, undefined, `${name} was deleted`);
      else if (deletion === undefined || object !== undefined) {
        assert.ok(object, `${name} was acknowledged at ${resourceVersion}, and is lost`);
        assert.equal(object.metadata.uid, uid);
        assert.ok(Number(object.metadata.resourceVersion) >= Number(resourceVersion), name);
        assert.ok(Number(object.data.count) >= count, `${name} has ${object.data.count}, acknowledged was ${count}`);
      }
    }
    assert.ok(Number(list.metadata.resourceVersion) >= Math.max(...writer.revisions));
  }
}

function verifyWatch(watch: RecordedWatch, from: number, acknowledged: readonly number[]): void {
  const revisions = watch.events.map((event) => event.revision);
  for (const [index, revision] of revisions.entries())
    assert.ok(index === 0 || revision > revisions[index - 1]!, `event ${index} at ${revision} is out of order`);
  if (watch.expired > 0) return;
  const seen = new Set(revisions);
  const missed = acknowledged.filter((revision) => revision > from && !seen.has(revision));
  assert.deepEqual(missed, [], 'revisions that were acknowledged and never watched');
  const alive = new Set<string>();
  for (const { type, name, uid } of watch.events) {
    if (type === 'ADDED') assert.ok(!alive.has(uid), `${name} came twice`);
    else assert.ok(alive.has(uid) || from > 0, `${name} was ${type} before it came`);
    if (type === 'DELETED') alive.delete(uid);
    else alive.add(uid);
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
  const region = await RegionUnderTest.start();
  let api: ClusterApi | undefined;
  const stop = new AbortController();
  try {
    await region.keelson('create', 'cluster', 'demo', '--nodes', '2');
    const door = new FrontDoor(region);
    api = await ClusterApi.of(region, 'demo');
    const made = await api.send('POST', '/apis/apps/v1/namespaces/default/deployments', web);
    assert.equal(made.status, 201, made.text);
    const watches = [new RecordedWatch(api, configMaps), new RecordedWatch(api, configMaps)];
    for (const watch of watches) await watch.list();
    const from = Math.min(...watches.map((watch) => watch.revision));
    const writers = ['a', 'b', 'c'].map((name) => new Writer(name, api!, new SeededRandom(`${seed} ${name}`)));
    const users: string[] = [];
    const writing = [...writers.map((one) => one.run(stop.signal)), makeUsers(door, users, stop.signal)];
    const enough = new AbortController();
    const watching = watches.map((one) => one.run(enough.signal));
    await killAndBringBack(region);
    await eventually('the cluster answers', async () => (await api!.send('GET', '/readyz')).status === 200);
    stop.abort();
    await Promise.all(writing);
    await verifyWriters(api, writers);
    const acknowledged = writers.flatMap((one) => one.revisions);
    const last = Math.max(...acknowledged);
    await eventually('watches are at the end', () => watches.every((one) => one.revision >= last));
    enough.abort();
    await Promise.all(watching);
    for (const watch of watches) verifyWatch(watch, from, acknowledged);
    const present = await listUsers(door);
    for (const name of users) assert.ok(present.has(name), `${name} is lost`);
    await verifyRunning(region, api, door);
    const [unknown, breaks] = [writers.reduce((sum, one) => sum + one.unknown, 0), watches.map((one) => one.breaks)];
    context.diagnostic(
      `${acknowledged.length} writes and ${users.length} users acknowledged, ${unknown} cut off, watches broken ${breaks} times`,
    );
  } finally {
    stop.abort();
    api?.agent.destroy();
    await region.remove();
  }
});

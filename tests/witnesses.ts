import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { SeededRandom } from '@keelson/base';
import { Writer } from './acknowledged-writes.ts';
import { RecordedWatch } from './recorded-watch.ts';
import { eventually, type RegionUnderTest } from './region-under-test.ts';
import { ClusterApi, FrontDoor } from './signed-requests.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const form = { 'content-type': 'application/x-www-form-urlencoded' };

/**
 * Those who write and watch while everything around them is killed, and tell afterwards what came of it: writers keep
 * every acknowledgement, watchers every event, and a sleeper only the revision that it was at in the beginning.
 */
export class Witnesses {
  readonly api: ClusterApi;
  readonly #door: FrontDoor;
  readonly #writers: readonly Writer[];
  readonly #watches: readonly RecordedWatch[];
  readonly #sleeper: RecordedWatch;
  readonly #users: string[] = [];
  readonly #stop = new AbortController();
  readonly #enough = new AbortController();
  #writing: Promise<unknown> = Promise.resolve();
  #watching: Promise<unknown> = Promise.resolve();

  private constructor(region: RegionUnderTest, api: ClusterApi, seed: string) {
    this.api = api;
    this.#door = new FrontDoor(region);
    this.#writers = ['a', 'b', 'c'].map((name) => new Writer(name, api, new SeededRandom(`${seed} ${name}`)));
    this.#watches = [new RecordedWatch(api, configMaps), new RecordedWatch(api, configMaps)];
    this.#sleeper = new RecordedWatch(api, configMaps);
  }

  static async begin(region: RegionUnderTest, cluster: string, seed: string): Promise<Witnesses> {
    const witnesses = new Witnesses(region, await ClusterApi.of(region, cluster), seed);
    for (const watch of [...witnesses.#watches, witnesses.#sleeper]) await watch.list();
    witnesses.#writing = Promise.all([
      ...witnesses.#writers.map((one) => one.run(witnesses.#stop.signal)),
      witnesses.#makeUsers(),
    ]);
    witnesses.#watching = Promise.all(witnesses.#watches.map((one) => one.run(witnesses.#enough.signal)));
    return witnesses;
  }

  /** Ends them, and holds against what there is what they have seen. Resolves to a summary of that. @throws AssertionError */
  async verify(): Promise<string> {
    await eventually('the cluster answers', async () => (await this.api.send('GET', '/readyz')).status === 200);
    await eventually('the sleeper is told that its revision is gone', () => this.#sleeperIsLate());
    this.#stop.abort();
    await this.#writing;
    await this.#verifyWriters();
    const acknowledged = this.#writers.flatMap((one) => one.revisions);
    const last = Math.max(...acknowledged);
    await eventually('watches are at the end', () => this.#watches.every((one) => one.revision >= last));
    this.#enough.abort();
    await this.#watching;
    for (const watch of this.#watches) watch.verify(acknowledged);
    const present = await this.#listUsers();
    for (const name of this.#users) assert.ok(present.has(name), `${name} is lost`);
    const unknown = this.#writers.reduce((sum, one) => sum + one.unknown, 0);
    const each = (count: (watch: RecordedWatch) => number) => this.#watches.map(count).join(' and ');
    return `${acknowledged.length} writes and ${this.#users.length} users acknowledged, ${unknown} cut off, watches broken ${each((one) => one.breaks)} times and told 410 ${each((one) => one.expired)} times`;
  }

  /** Lets go of everything, whatever came of it. */
  close(): void {
    this.#stop.abort();
    this.#enough.abort();
    this.api.agent.destroy();
  }

  /** Whether a watch from where the sleeper was in the beginning is answered with 410, and not with what came next. */
  async #sleeperIsLate(): Promise<boolean> {
    const before = this.#sleeper.revision;
    const late = await this.#sleeper.stream(this.#enough.signal, 1).catch(() => false);
    if (!late) this.#sleeper.rewind(before);
    return late;
  }

  /** Makes users at the front door, and keeps the names of those that were acknowledged. */
  async #makeUsers(): Promise<void> {
    for (let next = 0; !this.#stop.signal.aborted; next++) {
      const query = new URLSearchParams({ Action: 'CreateUser', UserName: `user-${next}`, Version: '2010-05-08' });
      const options = { service: 'iam', region: 'us-east-1', headers: form };
      const answer = await this.#door.send('POST', '/', query.toString(), options).catch(() => undefined);
      if (answer?.status === 200) this.#users.push(`user-${next}`);
      await delay(100);
    }
  }

  /** The names of all users, page by page. */
  async #listUsers(): Promise<Set<string>> {
    const names = new Set<string>();
    const options = { service: 'iam', region: 'us-east-1', headers: form };
    let marker: string | undefined;
    do {
      const query = new URLSearchParams({
        Action: 'ListUsers',
        Version: '2010-05-08',
        ...(marker && { Marker: marker }),
      });
      const { text } = await this.#door.send('POST', '/', query.toString(), options);
      for (const [, name] of text.matchAll(/<UserName>([^<]+)</g)) names.add(name!);
      marker = /<Marker>([^<]+)</.exec(text)?.[1];
    } while (marker !== undefined);
    return names;
  }

  async #verifyWriters(): Promise<void> {
    const { json: list } = await this.api.send('GET', configMaps);
    const present = new Map<string, any>(list.items.map((item: any) => [item.metadata.name, item]));
    for (const writer of this.#writers) {
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
}

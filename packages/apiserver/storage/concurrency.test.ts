import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomInteger, SeededRandom } from '@keelson/base';
import { TestServer } from '../testing/test-server.ts';

const merge = { 'content-type': 'application/merge-patch+json' };
const names = Array.from({ length: 12 }, (_, index) => `map-${index}`);
const path = (namespace: string, name = '') => `/api/v1/namespaces/${namespace}/configmaps${name && `/${name}`}`;

/** What a watcher has put together from its events, checked at each of them. */
class Replica {
  readonly objects = new Map<string, any>();
  last: number;
  events = 0;

  constructor(from: number) {
    this.last = from;
  }

  apply({ type, object }: any): void {
    if (type === 'BOOKMARK') return;
    const revision = Number(object.metadata.resourceVersion);
    assert.ok(revision > this.last, `revision ${revision} after ${this.last}`);
    this.last = revision;
    this.events++;
    const key = `${object.metadata.namespace}/${object.metadata.name}`;
    assert.equal(this.objects.has(key), type !== 'ADDED', `${type} ${key}`);
    if (type === 'DELETED') this.objects.delete(key);
    else this.objects.set(key, object);
  }
}

/** One watcher that is cut off again and again while there are writers, and goes on from the last revision it saw. */
async function follow(
  server: TestServer,
  target: string,
  replica: Replica,
  random: SeededRandom,
  written: Promise<void>,
): Promise<void> {
  const open = (more: string) => {
    const joint = target.includes('?') ? '&' : '?';
    return server.watch(`${target}${joint}watch=1&allowWatchBookmarks=true&resourceVersion=${replica.last}${more}`);
  };
  const stop = written.then(() => 'stop' as const);
  for (let event: unknown; event !== 'stop'; ) {
    const watch = await open('');
    const until = 1 + randomInteger(random, 40);
    for (let count = 0; count < until; count++) {
      event = await Promise.race([watch.next(), stop]);
      if (event === undefined || event === 'stop') break;
      replica.apply(event);
    }
    watch.close();
  }
  // What is left comes before the watch ends by itself.
  const last = await open('&timeoutSeconds=1');
  for (let event = await last.next(); event !== undefined; event = await last.next()) replica.apply(event);
}

async function write(server: TestServer, random: SeededRandom, acknowledged: Map<string, number>): Promise<void> {
  const namespace = randomInteger(random, 2) === 0 ? 'default' : 'kube-system';
  const name = names[randomInteger(random, names.length)]!;
  const choice = randomInteger(random, 10);
  const labels = { half: String(randomInteger(random, 2)) };
  const body = { metadata: { name, labels }, data: { value: String(randomInteger(random, 1000)) } };
  const answer =
    choice < 3
      ? await server.ask('POST', path(namespace), body)
      : choice < 6
        ? await server.ask('PUT', path(namespace, name), body)
        : choice < 9
          ? await server.ask('PATCH', path(namespace, name), { metadata: { labels }, data: body.data }, merge)
          : await server.ask('DELETE', path(namespace, name));
  assert.ok([200, 201, 404, 409].includes(answer.status), answer.text);
  if (answer.status > 201 || choice === 9) return;
  const revision = Number(answer.json.metadata.resourceVersion);
  const key = `${namespace}/${name}`;
  acknowledged.set(key, Math.max(acknowledged.get(key) ?? 0, revision));
  const read = await server.ask('GET', path(namespace, name));
  if (read.status === 200)
    assert.ok(Number(read.json.metadata.resourceVersion) >= revision, 'reads see what was written');
}

for (const seed of ['one', 'two', 'three', 'four']) {
  test(`many writers and watchers that come and go: nothing is lost, nothing comes twice (seed ${seed})`, async () => {
    const server = await TestServer.start({ seed });
    const from = server.store.revision();
    const selections = [
      '/api/v1/configmaps',
      path('default'),
      '/api/v1/configmaps?labelSelector=half%3D1',
      '/api/v1/configmaps?fieldSelector=metadata.name%3Dmap-3',
      `${path('kube-system')}?labelSelector=half%21%3D1`,
    ];
    const acknowledged = new Map<string, number>();
    const replicas = selections.map(() => new Replica(from));
    const written = Promise.withResolvers<void>();
    const watching = selections.map((target, index) =>
      follow(server, target, replicas[index]!, new SeededRandom(`${seed}-${index}`), written.promise),
    );
    const writers = Array.from({ length: 8 }, async (_, index) => {
      const random = new SeededRandom(`${seed}-writer-${index}`);
      for (let count = 0; count < 60; count++) await write(server, random, acknowledged);
    });
    await Promise.all(writers);
    written.resolve();
    await server.world.clock.advance(2000);
    await Promise.all(watching);
    for (const [index, target] of selections.entries()) {
      const { items } = (await server.ask('GET', target)).json;
      const wanted = new Map(items.map((item: any) => [`${item.metadata.namespace}/${item.metadata.name}`, item]));
      assert.deepEqual(new Map([...replicas[index]!.objects].sort()), new Map([...wanted].sort() as never), target);
    }
    assert.ok(replicas[0]!.events > 100);
    for (const [key, revision] of acknowledged) {
      const kept = replicas[0]!.objects.get(key);
      if (kept !== undefined) assert.ok(Number(kept.metadata.resourceVersion) >= revision, `${key} went back`);
    }
  });
}

test('forty changes of one counter are forty, whoever makes them', async () => {
  const server = await TestServer.start();
  await server.ask('POST', path('default'), { metadata: { name: 'counter' }, data: { n: '0' } });
  const add = async () => {
    for (;;) {
      const { json } = await server.ask('GET', path('default', 'counter'));
      json.data.n = String(Number(json.data.n) + 1);
      const answer = await server.ask('PUT', path('default', 'counter'), json);
      if (answer.status === 200) return;
      assert.equal(answer.json.reason, 'Conflict');
    }
  };
  await Promise.all(Array.from({ length: 40 }, add));
  assert.equal((await server.ask('GET', path('default', 'counter'))).json.data.n, '40');
});

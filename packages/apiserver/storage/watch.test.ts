import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '@keelson/base';
import { type Store, StoreError, type WatchRequest } from '@keelson/store';
import { MemoryStore } from '@keelson/store/drivers/memory/index.ts';
import { TestServer } from '../testing/test-server.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const merge = { 'content-type': 'application/merge-patch+json' };
const configMap = (name: string, labels: Record<string, string> = {}) => ({ metadata: { name, labels } });
const shown = (event: any) => event && `${event.type} ${event.object.metadata?.name ?? event.object.message}`;

test('a watch begins with what is there, or goes on from a revision', async () => {
  const server = await TestServer.start();
  await server.ask('POST', maps, configMap('a'));
  const { json: second } = await server.ask('POST', maps, configMap('b'));
  await server.ask('POST', maps, configMap('c'));
  for (const from of ['', '&resourceVersion=0']) {
    const watch = await server.watch(`${maps}?watch=true${from}`);
    const seen = [await watch.next(), await watch.next(), await watch.next()].map(shown);
    assert.deepEqual(seen, ['ADDED a', 'ADDED b', 'ADDED c']);
    watch.close();
  }
  const watch = await server.watch(`${maps}?watch=true&resourceVersion=${second.metadata.resourceVersion}`);
  assert.equal(shown(await watch.next()), 'ADDED c');
  await server.ask('DELETE', `${maps}/a`);
  const deleted = await watch.next();
  assert.equal(shown(deleted), 'DELETED a');
  assert.equal(deleted.object.metadata.resourceVersion, String(server.store.revision()));
});

test('an object that enters a selection is added, one that leaves it deleted, with the new revision', async () => {
  const server = await TestServer.start();
  const watch = await server.watch(`${maps}?watch=1&labelSelector=on%3Dyes&resourceVersion=${server.store.revision()}`);
  await server.ask('POST', maps, configMap('a', { on: 'no' }));
  await server.ask('PATCH', `${maps}/a`, { metadata: { labels: { on: 'yes' } } }, merge);
  assert.equal(shown(await watch.next()), 'ADDED a');
  await server.ask('PATCH', `${maps}/a`, { data: { x: 'y' } }, merge);
  assert.equal(shown(await watch.next()), 'MODIFIED a');
  const { json } = await server.ask('PATCH', `${maps}/a`, { metadata: { labels: { on: 'no' } } }, merge);
  const left = await watch.next();
  assert.equal(shown(left), 'DELETED a');
  assert.equal(left.object.metadata.resourceVersion, json.metadata.resourceVersion);
  assert.equal(left.object.metadata.labels.on, 'yes', 'it is shown as it last was in the selection');
});

test('a watch of one name or one field sees nothing else', async () => {
  const server = await TestServer.start();
  const from = server.store.revision();
  const byName = await server.watch(`${maps}?watch=1&fieldSelector=metadata.name%3Db&resourceVersion=${from}`);
  const byPath = await server.watch(`/api/v1/watch/namespaces/default/configmaps/b?resourceVersion=${from}`);
  const others = await server.watch(`/api/v1/namespaces/kube-system/configmaps?watch=1&resourceVersion=${from}`);
  for (const name of ['a', 'b', 'c']) await server.ask('POST', maps, configMap(name));
  await server.ask('POST', '/api/v1/namespaces/kube-system/configmaps', configMap('d'));
  assert.equal(shown(await byName.next()), 'ADDED b');
  assert.equal(shown(await byPath.next()), 'ADDED b');
  assert.equal(shown(await others.next()), 'ADDED d');
});

test('bookmarks tell how far a watch is, and where its first events end', async () => {
  const server = await TestServer.start();
  await server.ask('POST', maps, configMap('a'));
  const query = 'watch=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
  const watch = await server.watch(`${maps}?${query}`);
  assert.equal(shown(await watch.next()), 'ADDED a');
  const end = await watch.next();
  assert.equal(end.type, 'BOOKMARK');
  assert.deepEqual(end.object.metadata.annotations, { 'k8s.io/initial-events-end': 'true' });
  assert.equal(end.object.metadata.resourceVersion, String(server.store.revision()));
  await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'else' } });
  await server.world.clock.advance(121_000);
  const first = await watch.next();
  assert.equal(first.type, 'BOOKMARK');
  const later = await watch.next();
  assert.equal(later.object.metadata.resourceVersion, String(server.store.revision()), 'though no ConfigMap changed');
});

test('one Namespace is watched by its path', async () => {
  const server = await TestServer.start();
  const watch = await server.watch('/api/v1/watch/namespaces/default');
  assert.equal(shown(await watch.next()), 'ADDED default');
});

test('a watch that nobody reads ends with its client', async () => {
  const server = await TestServer.start();
  const before = (await server.ask('GET', '/metrics')).text.match(/^apiserver_longrunning_requests.*$/m)?.[0];
  const aborts = new AbortController();
  await server.respond('GET', `${maps}?watch=1`, { signal: aborts.signal });
  aborts.abort();
  const metrics = (await server.ask('GET', '/metrics')).text;
  assert.equal(metrics.match(/^apiserver_longrunning_requests.*$/m)?.[0], before);
  assert.match(metrics, /^apiserver_longrunning_watchers\{resource="configmaps"\} 0$/m);
});

test('a cache that loses its store watch fills itself again, and its watchers come back', async () => {
  const world = virtualWorld('lost');
  const store = new MemoryStore(world);
  const ended: (() => void)[] = [];
  const shaky: Store = Object.assign(Object.create(store) as Store, {
    revision: () => store.revision(),
    compactedRevision: () => store.compactedRevision(),
    get: store.get.bind(store),
    range: store.range.bind(store),
    transact: store.transact.bind(store),
    compact: store.compact.bind(store),
    watch: (request: WatchRequest) => {
      const watch = store.watch(request);
      ended.push(() => {
        watch.cancel();
        request.ended(new StoreError('unavailable', 'the connection broke'));
      });
      return watch;
    },
  });
  const server = await TestServer.start({ world, store: shaky });
  const watch = await server.watch(`${maps}?watch=1&resourceVersion=${store.revision()}`);
  const end = watch.next();
  for (const lose of ended.splice(0)) lose();
  assert.equal(await end, undefined);
  await server.world.clock.advance(100);
  assert.equal((await server.ask('GET', '/readyz')).text, 'ok');
  await server.ask('POST', maps, configMap('after'));
  assert.equal((await server.ask('GET', `${maps}/after`)).status, 200);
});

test('a watch ends after timeoutSeconds', async () => {
  const server = await TestServer.start();
  const watch = await server.watch(`${maps}?watch=1&timeoutSeconds=7&resourceVersion=${server.store.revision()}`);
  const next = watch.next();
  await server.world.clock.advance(6_900);
  await server.ask('POST', maps, configMap('a'));
  assert.equal(shown(await next), 'ADDED a');
  const end = watch.next();
  await server.world.clock.advance(200);
  assert.equal(await end, undefined);
});

test('a watch from a revision that is forgotten ends with 410', async () => {
  const server = await TestServer.start();
  const { json } = await server.ask('POST', maps, configMap('a'));
  await server.ask('PATCH', `${maps}/a`, { data: { x: 'y' } }, merge);
  await server.world.clock.advance(900_000);
  await server.ask('PATCH', `${maps}/a`, { data: { x: 'z' } }, merge);
  const watch = await server.watch(`${maps}?watch=1&resourceVersion=${json.metadata.resourceVersion}`);
  const event = await watch.next();
  assert.equal(event.type, 'ERROR');
  assert.deepEqual([event.object.code, event.object.reason], [410, 'Expired']);
  assert.match(event.object.message, /^too old resource version: \d+ \(\d+\)$/);
  const list = await server.ask(
    'GET',
    `${maps}?resourceVersion=${json.metadata.resourceVersion}&resourceVersionMatch=Exact`,
  );
  assert.deepEqual([list.status, list.json.reason], [410, 'Expired']);
});

test('a watch that is not read is dropped at its limit, and goes on from where it was', async () => {
  const server = await TestServer.start();
  const from = server.store.revision();
  const watch = await server.watch(`${maps}?watch=1&resourceVersion=${from}`);
  await server.ask('POST', maps, configMap('a'));
  for (let count = 0; count < 1100; count++) await server.ask('PATCH', `${maps}/a`, { data: { n: `${count}` } }, merge);
  let last = from;
  let seen = 0;
  for (let event = await watch.next(); event !== undefined; event = await watch.next()) {
    assert.equal(Number(event.object.metadata.resourceVersion), last + 1);
    last = Number(event.object.metadata.resourceVersion);
    seen++;
  }
  assert.equal(seen, 1000);
  const resumed = await server.watch(`${maps}?watch=1&resourceVersion=${last}`);
  assert.equal((await resumed.next()).object.metadata.resourceVersion, String(last + 1));
});

test('a server that starts anew goes on with watches from before', async () => {
  const server = await TestServer.start();
  const { json } = await server.ask('POST', maps, configMap('a'));
  await server.ask('POST', maps, configMap('b'));
  await server.server.stop();
  const again = await TestServer.start({ world: server.world, store: server.store });
  const watch = await again.watch(`${maps}?watch=1&resourceVersion=${json.metadata.resourceVersion}`);
  assert.equal(shown(await watch.next()), 'ADDED b');
});

test('a table watch has its columns once', async () => {
  const server = await TestServer.start();
  const headers = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' };
  await server.ask('POST', maps, configMap('a'));
  await server.ask('POST', maps, configMap('b'));
  const watch = await server.watch(`${maps}?watch=1`, headers);
  const first = await watch.next();
  assert.equal(first.object.kind, 'Table');
  assert.equal(first.object.columnDefinitions[0].name, 'Name');
  assert.deepEqual((await watch.next()).object.columnDefinitions, []);
  await server.ask('POST', maps, configMap('c'));
  const third = await watch.next();
  assert.deepEqual(third.object.columnDefinitions, []);
  assert.equal(third.object.rows[0].cells[0], 'c');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '@keelson/base';
import type { Store, WatchRequest } from '@keelson/store';
import { MemoryStore } from '@keelson/store/drivers/memory/index.ts';
import { TestServer } from '../testing/test-server.ts';

const maps = '/api/v1/namespaces/default/configmaps';

/** The store as another process sees it: it hears of changes later, and knows a revision only once it asked. */
function remote(store: Store): Store {
  let known = store.revision();
  const later = (work: () => void) => setImmediate(() => setImmediate(work));
  return Object.assign(Object.create(store) as Store, {
    revision: () => known,
    compactedRevision: () => store.compactedRevision(),
    get: store.get.bind(store),
    compact: store.compact.bind(store),
    range: async (request: Parameters<Store['range']>[0]) => {
      const result = await store.range(request);
      known = Math.max(known, result.revision);
      return result;
    },
    transact: async (transaction: Parameters<Store['transact']>[0]) => {
      const result = await store.transact(transaction);
      known = Math.max(known, result.revision);
      return result;
    },
    watch: (request: WatchRequest) =>
      store.watch({
        ...request,
        deliver: (changes, revision) => later(() => request.deliver(changes, revision)),
        progress: (revision) => later(() => request.progress?.(revision)),
      }),
  });
}

test('two servers on one store read what the other has acknowledged, and never overwrite each other', async () => {
  const world = virtualWorld('shared');
  const store = new MemoryStore(world);
  const one = await TestServer.start({ world, store: remote(store), sharedStore: true });
  const two = await TestServer.start({ world, store: remote(store), sharedStore: true });
  const created = await one.ask('POST', maps, { metadata: { name: 'a' }, data: { n: '0' } });
  assert.equal(created.status, 201);
  assert.deepEqual((await one.ask('GET', `${maps}/a`)).json, created.json, 'its own write');
  assert.deepEqual((await two.ask('GET', `${maps}/a`)).json, created.json, 'the other’s write');
  assert.equal((await two.ask('GET', maps)).json.items.length, 1);
  assert.equal((await two.ask('POST', maps, { metadata: { name: 'a' } })).status, 409);
  const headers = { 'content-type': 'application/merge-patch+json' };
  const patches = Array.from({ length: 40 }, (_, index) =>
    (index % 2 ? one : two).ask('PATCH', `${maps}/a`, { data: { [`k${index}`]: 'x' } }, headers),
  );
  for (const answer of await Promise.all(patches)) assert.equal(answer.status, 200, answer.text);
  const { json } = await one.ask('GET', `${maps}/a`);
  assert.equal(Object.keys(json.data).length, 41, 'every patch is there');
});

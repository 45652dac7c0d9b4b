import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HttpHandler, virtualWorld } from '@keelson/base';
import type { ApiObject } from '@keelson/model';
import type { ResourceRef } from './client.ts';
import { createClient } from './create-client.ts';
import { SharedCaches } from './shared-caches.ts';

const configMaps: ResourceRef = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  resource: 'configmaps',
  namespaced: true,
};

/** Lists and watches one resource over its history; can be away, forget history, and cut its watches. */
class HistoryServer {
  revision = 10;
  away = false;
  compacted = 0;
  lists = 0;
  watches = 0;
  readonly #objects = new Map<string, ApiObject>();
  readonly #history: { readonly revision: number; readonly type: string; readonly object: ApiObject }[] = [];
  readonly #wakes = new Set<() => void>();
  #epoch = 0;

  put(name: string, data: string): void {
    const revision = ++this.revision;
    const known = this.#objects.get(name);
    const metadata = {
      name,
      namespace: 'a',
      uid: known?.metadata?.uid ?? `u${revision}`,
      resourceVersion: `${revision}`,
    };
    this.#record(known ? 'MODIFIED' : 'ADDED', { metadata, data: { value: data } });
    this.#objects.set(name, this.#history.at(-1)!.object);
  }

  remove(name: string): void {
    const object = this.#objects.get(name)!;
    this.#objects.delete(name);
    const metadata = { ...object.metadata, resourceVersion: `${++this.revision}` };
    this.#record('DELETED', { ...object, metadata });
  }

  cut(): void {
    this.#epoch++;
    this.#wake();
  }

  #record(type: string, object: ApiObject): void {
    this.#history.push({ revision: this.revision, type, object });
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#wakes) wake();
    this.#wakes.clear();
  }

  readonly handler: HttpHandler = async (request) => {
    if (this.away) throw new Error('connection refused');
    const url = new URL(request.target, 'http://server');
    if (url.searchParams.get('watch') === 'true') {
      this.watches++;
      return {
        status: 200,
        headers: {},
        body: this.#watch(Number(url.searchParams.get('resourceVersion')), request.signal),
      };
    }
    this.lists++;
    const items = [...this.#objects.values()];
    const list = { kind: 'ConfigMapList', apiVersion: 'v1', metadata: { resourceVersion: `${this.revision}` }, items };
    return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(list)) };
  };

  async *#watch(from: number, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const frame = (type: string, object: unknown) => Buffer.from(`${JSON.stringify({ type, object })}\n`);
    const epoch = this.#epoch;
    if (from < this.compacted) {
      yield frame('ERROR', { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410, message: 'too old' });
      return;
    }
    let at = from;
    while (!signal.aborted && epoch === this.#epoch && !this.away) {
      const next = this.#history.find((entry) => entry.revision > at);
      if (next !== undefined) {
        at = next.revision;
        yield frame(next.type, next.object);
      } else {
        await new Promise<void>((resolve) => {
          this.#wakes.add(resolve);
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      }
    }
  }
}

function setUp() {
  const world = virtualWorld('caches');
  const server = new HistoryServer();
  const client = createClient({ send: server.handler, clock: world.clock, userAgent: 'test' });
  const caches = new SharedCaches({ client, world, freeze: true });
  const seen: string[] = [];
  const follow = () => {
    const cache = caches.of(configMaps);
    cache.onChange((before, now) => {
      const name = (now ?? before)!.metadata!.name;
      seen.push(
        now === undefined
          ? `-${name}`
          : before === undefined
            ? `+${name}=${now['data'].value}`
            : `~${name}=${now['data'].value}`,
      );
    });
    return cache;
  };
  return { world, server, caches, seen, follow };
}

test('a cache lists, follows, and tells of every change once', async () => {
  const { world, server, caches, seen, follow } = setUp();
  server.put('one', '1');
  const cache = follow();
  await world.clock.until(() => cache.hasSynced);
  server.put('two', '2');
  server.put('one', '1b');
  server.remove('two');
  await world.clock.advance(0);
  assert.deepEqual(seen, ['+one=1', '+two=2', '~one=1b', '-two']);
  assert.equal(cache.get('a', 'one')!['data'].value, '1b');
  assert.equal(cache.get('a', 'one')!.kind, 'ConfigMap');
  assert.throws(() => (cache.get('a', 'one')!['data'].value = 'x'), TypeError);
  assert.equal(caches.of(configMaps), cache);
  caches.stop();
});

test('a watch that was cut goes on from where it was, without a list', async () => {
  const { world, server, caches, seen, follow } = setUp();
  server.put('one', '1');
  const cache = follow();
  await world.clock.until(() => cache.hasSynced);
  server.away = true;
  server.cut();
  server.put('one', '2');
  server.put('two', '1');
  await world.clock.advance(10_000);
  assert.deepEqual(seen, ['+one=1']);
  server.away = false;
  assert.equal(await world.clock.until(() => seen.length === 3, 60_000), true);
  assert.deepEqual(seen, ['+one=1', '~one=2', '+two=1']);
  assert.equal(server.lists, 1);
  caches.stop();
});

test('when history is gone it lists again and tells of real changes only', async () => {
  const { world, server, caches, seen, follow } = setUp();
  server.put('same', '1');
  server.put('gone', '1');
  server.put('changed', '1');
  const cache = follow();
  await world.clock.until(() => cache.hasSynced);
  seen.length = 0;
  server.away = true;
  server.cut();
  server.remove('gone');
  server.put('changed', '2');
  server.compacted = server.revision;
  server.away = false;
  assert.equal(await world.clock.until(() => seen.length === 2, 60_000), true);
  assert.deepEqual(seen, ['-gone', '~changed=2']);
  assert.equal(server.lists, 2);
  caches.stop();
});

test('a server that ends every watch at once is asked less and less often', async () => {
  const { world, server, caches, follow } = setUp();
  const cache = follow();
  await world.clock.until(() => cache.hasSynced);
  const handler = server.handler;
  const empty = createClient({
    send: async (request) => {
      const response = await handler(request);
      return request.target.includes('watch=true') ? { ...response, body: new Uint8Array(0) } : response;
    },
    clock: world.clock,
    userAgent: 'test',
  });
  caches.stop();
  const others = new SharedCaches({ client: empty, world });
  others.of(configMaps);
  server.watches = 0;
  await world.clock.advance(300_000);
  assert.ok(server.watches >= 8 && server.watches < 25, `${server.watches} watches in five minutes`);
  others.stop();
});

test('an index follows its objects', async () => {
  const { world, server, caches, follow } = setUp();
  server.put('one', 'x');
  server.put('two', 'x');
  const cache = follow();
  await world.clock.until(() => cache.hasSynced);
  const index = cache.index('value', (object) => [object['data'].value]);
  const names = (value: string) => index.get(value).map((object) => object.metadata!.name);
  assert.deepEqual(names('x'), ['one', 'two']);
  server.put('one', 'y');
  server.remove('two');
  await world.clock.advance(0);
  assert.deepEqual([names('x'), names('y')], [[], ['one']]);
  caches.stop();
});

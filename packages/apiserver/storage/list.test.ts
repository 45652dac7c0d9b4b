import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { collectBody } from '@keelson/base';
import { TestServer } from '../testing/test-server.ts';

const maps = '/api/v1/namespaces/default/configmaps';

async function filled(count: number): Promise<TestServer> {
  const server = await TestServer.start();
  for (let index = 0; index < count; index++) {
    const name = `map-${String(index).padStart(3, '0')}`;
    await server.ask('POST', maps, { metadata: { name, labels: { odd: String(index % 2) } } });
  }
  return server;
}

const names = (answer: { json: any }): string[] => answer.json.items.map((item: any) => item.metadata.name);

test('pages of a list are of one revision, whatever changes between them', async () => {
  const server = await filled(10);
  const first = await server.ask('GET', `${maps}?limit=4`);
  assert.equal(first.json.metadata.remainingItemCount, 6);
  await server.ask('DELETE', `${maps}/map-005`);
  await server.ask('POST', maps, { metadata: { name: 'map-0055' } });
  const second = await server.ask('GET', `${maps}?limit=4&continue=${first.json.metadata.continue}`);
  const third = await server.ask('GET', `${maps}?limit=4&continue=${second.json.metadata.continue}`);
  const all = [first, second, third].flatMap(names);
  assert.deepEqual(
    all,
    Array.from({ length: 10 }, (_, index) => `map-00${index}`),
  );
  assert.equal(third.json.metadata.continue, undefined);
  assert.equal(second.json.metadata.resourceVersion, first.json.metadata.resourceVersion);
  assert.equal(second.json.metadata.remainingItemCount, 2);
});

test('pages of a selection hold what matches and say nothing of what remains', async () => {
  const server = await filled(10);
  const first = await server.ask('GET', `${maps}?limit=3&labelSelector=odd%3D1`);
  assert.deepEqual(names(first), ['map-001', 'map-003', 'map-005']);
  assert.equal(first.json.metadata.remainingItemCount, undefined);
  const next = await server.ask(
    'GET',
    `${maps}?limit=3&labelSelector=odd%3D1&continue=${first.json.metadata.continue}`,
  );
  assert.deepEqual(names(next), ['map-007', 'map-009']);
});

test('a page of a revision that is gone is refused with a token for the rest', async () => {
  const server = await filled(6);
  const first = await server.ask('GET', `${maps}?limit=2`);
  await server.ask('DELETE', `${maps}/map-004`);
  await server.store.compact(server.store.revision());
  const gone = await server.ask('GET', `${maps}?limit=2&continue=${first.json.metadata.continue}`);
  assert.deepEqual([gone.status, gone.json.reason], [410, 'Expired']);
  const rest = await server.ask('GET', `${maps}?continue=${gone.json.metadata.continue}`);
  assert.deepEqual(names(rest), ['map-002', 'map-003', 'map-005']);
});

test('a list says the latest revision, also when something else was written last', async () => {
  const server = await filled(1);
  await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'else' } });
  const answer = await server.ask('GET', maps);
  assert.equal(answer.json.metadata.resourceVersion, String(server.store.revision()));
});

test('a list at a revision is of that revision, and one of the future does not come', async () => {
  const server = await filled(3);
  const revision = server.store.revision();
  await server.ask('DELETE', `${maps}/map-001`);
  const exact = await server.ask('GET', `${maps}?resourceVersion=${revision}&resourceVersionMatch=Exact`);
  assert.deepEqual(names(exact), ['map-000', 'map-001', 'map-002']);
  const recent = await server.ask('GET', `${maps}?resourceVersion=${revision}&resourceVersionMatch=NotOlderThan`);
  assert.deepEqual(names(recent), ['map-000', 'map-002']);
  const future = server.ask('GET', `${maps}?resourceVersion=${revision + 100}`);
  await server.world.clock.advance(3_000);
  const answer = await future;
  assert.equal(answer.status, 504);
  assert.equal(answer.json.message, `Timeout: Too large resource version: ${revision + 100}, current: ${revision + 1}`);
});

test('a large list is compressed for those who take it', async () => {
  const server = await TestServer.start();
  for (let index = 0; index < 4; index++)
    await server.ask('POST', maps, { metadata: { name: `big-${index}` }, data: { text: 'x'.repeat(50_000) } });
  const response = await server.respond('GET', maps, { headers: { 'accept-encoding': 'gzip' } });
  assert.equal(response.headers['content-encoding'], 'gzip');
  const packed = await collectBody(response.body);
  assert.ok(packed.length < 10_000);
  assert.equal(JSON.parse(gunzipSync(packed).toString()).items.length, 4);
});

test('lists come as metadata alone, as a table and as YAML', async () => {
  const server = await filled(2);
  const partial = await server.ask('GET', maps, undefined, {
    accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
  });
  assert.equal(partial.json.kind, 'PartialObjectMetadataList');
  assert.deepEqual(Object.keys(partial.json.items[0]), ['kind', 'apiVersion', 'metadata']);
  const table = await server.ask('GET', `${maps}?includeObject=None`, undefined, {
    accept: 'application/json;as=Table;g=meta.k8s.io;v=v1',
  });
  assert.deepEqual(table.json.rows, [{ cells: ['map-000', 0, '0s'] }, { cells: ['map-001', 0, '0s'] }]);
  const yaml = await server.ask('GET', `${maps}/map-000`, undefined, { accept: 'application/yaml' });
  assert.match(yaml.text, /^apiVersion: v1\nkind: ConfigMap\nmetadata:\n[\s\S]*\n {2}name: "?map-000"?\n/);
});

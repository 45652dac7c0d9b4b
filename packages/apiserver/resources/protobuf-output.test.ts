import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectBody } from '@keelson/base';
import { decodeObject } from '@keelson/model';
import { WireReader } from '@keelson/model/codec/protobuf/wire-reader.ts';
import { CachedObject } from '../storage/cached-object.ts';
import { ProtobufForms } from '../storage/protobuf-forms.ts';
import { TestServer } from '../testing/test-server.ts';

const protobuf = 'application/vnd.kubernetes.protobuf';
const maps = '/api/v1/namespaces/default/configmaps';
const metadataOnly = (kind: string) => `${protobuf};as=${kind};g=meta.k8s.io;v=v1`;

async function ask(server: TestServer, method: string, target: string, accept: string, body?: unknown) {
  const response = await server.respond(method, target, { body, headers: { accept } });
  return { status: response.status, type: response.headers['content-type'], bytes: await collectBody(response.body) };
}

const read = (type: string, bytes: Uint8Array) => decodeObject(type, bytes, protobuf).object as any;

async function filled(count: number): Promise<TestServer> {
  const server = await TestServer.start();
  for (let index = 0; index < count; index++)
    await server.ask('POST', maps, { metadata: { name: `map-${index}` }, data: { index: String(index) } });
  return server;
}

test('an object, a list and a refusal in protobuf are what they are in JSON', async () => {
  const server = await filled(3);
  for (const [target, type] of [
    [`${maps}/map-1`, 'core/v1.ConfigMap'],
    [maps, 'core/v1.ConfigMapList'],
    [`${maps}?limit=1`, 'core/v1.ConfigMapList'],
    [`${maps}/none`, 'meta/v1.Status'],
    ['/apis/events.k8s.io/v1/events', 'events/v1.EventList'],
  ] as const) {
    const json = await server.ask('GET', target);
    for (const time of ['first', 'again']) {
      const answer = await ask(server, 'GET', target, `${protobuf}, application/json;q=0.5`);
      assert.deepEqual([answer.status, answer.type], [json.status, protobuf], `${target} ${time}`);
      const { items, ...rest } = read(type, answer.bytes);
      const { items: expected, ...others } = json.json;
      assert.deepEqual(rest, others);
      // In a list nothing says of which kind each object is.
      const named = items?.map((item: any) => ({ ...item, apiVersion: 'v1', kind: 'ConfigMap' }));
      if (named?.length > 0)
        assert.deepEqual(
          named,
          expected.map((item: any) => ({ apiVersion: 'v1', kind: 'ConfigMap', ...item })),
        );
    }
  }
});

test('writes and deletions are answered in protobuf too', async () => {
  const server = await TestServer.start();
  const created = await ask(server, 'POST', maps, protobuf, { metadata: { name: 'new' } });
  assert.deepEqual([created.status, read('core/v1.ConfigMap', created.bytes).metadata.name], [201, 'new']);
  const dry = await ask(server, 'POST', `${maps}?dryRun=All`, protobuf, { metadata: { name: 'dry' } });
  assert.equal(read('core/v1.ConfigMap', dry.bytes).metadata.name, 'dry');
  const deleted = await ask(server, 'DELETE', `${maps}/new`, protobuf);
  const status = read('meta/v1.Status', deleted.bytes);
  assert.deepEqual([status.kind, status.status, status.details.name], ['Status', 'Success', 'new']);
  const review = await ask(server, 'POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', protobuf, {});
  assert.equal(review.type, protobuf);
});

test('metadata alone comes in protobuf, a Table does not', async () => {
  const server = await filled(2);
  const one = await ask(server, 'GET', `${maps}/map-0`, metadataOnly('PartialObjectMetadata'));
  const { kind, apiVersion, metadata } = read('meta/v1.PartialObjectMetadata', one.bytes);
  assert.deepEqual([kind, apiVersion, metadata.name], ['PartialObjectMetadata', 'meta.k8s.io/v1', 'map-0']);
  const list = await ask(server, 'GET', maps, metadataOnly('PartialObjectMetadataList'));
  const { items } = read('meta/v1.PartialObjectMetadataList', list.bytes);
  assert.deepEqual(
    items.map((item: any) => item.metadata.name),
    ['map-0', 'map-1'],
  );
  const table = await ask(server, 'GET', maps, metadataOnly('Table'));
  assert.equal(table.status, 406);
  const other = await ask(server, 'GET', maps, `${metadataOnly('Table')},application/json;as=Table;g=meta.k8s.io;v=v1`);
  assert.deepEqual([other.type, JSON.parse(Buffer.from(other.bytes).toString()).kind], ['application/json', 'Table']);
});

/** The events in a piece of a watch, whose objects are of `type`. */
function events(piece: Uint8Array, type: string): { type: string; object: any }[] {
  const buffer = Buffer.from(piece);
  const found: { type: string; object: any }[] = [];
  for (let at = 0; at < buffer.length; ) {
    const length = buffer.readUInt32BE(at);
    const reader = new WireReader(buffer.subarray(at + 4, at + 4 + length));
    reader.tag();
    const event = reader.string();
    reader.tag();
    const raw = new WireReader(reader.bytes());
    raw.tag();
    const isError = event === 'ERROR';
    found.push({ type: event, object: read(isError ? 'meta/v1.Status' : type, raw.bytes()) });
    at += 4 + length;
  }
  return found;
}

for (const [accept, type] of [
  [`${protobuf};stream=watch, ${protobuf}`, 'core/v1.ConfigMap'],
  [metadataOnly('PartialObjectMetadata'), 'meta/v1.PartialObjectMetadata'],
] as const) {
  test(`a watch in protobuf (${type})`, async () => {
    const server = await filled(1);
    const query = 'watch=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
    const aborts = new AbortController();
    const response = await server.respond('GET', `${maps}?${query}`, { headers: { accept }, signal: aborts.signal });
    assert.equal(response.headers['content-type'], `${protobuf};stream=watch`);
    const pieces = (response.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    const next = async () => events((await pieces.next()).value!, type).map((event) => [event.type, event.object]);
    const [[added, first], [bookmark, end]] = (await next()) as [[string, any], [string, any]];
    assert.deepEqual([added, first.metadata.name, bookmark], ['ADDED', 'map-0', 'BOOKMARK']);
    assert.equal(end.metadata.annotations['k8s.io/initial-events-end'], 'true');
    await server.ask('DELETE', `${maps}/map-0`);
    const [[deleted, last]] = (await next()) as [[string, any]];
    assert.deepEqual([deleted, last.metadata.name], ['DELETED', 'map-0']);
    assert.ok(Number(last.metadata.resourceVersion) > Number(first.metadata.resourceVersion));
    aborts.abort();
    await server.store.compact(server.store.revision());
  });
}

test('a watch that cannot go on says so in its own encoding', async () => {
  const first = await filled(2);
  await first.store.compact(first.store.revision());
  const server = await TestServer.start({ store: first.store, world: first.world });
  const answer = await ask(server, 'GET', `${maps}?watch=1&resourceVersion=1`, protobuf);
  const [gone] = events(answer.bytes, 'core/v1.ConfigMap');
  assert.deepEqual([gone?.type, gone?.object.code, gone?.object.reason], ['ERROR', 410, 'Expired']);
  const yaml = await server.ask('GET', `${maps}?watch=1`, undefined, { accept: 'application/yaml' });
  assert.equal(yaml.status, 406);
  assert.match(
    yaml.text,
    /are accepted: application\/json;stream=watch, application\/vnd.kubernetes.protobuf;stream=watch/,
  );
});

test('what is kept of encoded objects is bounded, and the oldest goes first', () => {
  const forms = new ProtobufForms(100);
  const resource = {} as CachedObject['resource'];
  const objects = Array.from(
    { length: 5 },
    (_, index) => new CachedObject(resource, '', '', '', index, Buffer.alloc(0)),
  );
  let made = 0;
  const make = () => {
    made++;
    return Buffer.alloc(40);
  };
  for (const object of objects) forms.of(object, 'a', make);
  assert.deepEqual([made, forms.bytes], [5, 80]);
  forms.of(objects[4]!, 'a', make);
  assert.equal(made, 5);
  forms.of(objects[4]!, 'b', make);
  forms.of(objects[0]!, 'a', make);
  assert.deepEqual([made, forms.bytes], [7, 80]);
});

test('JSON is indented for those who ask, and for programs that show it to people', async () => {
  const server = await filled(1);
  const path = `${maps}/map-0`;
  for (const [target, headers, pretty] of [
    [path, {}, false],
    [`${path}?pretty=true`, {}, true],
    [`${path}?pretty=false`, { 'user-agent': 'curl/8.0' }, false],
    [path, { 'user-agent': 'curl/8.0' }, true],
    [path, { accept: 'application/json;pretty=1' }, true],
    [`${maps}?pretty=1`, {}, true],
    [`${path}x?pretty=1`, {}, true],
  ] as const) {
    const answer = await server.ask('GET', target, undefined, headers);
    assert.equal(answer.text.startsWith('{\n  "'), pretty, `${target} ${JSON.stringify(headers)}`);
    assert.equal(typeof answer.json.kind, 'string');
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestServer } from '../testing/test-server.ts';

test('discovery says what is served, plainly and all at once', async () => {
  const server = await TestServer.start();
  const groups = (await server.ask('GET', '/apis')).json;
  assert.equal(groups.kind, 'APIGroupList');
  assert.ok(groups.groups.some((group: any) => group.name === 'apps'));
  assert.ok(!groups.groups.some((group: any) => group.name === 'authentication.k8s.io'), 'nobody answers its reviews');
  assert.deepEqual((await server.ask('GET', '/apis/apps')).json.preferredVersion, {
    groupVersion: 'apps/v1',
    version: 'v1',
  });
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
  const all = await server.ask('GET', '/apis', undefined, { accept });
  assert.equal(all.json.kind, 'APIGroupDiscoveryList');
  assert.equal(all.headers['content-type'], 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList');
  for (const path of ['/apis/none', '/apis/apps/v9', '/openapi/v3/apis/apps/v9', '/nothing']) {
    const answer = await server.ask('GET', path);
    assert.deepEqual([answer.status, answer.json.reason], [404, 'NotFound'], path);
  }
  assert.equal((await server.ask('POST', '/apis', {})).status, 405);
});

test('a document that the client has is not sent again', async () => {
  const server = await TestServer.start();
  for (const path of ['/api/v1', '/openapi/v3', '/openapi/v3/api/v1', '/openapi/v2']) {
    const first = await server.ask('GET', path);
    assert.equal(first.status, 200, path);
    const again = await server.ask('GET', path, undefined, { 'if-none-match': first.headers['etag']! });
    assert.deepEqual([again.status, again.text], [304, ''], path);
  }
});

test('every reference in OpenAPI version 2 leads somewhere, and kinds can be found', async () => {
  const server = await TestServer.start();
  const { json, text } = await server.ask('GET', '/openapi/v2');
  const references = new Set([...text.matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g)].map((match) => match[1]!));
  assert.deepEqual(
    [...references].filter((name) => json.definitions[name] === undefined),
    [],
  );
  assert.doesNotMatch(text, /#\/components|"(?:oneOf|allOf)":\[/);
  const pod = json.definitions['io.k8s.api.core.v1.Pod'];
  assert.deepEqual(pod['x-kubernetes-group-version-kind'], [{ group: '', kind: 'Pod', version: 'v1' }]);
  const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
  const packed = await server.ask('GET', '/openapi/v2', undefined, { accept });
  assert.equal(packed.headers['content-type'], 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
  assert.ok(packed.text.startsWith('\n\x032.0'));
});

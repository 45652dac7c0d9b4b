import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectBody } from '@keelson/base';
import { decodeObject, normalize } from '@keelson/model';
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
  const none = await server.ask('GET', '/openapi/v2', undefined, { accept: 'text/html' });
  assert.equal(none.status, 406);
});

test('OpenAPI version 2 says what can be asked, as kubectl of before version 3 reads it', async () => {
  const server = await TestServer.start();
  const { json } = await server.ask('GET', '/openapi/v2');
  const path = json.paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}'];
  assert.deepEqual(Object.keys(path), ['get', 'put', 'delete', 'patch', 'parameters']);
  const { consumes, parameters, responses } = path.patch;
  assert.ok(consumes.includes('application/strategic-merge-patch+json'));
  assert.deepEqual(parameters[0], {
    name: 'body',
    in: 'body',
    required: true,
    schema: { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.Patch' },
  });
  assert.ok(parameters.some((parameter: any) => parameter.name === 'dryRun' && parameter.type === 'string'));
  assert.deepEqual(responses[200].schema, { $ref: '#/definitions/io.k8s.api.apps.v1.Deployment' });
  assert.deepEqual(path.patch['x-kubernetes-group-version-kind'], { group: 'apps', version: 'v1', kind: 'Deployment' });
});

test('descriptions are in the documents of both versions where there is a source of them', async () => {
  const texts: Record<string, string> = { 'core/v1.Pod': 'A pod.', 'core/v1.Pod spec': 'What it should be.' };
  const server = await TestServer.start({ descriptions: (type, field) => texts[field ? `${type} ${field}` : type] });
  const three = (await server.ask('GET', '/openapi/v3/api/v1')).json.components.schemas['io.k8s.api.core.v1.Pod'];
  const two = (await server.ask('GET', '/openapi/v2')).json.definitions['io.k8s.api.core.v1.Pod'];
  for (const pod of [two, three])
    assert.deepEqual([pod.description, pod.properties.spec.description], ['A pod.', 'What it should be.']);
});

test('a document of version 3 is kept by its hash, and an old hash leads to the new one', async () => {
  const server = await TestServer.start();
  const { serverRelativeURL: url } = (await server.ask('GET', '/openapi/v3')).json.paths['apis/apps/v1'];
  const current = await server.ask('GET', url);
  assert.deepEqual([current.status, current.headers['cache-control']], [200, 'public, immutable']);
  const old = await server.ask('GET', '/openapi/v3/apis/apps/v1?hash=ABC');
  assert.deepEqual([old.status, old.headers['location']], [301, url]);
});

/** Protobuf has no empty lists. */
const said = (value: object) =>
  JSON.parse(JSON.stringify(value, (_, inner) => (Array.isArray(inner) && inner.length === 0 ? undefined : inner)));

test('discovery comes in protobuf and YAML, also all at once', async () => {
  const server = await TestServer.start();
  const protobuf = 'application/vnd.kubernetes.protobuf';
  const aggregated = ';g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  for (const [path, type, transform] of [
    ['/api', 'meta/v1.APIVersions', ''],
    ['/apis', 'meta/v1.APIGroupList', ''],
    ['/apis/apps', 'meta/v1.APIGroup', ''],
    ['/apis/apps/v1', 'meta/v1.APIResourceList', ''],
    ['/apis', 'apidiscovery/v2.APIGroupDiscoveryList', aggregated],
  ] as const) {
    const { json } = await server.ask('GET', path, undefined, { accept: `application/json${transform}` });
    for (const media of [protobuf, 'application/yaml']) {
      const headers = { accept: `${media}${transform},application/json;q=0.1` };
      const response = await server.respond('GET', path, { headers });
      assert.deepEqual([response.status, response.headers['content-type']], [200, `${media}${transform}`], path);
      const read = decodeObject(type, await collectBody(response.body), media).object;
      assert.deepEqual(said(read), said(normalize(type, json).object), `${path} ${media}`);
      const known = { ...headers, 'if-none-match': response.headers['etag']! };
      assert.equal((await server.respond('GET', path, { headers: known })).status, 304);
    }
  }
  const none = await server.ask('GET', '/apis', undefined, { accept: 'text/html' });
  assert.equal(none.status, 406);
});

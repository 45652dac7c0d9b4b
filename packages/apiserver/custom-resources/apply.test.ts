import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestServer } from '../testing/test-server.ts';
import { crontabDefinition, crontabs, crontabVersion, define } from './testing/definitions.ts';

const ports = {
  type: 'array',
  items: { type: 'object', required: ['name'], properties: { name: { type: 'string' }, port: { type: 'integer' } } },
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name'],
};
const schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        ports,
        tags: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
        whole: { type: 'array', items: { type: 'string' } },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        replicas: { type: 'integer' },
      },
    },
    status: { type: 'object', properties: { replicas: { type: 'integer' } } },
  },
};
const version = { ...crontabVersion, schema: { openAPIV3Schema: schema }, selectableFields: undefined };

function apply(server: TestServer, manager: string, spec: object, path = '', apiVersion = 'v1') {
  const object = { apiVersion: `stable.example.com/${apiVersion}`, kind: 'CronTab', metadata: { name: 'one' }, spec };
  const target = crontabs.replace('/v1/', `/${apiVersion}/`);
  const headers = { 'content-type': 'application/apply-patch+yaml' };
  return server.ask('PATCH', `${target}/one${path}?fieldManager=${manager}`, object, headers);
}

test('applied configurations are merged by the schema', async () => {
  const server = await TestServer.start();
  await define(server, crontabDefinition({ versions: [version] }));
  const first = await apply(server, 'a', {
    ports: [{ name: 'http', port: 80 }],
    tags: ['x'],
    whole: ['p'],
    free: { deep: { k: 1 } },
  });
  assert.equal(first.status, 201, first.text);
  const second = await apply(server, 'b', {
    ports: [{ name: 'https', port: 443 }],
    tags: ['y'],
    free: { deep: { l: 2 } },
  });
  assert.equal(second.status, 200, second.text);
  assert.deepEqual(second.json.spec, {
    ports: [
      { name: 'http', port: 80 },
      { name: 'https', port: 443 },
    ],
    tags: ['x', 'y'],
    whole: ['p'],
    free: { deep: { k: 1, l: 2 } },
  });
  const clash = await apply(server, 'b', { ports: [{ name: 'http', port: 81 }], whole: ['q'] });
  assert.equal(clash.status, 409, clash.text);
  assert.match(clash.json.message, /conflicts with "a".*\.spec\.ports\[name="http"\]\.port/s);
  const less = await apply(server, 'a', { tags: ['x'] });
  assert.deepEqual(less.json.spec.ports, [{ name: 'https', port: 443 }]);
  assert.equal(less.json.spec.whole, undefined);
});

test('who scales an object manages its replicas where its definition has them', async () => {
  const server = await TestServer.start();
  await define(server, crontabDefinition({ versions: [version] }));
  await apply(server, 'a', { replicas: 1 });
  const headers = { 'content-type': 'application/merge-patch+json' };
  const scaled = await server.ask(
    'PATCH',
    `${crontabs}/one/scale?fieldManager=hpa`,
    { spec: { replicas: 3 } },
    headers,
  );
  assert.equal(scaled.status, 200, scaled.text);
  const { managedFields } = (await server.ask('GET', `${crontabs}/one`)).json.metadata;
  const entry = managedFields.find(({ manager }: { manager: string }) => manager === 'hpa');
  assert.deepEqual([entry.subresource, entry.fieldsV1], ['scale', { 'f:spec': { 'f:replicas': {} } }]);
  assert.equal((await apply(server, 'a', { replicas: 1 })).status, 409);
});

test('configurations of two versions of a kind are merged', async () => {
  const server = await TestServer.start();
  const beta = { ...version, name: 'v1beta1', storage: false };
  await define(server, crontabDefinition({ versions: [version, beta] }));
  await apply(server, 'a', { tags: ['x'] });
  const other = await apply(server, 'b', { tags: ['y'] }, '', 'v1beta1');
  assert.equal(other.status, 200, other.text);
  assert.deepEqual([other.json.apiVersion, other.json.spec.tags], ['stable.example.com/v1beta1', ['x', 'y']]);
  const clash = await apply(server, 'b', { tags: ['y'], replicas: 2 }, '', 'v1beta1');
  assert.equal(clash.status, 200, clash.text);
  assert.equal((await apply(server, 'a', { replicas: 1 })).status, 409);
});

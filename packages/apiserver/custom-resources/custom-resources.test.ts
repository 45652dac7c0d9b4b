import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalogueFor, GrowingCatalogue } from '@keelson/model';
import type { MemoryStore } from '@keelson/store/drivers/memory/index.ts';
import { RequestMatcher } from '../admission/matching/index.ts';
import { ValidatingAdmissionPolicy } from '../admission/policies/validating-admission-policy.ts';
import { ResourceCaches } from '../storage/resource-caches.ts';
import { everything, TestServer } from '../testing/test-server.ts';
import {
  crontab,
  crontabDefinition,
  crontabs,
  crontabVersion,
  define,
  definitionsPath,
  until,
} from './testing/definitions.ts';

const path = `${definitionsPath}/crontabs.stable.example.com`;

test('a definition is established, its kind served and listed, and all of it survives a restart', async () => {
  const server = await TestServer.start();
  assert.equal((await server.ask('GET', crontabs)).status, 404);
  const definition = await define(server, crontabDefinition());
  assert.deepEqual(definition.status.acceptedNames, {
    plural: 'crontabs',
    singular: 'crontab',
    shortNames: ['ct'],
    kind: 'CronTab',
    listKind: 'CronTabList',
    categories: ['all'],
  });
  assert.deepEqual(definition.status.storedVersions, ['v1']);
  assert.deepEqual(
    definition.status.conditions.map(({ type, status, reason }: any) => [type, status, reason]),
    [
      ['NamesAccepted', 'True', 'NoConflicts'],
      ['Established', 'True', 'InitialNamesAccepted'],
    ],
  );
  const created = await server.ask('POST', crontabs, crontab('one', { more: 1 }));
  assert.equal(created.status, 201, created.text);
  assert.deepEqual(created.json.spec, { cronSpec: '* * * * */5', image: 'busybox' });
  assert.equal(created.json.metadata.generation, 1);
  assert.equal(created.headers['warning'], '299 - "unknown field \\"spec.more\\""');
  const groups = await server.ask('GET', '/apis');
  assert.ok(groups.json.groups.some(({ name }: any) => name === 'stable.example.com'));
  const list = await server.ask('GET', '/apis/stable.example.com/v1');
  assert.deepEqual(
    list.json.resources.map(({ name }: any) => name),
    ['crontabs', 'crontabs/scale', 'crontabs/status'],
  );
  const items = await server.ask('GET', crontabs);
  assert.deepEqual([items.json.kind, items.json.items.length], ['CronTabList', 1]);
  await server.server.stop();
  const again = await TestServer.start({ store: server.store as MemoryStore, world: server.world });
  const found = await again.ask('GET', `${crontabs}/one`);
  assert.equal(found.json.spec.image, 'busybox');
});

test('what is wrong with an instance is told in the words of kube-apiserver', async () => {
  const server = await TestServer.start();
  await define(server, crontabDefinition());
  const refused: [object, string[]][] = [
    [
      { replicas: 'two' },
      [
        'spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"',
        '.spec.replicas: Invalid value: 0: .spec.replicas accessor error: two is of the type string, expected int64',
      ],
    ],
    [{ replicas: 0 }, ['spec.replicas: Invalid value: 0: spec.replicas in body should be greater than or equal to 1']],
    [{ cronSpec: undefined }, ['spec.cronSpec: Required value']],
    [
      { cronSpec: 'x' },
      [
        `spec.cronSpec: Invalid value: "x": spec.cronSpec in body should match '^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$'`,
      ],
    ],
    [{ tags: ['a', 'b', 'a'] }, ['spec.tags[2]: Duplicate value: "a"']],
    [
      { port: true },
      ['spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"'],
    ],
    [
      { template: { metadata: { name: 'x' } } },
      ['spec.template.apiVersion: Required value', 'spec.template.kind: Required value'],
    ],
  ];
  for (const [spec, messages] of refused) {
    const answer = await server.ask('POST', crontabs, crontab('bad', spec));
    assert.equal(answer.status, 422, answer.text);
    const text = messages.length === 1 ? messages[0] : `[${messages.join(', ')}]`;
    assert.equal(answer.json.message, `CronTab.stable.example.com "bad" is invalid: ${text}`);
  }
  const strict = await server.ask(
    'POST',
    `${crontabs}?fieldValidation=Strict`,
    crontab('bad', { a: 1, free: { b: 2 } }),
  );
  assert.equal(strict.status, 400);
  assert.match(strict.json.message, /strict decoding error: unknown field "spec\.a"$/);
  const text = `{"metadata":{"name":"bad","other":1},"spec":{"z":1,"cronSpec":"","cronSpec":"* * * * *","a":1,"template":{"apiVersion":"v1","kind":"Pod","metadata":{"odd":1}}}}`;
  const all = await server.ask('POST', `${crontabs}?fieldValidation=Strict`, text);
  const found = ['duplicate field "spec.cronSpec"', 'unknown field "metadata.other"', 'unknown field "spec.a"'];
  found.push('unknown field "spec.z"', 'unknown field "spec.template.metadata.odd"');
  assert.match(all.json.message, new RegExp(`strict decoding error: ${found.join(', ')}$`));
});

test('status and scale are apart from the spec, and generation counts the spec alone', async () => {
  const server = await TestServer.start();
  await define(server, crontabDefinition());
  const made = await server.ask('POST', crontabs, { ...crontab('one', { replicas: 3 }), status: { replicas: 9 } });
  assert.equal(made.json.status, undefined);
  const merge = { 'content-type': 'application/merge-patch+json' };
  const status = { status: { replicas: 3, labelSelector: 'a=b' }, spec: { replicas: 7 } };
  const reported = await server.ask('PATCH', `${crontabs}/one/status`, status, merge);
  assert.deepEqual([reported.json.status.replicas, reported.json.spec.replicas], [3, 3]);
  assert.equal(reported.json.metadata.generation, 1);
  const scale = await server.ask('GET', `${crontabs}/one/scale`);
  assert.deepEqual([scale.json.spec, scale.json.status], [{ replicas: 3 }, { replicas: 3, selector: 'a=b' }]);
  const scaled = await server.ask('PUT', `${crontabs}/one/scale`, { ...scale.json, spec: { replicas: 5 } });
  assert.equal(scaled.status, 200, scaled.text);
  const after = await server.ask('GET', `${crontabs}/one`);
  assert.deepEqual([after.json.spec.replicas, after.json.metadata.generation], [5, 2]);
  const tooMany = await server.ask('PUT', `${crontabs}/one/scale`, {
    ...scale.json,
    metadata: {},
    spec: { replicas: 50 },
  });
  assert.equal(tooMany.status, 422);
  const strategic = { 'content-type': 'application/strategic-merge-patch+json' };
  assert.equal((await server.ask('PATCH', `${crontabs}/one`, {}, strategic)).status, 415);
});

test('tables and field selectors are as the definition says', async () => {
  const server = await TestServer.start();
  await define(server, crontabDefinition());
  await server.ask('POST', crontabs, crontab('one', { replicas: 2 }));
  await server.ask('POST', crontabs, crontab('two', { image: 'alpine' }));
  const table = await server.ask('GET', crontabs, undefined, {
    accept: 'application/json;as=Table;g=meta.k8s.io;v=v1',
  });
  assert.deepEqual(
    table.json.columnDefinitions.map(({ name }: any) => name),
    ['Name', 'Spec', 'Replicas', 'Age'],
  );
  assert.deepEqual(table.json.rows[0].cells.slice(0, 3), ['one', '* * * * */5', 2]);
  assert.deepEqual(table.json.rows[1].cells.slice(0, 3), ['two', '* * * * */5', null]);
  const chosen = await server.ask('GET', `${crontabs}?fieldSelector=spec.image%3Dalpine`);
  assert.deepEqual(
    chosen.json.items.map(({ metadata }: any) => metadata.name),
    ['two'],
  );
  assert.equal((await server.ask('GET', `${crontabs}?fieldSelector=spec.replicas%3D2`)).status, 400);
});

test('a name that another has is not accepted, and is when it is given up', async () => {
  const server = await TestServer.start();
  await define(server, crontabDefinition());
  const other = crontabDefinition({ names: { plural: 'tabs', kind: 'CronTab', shortNames: ['ct'] } });
  other.metadata.name = 'tabs.stable.example.com';
  await server.ask('POST', definitionsPath, other);
  const otherPath = `${definitionsPath}/tabs.stable.example.com`;
  const refused = await until(
    server,
    () => server.ask('GET', otherPath),
    ({ json }) => json.status.conditions?.length === 2,
  );
  assert.deepEqual(
    refused.json.status.conditions.map(({ type, status, reason, message }: any) => [type, status, reason, message]),
    [
      ['NamesAccepted', 'False', 'ListKindConflict', '"CronTabList" is already in use'],
      ['Established', 'False', 'NotAccepted', 'not all names are accepted'],
    ],
  );
  await server.ask('DELETE', path);
  await until(
    server,
    () => server.ask('GET', otherPath),
    ({ json }) => json.status.conditions.every(({ status }: any) => status === 'True'),
  );
});

test('a definition goes when its instances are gone, and takes its kind along', async () => {
  const server = await TestServer.start();
  await define(server, crontabDefinition());
  const held = crontab('held');
  held.metadata.finalizers = ['hold'];
  const made = await server.ask('POST', crontabs, held);
  assert.equal(made.status, 201, made.text);
  await server.ask('POST', crontabs, crontab('free'));
  const watch = await server.watch(`${crontabs}?watch=1&resourceVersion=${server.store.revision()}`);
  const deleted = await server.ask('DELETE', path);
  assert.deepEqual(deleted.json.metadata.finalizers, ['customresourcecleanup.apiextensions.k8s.io']);
  assert.deepEqual(deleted.json.status.conditions.at(-1).reason, 'InstanceDeletionPending');
  const left = (answer: any) => answer.json.items?.length === 1;
  await until(server, () => server.ask('GET', crontabs), left);
  const refused = await server.ask('POST', crontabs, crontab('late'));
  assert.equal(refused.status, 405);
  assert.equal(refused.json.message, 'create not allowed while custom resource definition is terminating');
  const merge = { 'content-type': 'application/merge-patch+json' };
  await server.ask('PATCH', `${crontabs}/held`, { metadata: { finalizers: null } }, merge);
  await until(
    server,
    () => server.ask('GET', path),
    ({ status }) => status === 404,
  );
  assert.equal((await server.ask('GET', crontabs)).status, 404);
  assert.equal((await server.ask('GET', '/apis/stable.example.com/v1')).status, 404);
  const types: string[] = [];
  for (let event = await watch.next(); event !== undefined; event = await watch.next()) types.push(event.type);
  assert.deepEqual(types.filter((type) => type === 'DELETED').length, 2);
});

test('two versions that differ in their schemas alone show the same objects', async () => {
  const server = await TestServer.start();
  const beta = { ...crontabVersion, name: 'v1beta1', storage: false, deprecated: true };
  await define(server, crontabDefinition({ versions: [crontabVersion, beta] }));
  const old = crontabs.replace('/v1/', '/v1beta1/');
  const made = await server.ask('POST', old, { ...crontab('one'), apiVersion: 'stable.example.com/v1beta1' });
  assert.equal(made.json.apiVersion, 'stable.example.com/v1beta1', made.text);
  assert.match(
    made.headers['warning']!,
    /stable.example.com\/v1beta1 CronTab is deprecated; use stable.example.com\/v1 CronTab/,
  );
  assert.equal((await server.ask('GET', `${crontabs}/one`)).json.apiVersion, 'stable.example.com/v1');
  const watch = await server.watch(`${old}?watch=1&resourceVersion=${server.store.revision()}`);
  const merge = { 'content-type': 'application/merge-patch+json' };
  await server.ask('PATCH', `${crontabs}/one`, { spec: { replicas: 4 } }, merge);
  const event = await watch.next();
  assert.deepEqual([event.object.apiVersion, event.object.spec.replicas], ['stable.example.com/v1beta1', 4]);
  // The other version becomes the stored one: what is stored stays readable, and is stored anew when it is written.
  const present = (await server.ask('GET', path)).json;
  present.spec.versions[0].storage = false;
  present.spec.versions[1].storage = true;
  const changed = await server.ask('PUT', path, present);
  assert.deepEqual(changed.json.status.storedVersions, ['v1', 'v1beta1'], changed.text);
  const before = (await server.ask('GET', `${crontabs}/one`)).json;
  assert.equal(before.spec.replicas, 4);
  const rewritten = await server.ask('PUT', `${crontabs}/one`, before);
  assert.notEqual(rewritten.json.metadata.resourceVersion, before.metadata.resourceVersion, rewritten.text);
  const idle = await server.ask('PUT', `${crontabs}/one`, rewritten.json);
  assert.equal(idle.json.metadata.resourceVersion, rewritten.json.metadata.resourceVersion);
  const entry = await server.store.get('/registry/crontabs.stable.example.com/default/one');
  assert.match(Buffer.from(entry!.value).toString(), /^\{"apiVersion":"stable.example.com\/v1beta1"/);
});

test('a default that a schema gets later shows in what was stored before', async () => {
  const server = await TestServer.start();
  await define(server, crontabDefinition());
  await server.ask('POST', crontabs, crontab('one'));
  const present = (await server.ask('GET', path)).json;
  present.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.suspend = {
    type: 'boolean',
    default: true,
  };
  const changed = await server.ask('PUT', path, present);
  assert.equal(changed.status, 200, changed.text);
  assert.equal((await server.ask('GET', `${crontabs}/one`)).json.spec.suspend, true);
  assert.equal((await server.ask('GET', crontabs)).json.items[0].spec.suspend, true);
});

test('documents follow the definition', async () => {
  const server = await TestServer.start();
  const index = await server.ask('GET', '/openapi/v3');
  assert.equal(index.json.paths['apis/stable.example.com/v1'], undefined);
  await define(server, crontabDefinition());
  const paths = (await server.ask('GET', '/openapi/v3')).json.paths;
  const document = await server.ask('GET', paths['apis/stable.example.com/v1'].serverRelativeURL.split('?')[0]);
  const schema = document.json.components.schemas['com.example.stable.v1.CronTab'];
  assert.deepEqual(schema['x-kubernetes-group-version-kind'], [
    { group: 'stable.example.com', version: 'v1', kind: 'CronTab' },
  ]);
  assert.equal(schema.properties.spec.properties.image.default, 'busybox');
  const two = await server.ask('GET', '/openapi/v2');
  const { spec } = two.json.definitions['com.example.stable.v1.CronTab'].properties;
  assert.deepEqual(spec.required, ['cronSpec']);
  assert.deepEqual(spec.properties.port, { 'x-kubernetes-int-or-string': true });
  assert.deepEqual(spec.properties.free, { 'x-kubernetes-preserve-unknown-fields': true });
  assert.deepEqual(Object.keys(spec.properties.template.properties), ['apiVersion', 'kind', 'metadata']);
  assert.deepEqual(schema.properties.spec.properties.port.anyOf, [{ type: 'integer' }, { type: 'string' }]);
});

test('a policy finds custom resources as its parameters from the first request of a server on', async () => {
  const server = await TestServer.start();
  await define(server, crontabDefinition());
  await server.ask('POST', crontabs, crontab('limits', { replicas: 2 }));
  const policies = '/apis/admissionregistration.k8s.io/v1';
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] };
  const policy = await server.ask('POST', `${policies}/validatingadmissionpolicies`, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'few' },
    spec: {
      paramKind: { apiVersion: 'stable.example.com/v1', kind: 'CronTab' },
      matchConstraints: { resourceRules: [rule] },
      validations: [{ expression: 'size(object.data) <= params.spec.replicas' }],
    },
  });
  assert.equal(policy.status, 201, policy.text);
  const paramRef = { name: 'limits', namespace: 'default', parameterNotFoundAction: 'Allow' };
  const binding = await server.ask('POST', `${policies}/validatingadmissionpolicybindings`, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: 'few' },
    spec: { policyName: 'few', paramRef, validationActions: ['Deny'] },
  });
  assert.equal(binding.status, 201, binding.text);
  await server.server.stop();
  const { store, world } = server;
  const catalogue = new GrowingCatalogue(catalogueFor(33));
  const caches = new ResourceCaches({ world, store, catalogue });
  const matcher = new RequestMatcher({ catalogue, reader: caches });
  const admission = [new ValidatingAdmissionPolicy({ reader: caches, catalogue, matcher, authorizer: everything })];
  const again = await TestServer.start({ store, world, catalogue, caches, admission });
  const maps = '/api/v1/namespaces/default/configmaps';
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
  const refused = await again.ask('POST', maps, { ...map, data: { a: '', b: '', c: '' } });
  assert.equal(refused.status, 422, refused.text);
  assert.match(refused.json.message, /'few' with binding 'few' denied request/);
  const taken = await again.ask('POST', maps, { ...map, data: { a: '' } });
  assert.equal(taken.status, 201, taken.text);
});

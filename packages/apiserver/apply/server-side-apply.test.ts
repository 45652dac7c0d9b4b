import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Authorizer } from '../authorization/contract.ts';
import { type Answer, TestServer } from '../testing/test-server.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const deployments = '/apis/apps/v1/namespaces/default/deployments';
const applied = { 'content-type': 'application/apply-patch+yaml' };
const merged = { 'content-type': 'application/merge-patch+json' };
const jsonPatch = { 'content-type': 'application/json-patch+json' };
const map = (data: object, metadata: object = {}) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data });

/** The managers of an answer: who, how, through what; and their fields as JSON. */
function managers({ json }: Answer): Record<string, string> {
  return Object.fromEntries(
    (json.metadata.managedFields ?? []).map((entry: any) => [
      [entry.manager, entry.operation, entry.subresource].filter(Boolean).join(' '),
      JSON.stringify(entry.fieldsV1),
    ]),
  );
}

test('managers are kept on create, update, patch and apply, under the name that the request gives or its user agent', async () => {
  const server = await TestServer.start();
  const agent = (name: string) => ({ 'user-agent': `${name}/v1.36.0 (linux)` });
  await server.ask('POST', maps, map({ a: '1' }, { name: 'x' }), agent('creator'));
  const put = await server.ask('PUT', `${maps}/x?fieldManager=named`, map({ a: '1', b: '1' }), agent('ignored'));
  assert.deepEqual(managers(put), {
    'creator Update': '{"f:data":{".":{},"f:a":{}}}',
    'named Update': '{"f:data":{"f:b":{}}}',
  });
  await server.ask('PATCH', `${maps}/x`, { data: { b: '2' } }, { ...merged, ...agent('patcher') });
  const last = await server.ask('PATCH', `${maps}/x?fieldManager=ci`, map({ c: '1' }), applied);
  assert.deepEqual(managers(last), {
    'creator Update': '{"f:data":{".":{},"f:a":{}}}',
    'patcher Update': '{"f:data":{"f:b":{}}}',
    'ci Apply': '{"f:data":{"f:c":{}}}',
  });
  const [entry] = last.json.metadata.managedFields;
  assert.deepEqual(
    { ...entry, fieldsV1: 0 },
    {
      manager: 'ci',
      operation: 'Apply',
      apiVersion: 'v1',
      time: '2026-01-01T00:00:00Z',
      fieldsType: 'FieldsV1',
      fieldsV1: 0,
    },
  );
  const got = await server.ask('GET', `${maps}/x`);
  assert.deepEqual(got.json, last.json);
});

test('an apply creates what is not there, and what changes nothing changes no revision', async () => {
  const server = await TestServer.start();
  const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  a: b\n';
  const target = `${maps}/x?fieldManager=ci`;
  assert.equal((await server.ask('PATCH', `${target}&dryRun=All`, yaml, applied)).status, 201);
  assert.equal((await server.ask('GET', `${maps}/x`)).status, 404);
  const first = await server.ask('PATCH', target, yaml, applied);
  assert.equal(first.status, 201);
  await server.world.clock.advance(5000);
  const second = await server.ask('PATCH', target, yaml, applied);
  assert.equal(second.status, 200);
  assert.deepEqual(second.json, first.json);
  const update = await server.ask('PUT', `${maps}/x?fieldManager=other`, first.json);
  assert.equal(update.json.metadata.resourceVersion, first.json.metadata.resourceVersion);
});

test('who may not create may not create by applying', async () => {
  const authorizer: Authorizer = {
    authorize: async ({ verb }) => ({ decision: verb === 'create' ? 'noOpinion' : 'allow', reason: '' }),
  };
  const server = await TestServer.start({ authorizer });
  const answer = await server.ask('PATCH', `${maps}/x?fieldManager=ci`, map({}, { name: 'x' }), applied);
  assert.equal(answer.status, 403);
  assert.match(answer.json.message, /cannot create resource "configmaps" in API group "" in the namespace "default"/);
});

test('conflicts are told one by one, and forced away', async () => {
  const server = await TestServer.start();
  await server.ask('POST', `${maps}?fieldManager=one`, map({ a: '1', b: '1' }, { name: 'x' }));
  const refused = await server.ask('PATCH', `${maps}/x?fieldManager=two`, map({ a: '2', b: '2' }), applied);
  assert.equal(refused.status, 409);
  assert.equal(refused.json.reason, 'Conflict');
  assert.equal(
    refused.json.message,
    'Apply failed with 2 conflicts: conflicts with "one" using v1:\n- .data.a\n- .data.b',
  );
  assert.deepEqual(refused.json.details, {
    causes: [
      { reason: 'FieldManagerConflict', message: 'conflict with "one" using v1', field: '.data.a' },
      { reason: 'FieldManagerConflict', message: 'conflict with "one" using v1', field: '.data.b' },
    ],
  });
  const forced = await server.ask('PATCH', `${maps}/x?fieldManager=two&force=true`, map({ a: '2', b: '2' }), applied);
  assert.equal(forced.status, 200);
  assert.deepEqual(managers(forced), {
    'one Update': '{"f:data":{}}',
    'two Apply': '{"f:data":{"f:a":{},"f:b":{}}}',
  });
});

const refusals: readonly [string, string, unknown, Record<string, string>, number, RegExp][] = [
  [
    'no manager',
    maps,
    map({}),
    applied,
    422,
    /^PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch$/,
  ],
  [
    'force without apply',
    `${maps}/x?force=true`,
    {},
    merged,
    422,
    /force: Forbidden: may not be specified for non-apply patch/,
  ],
  [
    'another kind',
    `${maps}/x?fieldManager=a`,
    { apiVersion: 'v1', kind: 'Secret' },
    applied,
    400,
    /^invalid object type: \/v1, Kind=Secret$/,
  ],
  [
    'managed fields',
    `${maps}/x?fieldManager=a`,
    map({}, { managedFields: [{}] }),
    applied,
    400,
    /^metadata.managedFields must be nil$/,
  ],
  [
    'an unknown field',
    `${maps}/x?fieldManager=a`,
    { ...map({}), spec: 1 },
    applied,
    400,
    /^failed to create typed patch object \(\/; \/v1, Kind=ConfigMap\): \.spec: field not declared in schema$/,
  ],
  [
    'no name',
    `${maps}/none?fieldManager=a`,
    map({}),
    applied,
    400,
    /^the name of the object \(none based on URL\) was undeterminable: name must be provided$/,
  ],
  [
    'another name',
    `${maps}/none?fieldManager=a`,
    map({}, { name: 'x' }),
    applied,
    400,
    /^the name of the object \(x\) does not match the name on the URL \(none\)$/,
  ],
  [
    'a uid of nothing',
    `${maps}/none?fieldManager=a`,
    map({}, { name: 'none', uid: 'u' }),
    applied,
    409,
    /uid mismatch: the provided object specified uid u, and no existing object was found$/,
  ],
  [
    'the status of nothing',
    `${deployments}/none/status?fieldManager=a`,
    { apiVersion: 'apps/v1', kind: 'Deployment' },
    applied,
    404,
    /not found/,
  ],
  [
    'a list',
    `${maps}/x?fieldManager=a`,
    [],
    applied,
    400,
    /^error decoding patch: json: cannot unmarshal array into Go value of type map\[string\]interface \{\}$/,
  ],
  [
    'too deep',
    `${maps}/x?fieldManager=a`,
    `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"managedFields":null,"labels":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}}`,
    applied,
    400,
    /exceeded max depth|expected string/,
  ],
  [
    'CBOR',
    `${maps}/x?fieldManager=a`,
    '',
    { 'content-type': 'application/apply-patch+cbor' },
    415,
    /accepted media types include: application\/json-patch\+json, application\/merge-patch\+json, application\/strategic-merge-patch\+json, application\/apply-patch\+yaml$/,
  ],
  [
    'twice the same name',
    `${maps}/x?fieldManager=a&fieldValidation=Strict`,
    'apiVersion: v1\nkind: ConfigMap\ndata:\n  c: b\n  c: c\n',
    applied,
    400,
    /^error strict decoding patch: error converting YAML to JSON: yaml: unmarshal errors:\n {2}line 5: key "c" already set in map$/,
  ],
  [
    'an unknown field in a patch',
    `${maps}/x?fieldValidation=Strict`,
    { nonsense: 1 },
    merged,
    422,
    /^ "" is invalid: patch: Invalid value: ".*": strict decoding error: unknown field "nonsense"$/,
  ],
  [
    'a field twice in a patch',
    `${maps}/x?fieldValidation=Strict`,
    '{"data":{"a":"1","a":"2"}}',
    merged,
    422,
    /strict decoding error: duplicate field "data.a"$/,
  ],
  ['a wrong type in a patch', `${maps}/x`, { data: 1 }, merged, 422, /^ "" is invalid: patch: Invalid value: /],
  [
    'a test that fails',
    `${maps}/x`,
    [{ op: 'test', path: '/data/a', value: 'x' }],
    jsonPatch,
    422,
    /^the server rejected our request due to an error in our request$/,
  ],
  [
    'too many operations',
    `${maps}/x`,
    Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/kind', value: 'ConfigMap' })),
    jsonPatch,
    413,
    /^Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001$/,
  ],
];

test('what cannot be applied or patched is refused in upstream words', async () => {
  const server = await TestServer.start();
  await server.ask('POST', maps, map({ a: '1' }, { name: 'x' }));
  for (const [title, target, body, headers, code, message] of refusals) {
    const path = target === maps ? `${maps}/x` : target;
    const answer = await server.ask('PATCH', path, body, headers);
    assert.equal(answer.status, code, `${title}: ${answer.text}`);
    assert.match(answer.json.message, message, title);
  }
});

const web = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  },
};

test('status and scale are managed apart, and a scaled field is nobody else any more', async () => {
  const server = await TestServer.start();
  await server.ask('PATCH', `${deployments}/web?fieldManager=ci`, web, applied);
  await server.ask(
    'PATCH',
    `${deployments}/web/status?fieldManager=controller`,
    { spec: { replicas: 7 }, status: { replicas: 2 } },
    merged,
  );
  await server.ask('PATCH', `${deployments}/web/scale?fieldManager=hpa`, { spec: { replicas: 3 } }, merged);
  const config = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'web' }, spec: { replicas: 4 } };
  const scale = await server.ask('PATCH', `${deployments}/web/scale?fieldManager=me`, config, applied);
  assert.equal(
    scale.json.message,
    'Apply failed with 1 conflict: conflict with "hpa" with subresource "scale" using apps/v1: .spec.replicas',
  );
  const status = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, status: { readyReplicas: 1 } };
  await server.ask('PATCH', `${deployments}/web/status?fieldManager=other`, status, applied);
  const { json } = await server.ask('GET', `${deployments}/web`);
  assert.equal(json.spec.replicas, 3);
  const kept = managers({ json } as Answer);
  assert.equal(kept['controller Update status'], '{"f:status":{"f:replicas":{}}}');
  assert.equal(kept['other Apply status'], '{"f:status":{"f:readyReplicas":{}}}');
  assert.equal(kept['hpa Update scale'], '{"f:spec":{"f:replicas":{}}}');
  assert.ok(!kept['ci Apply']!.includes('f:replicas'));
  const again = await server.ask('PATCH', `${deployments}/web?fieldManager=ci`, web, applied);
  assert.match(again.json.message, /conflict with "hpa" with subresource "scale" using apps\/v1: \.spec\.replicas$/);
});

test('clients may put managed fields right, and forget them', async () => {
  const server = await TestServer.start();
  await server.ask('POST', `${maps}?fieldManager=kubectl-client-side-apply`, map({ a: '1' }, { name: 'x' }));
  const { json } = await server.ask('GET', `${maps}/x`);
  const moved = [{ ...json.metadata.managedFields[0], manager: 'kubectl', operation: 'Apply' }];
  const upgrade = [
    { op: 'replace', path: '/metadata/managedFields', value: moved },
    { op: 'replace', path: '/metadata/resourceVersion', value: json.metadata.resourceVersion },
  ];
  const upgraded = await server.ask('PATCH', `${maps}/x`, upgrade, jsonPatch);
  assert.deepEqual(managers(upgraded), { 'kubectl Apply': '{"f:data":{".":{},"f:a":{}}}' });
  const pruned = await server.ask('PATCH', `${maps}/x?fieldManager=kubectl`, map({ b: '1' }), applied);
  assert.deepEqual(pruned.json.data, { b: '1' });
  for (const reset of [[], [{}]]) {
    const forgotten = await server.ask('PATCH', `${maps}/x`, { metadata: { managedFields: reset } }, merged);
    assert.equal(forgotten.json.metadata.managedFields, undefined);
    const first = await server.ask('PATCH', `${maps}/x?fieldManager=new`, map({ b: '1' }), applied);
    assert.deepEqual(Object.keys(managers(first)).sort(), ['before-first-apply Update', 'new Apply']);
  }
});

test('events of both groups are one object, whose managers are told in either version', async () => {
  const server = await TestServer.start();
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'e', namespace: 'default' },
    involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
    reason: 'Because',
    message: 'one',
    type: 'Normal',
  };
  await server.ask('POST', '/api/v1/namespaces/default/events?fieldManager=old', event);
  const config = { apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { name: 'e' }, note: 'two' };
  const target = '/apis/events.k8s.io/v1/namespaces/default/events/e?fieldManager=new';
  const refused = await server.ask('PATCH', target, config, applied);
  assert.equal(refused.json.message, 'Apply failed with 1 conflict: conflict with "old" using v1: .message');
});

test('where fields are not managed, nothing can be applied', async () => {
  const server = await TestServer.start({ fieldManagement: false });
  const made = await server.ask('POST', maps, map({ a: '1' }, { name: 'x' }));
  assert.equal(made.json.metadata.managedFields, undefined);
  assert.equal((await server.ask('PATCH', `${maps}/x?fieldManager=a`, map({}), applied)).status, 415);
});

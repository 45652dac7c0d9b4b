import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestServer } from '../testing/test-server.ts';

const transactions = '/apis/meta.keelson.dev/v1/transactions';
const maps = '/api/v1/namespaces/default/configmaps';
const configMap = (name: string, data: Record<string, string> = {}, meta: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', ...meta },
  data,
});

test('several objects are written at one revision, as if each came alone', async () => {
  const server = await TestServer.start();
  const { json: old } = await server.ask('POST', maps, configMap('old'));
  await server.ask('POST', maps, configMap('gone'));
  const watch = await server.watch(`${maps}?watch=1&resourceVersion=${server.store.revision()}`);
  const answer = await server.ask('POST', transactions, {
    operations: [
      { verb: 'create', object: configMap('new', { a: 'b' }) },
      { verb: 'update', object: { ...old, data: { c: 'd' } } },
      { verb: 'delete', apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'gone' },
      { verb: 'create', object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } } },
    ],
  });
  assert.equal(answer.status, 200, answer.text);
  const revision = String(server.store.revision());
  assert.deepEqual(
    answer.json.items.map((item: any) => item.metadata.resourceVersion),
    Array(4).fill(revision),
  );
  assert.equal(answer.json.items[3].status.phase, 'Active', 'defaults are filled in');
  const events = [await watch.next(), await watch.next(), await watch.next()];
  assert.deepEqual(
    events.map(({ type, object }) => `${type} ${object.metadata.name} ${object.metadata.resourceVersion}`).sort(),
    [`ADDED new ${revision}`, `DELETED gone ${revision}`, `MODIFIED old ${revision}`],
  );
});

const refused: [string, object[], number, RegExp][] = [
  [
    'an object that exists',
    [{ verb: 'create', object: configMap('there') }],
    409,
    /^configmaps "there" already exists$/,
  ],
  [
    'an old revision',
    [{ verb: 'update', object: configMap('there', {}, { resourceVersion: '1' }) }],
    409,
    /has been modified/,
  ],
  ['an object that is gone', [{ verb: 'update', object: configMap('none') }], 404, /^configmaps "none" not found$/],
  ['a bad object', [{ verb: 'create', object: configMap('Bad_') }], 422, /^ConfigMap "Bad_" is invalid/],
  [
    'an unknown kind',
    [{ verb: 'create', object: { apiVersion: 'v1', kind: 'Nothing' } }],
    400,
    /no matches for kind "Nothing"/,
  ],
  [
    'another uid',
    [
      {
        verb: 'delete',
        apiVersion: 'v1',
        kind: 'ConfigMap',
        namespace: 'default',
        name: 'there',
        preconditions: { uid: 'x' },
      },
    ],
    409,
    /UID in the precondition/,
  ],
  ['no operations', [], 400, /^operations: Required value$/],
  ['an unknown verb', [{ verb: 'explode', object: configMap('x') }], 400, /operations\[1\]\.verb/],
  [
    'one object twice',
    [
      { verb: 'create', object: configMap('x') },
      { verb: 'create', object: configMap('x') },
    ],
    400,
    /written twice/,
  ],
];

test('what is refused in one operation undoes them all', async (t) => {
  const server = await TestServer.start();
  await server.ask('POST', maps, configMap('there'));
  for (const [title, operations, code, message] of refused) {
    await t.test(title, async () => {
      const before = server.store.revision();
      const first = operations.length === 0 ? [] : [{ verb: 'create', object: configMap('first') }];
      const answer = await server.ask('POST', transactions, { operations: [...first, ...operations] });
      assert.equal(answer.status, code, answer.text);
      assert.match(answer.json.message, message);
      assert.equal(server.store.revision(), before);
    });
  }
});

test('each operation needs its own right', async () => {
  const server = await TestServer.start({
    authorizer: {
      authorize: async ({ resource, verb }) => ({
        decision: resource === 'transactions' || verb === 'create' ? 'allow' : 'noOpinion',
        reason: '',
      }),
    },
  });
  const operations = [
    { verb: 'create', object: configMap('a') },
    { verb: 'delete', apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'b' },
  ];
  const answer = await server.ask('POST', transactions, { operations });
  assert.equal(answer.status, 403);
  assert.match(answer.json.message, /cannot delete resource "configmaps"/);
});

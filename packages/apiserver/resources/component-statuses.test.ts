import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestServer } from '../testing/test-server.ts';

const path = '/api/v1/componentstatuses';

test('the parts of the control plane are asked when somebody reads how they are', async () => {
  let reason: string | undefined;
  const server = await TestServer.start({
    components: [
      { name: 'scheduler', check: async () => undefined },
      { name: 'etcd-0', check: async () => reason },
    ],
  });
  const list = await server.ask('GET', path);
  assert.equal(list.json.kind, 'ComponentStatusList');
  assert.deepEqual(
    list.json.items.map(({ metadata, conditions }: any) => [metadata.name, conditions]),
    [
      ['scheduler', [{ type: 'Healthy', status: 'True', message: 'ok' }]],
      ['etcd-0', [{ type: 'Healthy', status: 'True', message: 'ok' }]],
    ],
  );
  reason = 'the store was lost';
  const one = await server.ask('GET', `${path}/etcd-0`);
  assert.deepEqual(one.json.conditions, [{ type: 'Healthy', status: 'False', message: reason }]);
  assert.equal((await server.ask('GET', `${path}/other`)).status, 404);
  assert.equal((await server.ask('POST', path, { metadata: { name: 'x' } })).status, 405);
  assert.equal((await server.ask('GET', `${path}?watch=true`)).status, 405);
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const table = await server.ask('GET', path, undefined, { accept });
  assert.deepEqual(table.json.rows[1].cells, ['etcd-0', 'Unhealthy', reason, '']);
});

test('without word of its parts a server does not list the kind', async () => {
  const server = await TestServer.start();
  const { json } = await server.ask('GET', '/api/v1');
  assert.equal(
    json.resources.some(({ name }: any) => name === 'componentstatuses'),
    false,
  );
});

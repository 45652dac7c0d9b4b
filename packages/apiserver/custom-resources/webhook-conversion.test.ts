import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestServer } from '../testing/test-server.ts';
import { WebhookCallError, type WebhookCaller } from '../webhook/contract.ts';
import { crontabDefinition, crontabs, define } from './testing/definitions.ts';

const version = (name: string, field: string, storage: boolean) => ({
  name,
  served: true,
  storage,
  schema: {
    openAPIV3Schema: {
      type: 'object',
      properties: { spec: { type: 'object', properties: { [field]: { type: 'string' } } } },
    },
  },
});

const conversion = {
  strategy: 'Webhook',
  webhook: {
    clientConfig: { service: { namespace: 'default', name: 'converter' } },
    conversionReviewVersions: ['v1'],
  },
};
const definition = () =>
  crontabDefinition({ versions: [version('v1', 'host', true), version('v2', 'address', false)], conversion });

/** Renames spec.host to spec.address and back. */
class Renaming implements WebhookCaller {
  calls = 0;
  change = (answer: any): any => answer;

  async call(_: unknown, { body }: { body: string | Uint8Array }): Promise<unknown> {
    this.calls++;
    const { request } = JSON.parse(String(body));
    const convertedObjects = request.objects.map((object: any) => {
      const { host, address, ...spec } = object.spec;
      const named = request.desiredAPIVersion.endsWith('/v2') ? { address: host } : { host: address };
      return { ...object, apiVersion: request.desiredAPIVersion, spec: { ...spec, ...named } };
    });
    const response = { uid: request.uid, result: { status: 'Success' }, convertedObjects };
    return this.change({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', response });
  }
}

const second = crontabs.replace('/v1/', '/v2/');
const instance = (apiVersion: string, spec: object) => ({
  apiVersion,
  kind: 'CronTab',
  metadata: { name: 'one' },
  spec,
});

test('an object is stored in one version and read, watched and written in the other', async () => {
  const server = await TestServer.start({ webhooks: new Renaming() });
  await define(server, definition());
  const made = await server.ask('POST', second, instance('stable.example.com/v2', { address: 'a' }));
  assert.equal(made.status, 201, made.text);
  assert.deepEqual([made.json.apiVersion, made.json.spec], ['stable.example.com/v2', { address: 'a' }]);
  assert.deepEqual((await server.ask('GET', `${crontabs}/one`)).json.spec, { host: 'a' });
  const watch = await server.watch(`${second}?watch=1&resourceVersion=${server.store.revision()}`);
  const merge = { 'content-type': 'application/merge-patch+json' };
  await server.ask('PATCH', `${crontabs}/one`, { spec: { host: 'b' } }, merge);
  assert.deepEqual((await watch.next()).object.spec, { address: 'b' });
  const patched = await server.ask('PATCH', `${second}/one`, { spec: { address: 'c' } }, merge);
  assert.deepEqual(patched.json.spec, { address: 'c' }, patched.text);
  assert.deepEqual((await server.ask('GET', crontabs)).json.items[0].spec, { host: 'c' });
  await server.ask('DELETE', `${second}/one`);
  assert.equal((await watch.next()).type, 'MODIFIED');
  assert.equal((await watch.next()).type, 'DELETED');
});

const answers: [string, (answer: any) => any, RegExp][] = [
  ['refuses', (answer) => ({ ...answer, response: { ...answer.response, result: { message: 'no way' } } }), /no way$/],
  [
    'means another request',
    (answer) => ({ ...answer, response: { ...answer.response, uid: 'x' } }),
    /expected response\.uid="[-0-9a-f]+", got "x"$/,
  ],
  [
    'leaves one out',
    (answer) => ({ ...answer, response: { ...answer.response, convertedObjects: [] } }),
    /returned 0 objects, expected 1$/,
  ],
  [
    'renames an object',
    (answer) => {
      answer.response.convertedObjects[0].metadata.name = 'two';
      return answer;
    },
    /at index 0: must have the same name: one != two$/,
  ],
  [
    'cannot be reached',
    () => {
      throw new WebhookCallError('unreachable', 'Post "https://converter": EOF');
    },
    /failed: Post "https:\/\/converter": EOF$/,
  ],
];

test('a conversion that fails is told, and leaves what is stored alone', async (t) => {
  const webhooks = new Renaming();
  const server = await TestServer.start({ webhooks });
  await define(server, definition());
  for (const [title, change, message] of answers) {
    await t.test(title, async () => {
      webhooks.change = change;
      const answer = await server.ask('POST', second, instance('stable.example.com/v2', { address: 'a' }));
      assert.equal(answer.status, 500, answer.text);
      assert.match(answer.json.message, /conversion webhook for stable\.example\.com\/v2, Kind=CronTab /);
      assert.match(answer.json.message, message);
    });
  }
  webhooks.change = (answer) => answer;
  assert.equal((await server.ask('GET', crontabs)).json.items.length, 0);
});

test('objects that cannot be converted cannot be read in the other version, until they can', async () => {
  const webhooks = new Renaming();
  const server = await TestServer.start({ webhooks });
  await define(server, definition());
  await server.ask('POST', crontabs, instance('stable.example.com/v1', { host: 'a' }));
  webhooks.change = () => {
    throw new WebhookCallError('unreachable', 'connection refused');
  };
  const failed = await server.ask('GET', second);
  assert.equal(failed.status, 500, failed.text);
  assert.match(
    failed.json.message,
    /conversion webhook for stable\.example\.com\/v1, Kind=CronTab failed: connection refused/,
  );
  assert.equal((await server.ask('GET', crontabs)).status, 200);
  webhooks.change = (answer) => answer;
  await server.world.clock.advance(10_000);
  assert.deepEqual((await server.ask('GET', second)).json.items[0].spec, { address: 'a' });
});

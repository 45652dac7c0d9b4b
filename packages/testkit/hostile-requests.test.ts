import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectBody, type HttpResponse, pick, type Random, randomInteger, SeededRandom } from '@keelson/base';
import { inProcessPeer } from '@keelson/client';
import { type ApiObject, catalogueFor, encodeProtobuf, newestMinor, normalize, type Resource } from '@keelson/model';
import { damage, flipped, hostileTexts, spoil } from '@keelson/model/testing/hostile-body.ts';
import { typedObject } from '@keelson/model/testing/typed-object.ts';
import { controlPlaneInProcess } from './control-plane-in-process.ts';

/** KEELSON_SEED makes other requests, KEELSON_REQUESTS is how many each test sends: set both to look for more. */
const seed = process.env['KEELSON_SEED'] ?? 'hostile';
const requests = Number(process.env['KEELSON_REQUESTS'] ?? 600);
/** No request may keep the server's thread from others for longer, in milliseconds of its CPU. */
const longestTurn = 100;

const { plane, clock, log } = await controlPlaneInProcess(seed, { minor: newestMinor });
const resources = catalogueFor(newestMinor)
  .stored()
  .filter(({ verbs }) => verbs.includes('create'));
const peer = inProcessPeer('admin', ['system:masters']);

interface Sent {
  readonly method: string;
  readonly target: string;
  readonly type?: string;
  readonly body?: Uint8Array;
}

async function answer({
  method,
  target,
  type,
  body = new Uint8Array(0),
}: Sent): Promise<{ status: number; text: string }> {
  const ends = new AbortController();
  const headers = {
    accept: 'application/json',
    ...(type && { 'content-type': type }),
    'content-length': String(body.length),
  };
  let response: HttpResponse | undefined;
  let text: string | undefined;
  void plane.handler({ method, target, headers, body, signal: ends.signal, peer }).then(async (got) => {
    response = got;
    text = Buffer.from(await collectBody(got.body)).toString();
  });
  try {
    for (let turn = 0; turn < 50 && text === undefined; turn++) await new Promise(setImmediate);
    // What waits for something by the clock must not wait for long: a watch ends when it was told to.
    if (text === undefined) await clock.until(() => text !== undefined, 30_000);
  } finally {
    ends.abort();
  }
  return { status: response!.status, text: text! };
}

/** Milliseconds of CPU that a request takes; the least of several, for the engine's own work comes between. */
async function turnOf(sent: Sent): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let count = 0; count < 4 && least > longestTurn; count++) {
    const began = process.cpuUsage();
    await answer(sent);
    const { user, system } = process.cpuUsage(began);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

/** @throws AssertionError when the answer is none that a client can make something of */
async function verify(sent: Sent, name: string): Promise<void> {
  const logged = log.length;
  const began = process.cpuUsage();
  const { status, text } = await answer(sent);
  const { user, system } = process.cpuUsage(began);
  const about = () =>
    `${name} (KEELSON_SEED=${seed}): ${sent.method} ${sent.target.slice(0, 200)} ${sent.type} ${Buffer.from(
      sent.body ?? [],
    )
      .toString('latin1')
      .slice(0, 600)}\n${status} ${text.slice(0, 600)}`;
  assert.ok(status < 500, about());
  if (status >= 400) {
    const { kind, reason, message, code } = JSON.parse(text);
    assert.deepEqual([kind, code], ['Status', status], about());
    assert.ok(message, about());
    assert.ok(reason || status === 404, about());
  }
  assert.deepEqual(
    log.slice(logged).filter(({ level }) => level === 'error'),
    [],
    about(),
  );
  if ((user + system) / 1000 > longestTurn) {
    const turn = await turnOf(sent);
    assert.ok(turn <= longestTurn, `${turn} ms: ${about()}`);
  }
}

/** YAML that is no JSON is parsed slowly: a large one alone takes longer than a turn may, and so goes undamaged. */
function damagedYaml(random: Random, object: object): Buffer {
  const body = damage(random, object);
  return body.length < 20_000 ? body : Buffer.from(JSON.stringify(object));
}

function pathOf({ group, version, resource, namespaced }: Resource, name = ''): string {
  const home = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return `${home}${namespaced ? '/namespaces/default' : ''}/${resource}${name && `/${name}`}`;
}

function objectOf(random: Random, { group, version, kind, type, namespaced }: Resource): Record<string, unknown> {
  const apiVersion = group === '' ? version : `${group}/${version}`;
  const namespace = namespaced ? { namespace: 'default' } : {};
  return { ...typedObject(random, type), apiVersion, kind, metadata: { name: 'x', ...namespace } };
}

test('objects of every kind, right in type and wrong in all else', async () => {
  for (let count = 0; count < requests; count++) {
    const random = new SeededRandom(`${seed} objects ${count}`);
    const resource = resources[count % resources.length]!;
    const object = objectOf(random, resource);
    if (randomInteger(random, 3) > 0) spoil(random, object);
    const validation = pick(random, ['Strict', 'Warn', 'Ignore']);
    const target = `${pathOf(resource)}?dryRun=All&fieldValidation=${validation}`;
    const whole = randomInteger(random, 3) > 0;
    const yaml = randomInteger(random, 3) === 0;
    const damaged = yaml ? damagedYaml : damage;
    const body = whole ? Buffer.from(JSON.stringify(object)) : damaged(random, object);
    const type = yaml ? 'application/yaml' : 'application/json';
    await verify({ method: 'POST', target, type, body }, `object ${count}`);
  }
});

test('protobuf with bits turned over, and cut off', async () => {
  for (let count = 0; count < requests; count++) {
    const random = new SeededRandom(`${seed} protobuf ${count}`);
    const resource = resources[count % resources.length]!;
    const { object } = normalize(resource.type, objectOf(random, resource));
    const body = flipped(random, encodeProtobuf(resource.type, object as ApiObject));
    const type = 'application/vnd.kubernetes.protobuf';
    await verify({ method: 'POST', target: `${pathOf(resource)}?dryRun=All`, type, body }, `protobuf ${count}`);
  }
});

const present: readonly (readonly [string, Record<string, unknown>])[] = [
  ['configmaps', { data: { a: 'b' } }],
  ['services', { spec: { ports: [{ port: 80 }], selector: { a: 'b' } } }],
  ['pods', { spec: { containers: [{ name: 'c', image: 'i', env: [{ name: 'A', value: 'b' }] }] } }],
];
const directives = ['$patch', '$retainKeys', '$setElementOrder/containers', '$deleteFromPrimitiveList/finalizers'];
const operations = ['add', 'remove', 'replace', 'move', 'copy', 'test', 'increment'];
const pointers = [
  '',
  '/',
  '/metadata',
  '/metadata/name',
  '/spec/containers/0',
  '/spec/containers/-',
  '/data/~1~0~2',
  '/__proto__/x',
  '/spec/ports/99999999999',
  '/metadata/labels/a',
];

function patchOf(random: Random, resource: Resource): { type: string; body: Buffer } {
  const object = objectOf(random, resource);
  delete object['metadata'];
  spoil(random, object);
  switch (randomInteger(random, 4)) {
    case 0: {
      const patch = Array.from({ length: 1 + randomInteger(random, 5) }, () => ({
        op: pick(random, operations),
        path: pick(random, pointers),
        from: pick(random, pointers),
        value: object,
      }));
      return { type: 'application/json-patch+json', body: Buffer.from(JSON.stringify(patch)) };
    }
    case 1:
      return { type: 'application/merge-patch+json', body: Buffer.from(JSON.stringify(object)) };
    case 2:
      return { type: 'application/apply-patch+yaml', body: damagedYaml(random, object) };
    default: {
      const directive = {
        [pick(random, directives)]: pick<unknown>(random, ['delete', 'replace', 'x', [{}], ['name']]),
      };
      const spec = {
        ...(object['spec'] as object),
        ...directive,
        containers: [directive, { name: 'c', ...directive }],
      };
      const body = Buffer.from(JSON.stringify({ ...object, ...directive, spec }));
      return { type: 'application/strategic-merge-patch+json', body };
    }
  }
}

test('patches of every kind on objects that are there', async () => {
  for (const [plural, rest] of present) {
    const resource = resources.find((one) => one.group === '' && one.resource === plural)!;
    const object = { apiVersion: 'v1', kind: resource.kind, metadata: { name: 'present' }, ...rest };
    const made = {
      method: 'POST',
      target: pathOf(resource),
      type: 'application/json',
      body: Buffer.from(JSON.stringify(object)),
    };
    assert.equal((await answer(made)).status, 201);
  }
  for (let count = 0; count < requests; count++) {
    const random = new SeededRandom(`${seed} patches ${count}`);
    const [plural] = pick(random, present);
    const resource = resources.find((one) => one.group === '' && one.resource === plural)!;
    const { type, body } = patchOf(random, resource);
    const query = `dryRun=All&fieldManager=fuzz${pick(random, ['', '&force=true', '&fieldValidation=Strict'])}`;
    const target = `${pathOf(resource, 'present')}?${query}`;
    await verify({ method: 'PATCH', target, type, body }, `patch ${count}`);
  }
});

const parameters = [
  'labelSelector',
  'fieldSelector',
  'resourceVersion',
  'resourceVersionMatch',
  'limit',
  'continue',
  'sendInitialEvents',
  'timeoutSeconds',
  'allowWatchBookmarks',
  'watch',
  'pretty',
  'as',
];
const pieces = [
  'a',
  '=',
  '==',
  '!=',
  ',',
  ' in ',
  ' notin ',
  '(',
  ')',
  '!',
  'metadata.name',
  'spec.nodeName',
  '0',
  '1',
  '-1',
  'Exact',
  'NotOlderThan',
  'true',
  'false',
  'eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MX0',
  '\\',
  '.',
];

test('selectors, tokens and revisions put together by chance', async () => {
  for (let count = 0; count < requests; count++) {
    const random = new SeededRandom(`${seed} queries ${count}`);
    const words = () =>
      randomInteger(random, 4) === 0
        ? pick(random, hostileTexts).slice(0, 2000)
        : Array.from({ length: 1 + randomInteger(random, 6) }, () => pick(random, pieces)).join('');
    const query = Array.from({ length: 1 + randomInteger(random, 4) }, () => {
      const text = words().toWellFormed();
      return `${pick(random, parameters)}=${randomInteger(random, 5) === 0 ? text.replace(/[\s\0]/g, '') : encodeURIComponent(text)}`;
    });
    // A watch must not outlast the test.
    const target = `${pathOf(resources[count % resources.length]!)}?timeoutSeconds=1&${query.join('&')}`;
    await verify({ method: pick(random, ['GET', 'GET', 'GET', 'DELETE']), target }, `query ${count}`);
  }
});

test('after all that the server works, and no prototype has changed', async () => {
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  assert.equal((await answer({ method: 'GET', target: '/readyz' })).status, 200);
  await plane.stop();
});

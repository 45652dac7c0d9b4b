import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestServer } from '../testing/test-server.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const watchInitial = 'watch=1&sendInitialEvents=true';

/** Four objects, of which the second was deleted after the revision `at`. */
async function prepared() {
  const server = await TestServer.start();
  for (const name of ['a', 'b', 'c', 'd']) await server.ask('POST', maps, { metadata: { name } });
  const at = server.store.revision();
  await server.ask('DELETE', `${maps}/b`);
  const first = await server.ask('GET', `${maps}?limit=1`);
  return { server, at, now: server.store.revision(), token: first.json.metadata.continue as string };
}

const token = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** The query with AT, NOW and TOKEN filled in, and the names or the refusal it leads to. */
const cases: [string, string | [number, string]][] = [
  ['', 'acd'],
  ['resourceVersion=0', 'acd'],
  ['resourceVersion=AT', 'acd'],
  ['resourceVersion=AT&resourceVersionMatch=NotOlderThan', 'acd'],
  ['resourceVersion=0&resourceVersionMatch=NotOlderThan', 'acd'],
  ['resourceVersion=AT&resourceVersionMatch=Exact', 'abcd'],
  ['limit=2', 'ac+1'],
  ['limit=2&resourceVersion=0', 'acd'],
  ['limit=2&resourceVersion=AT', 'ab+2'],
  ['limit=2&resourceVersion=AT&resourceVersionMatch=NotOlderThan', 'ac+1'],
  ['limit=2&resourceVersion=0&resourceVersionMatch=NotOlderThan', 'acd'],
  ['limit=2&resourceVersion=AT&resourceVersionMatch=Exact', 'ab+2'],
  ['limit=3', 'acd'],
  ['limit=-1', 'acd'],
  ['continue=TOKEN', 'cd'],
  ['continue=TOKEN&limit=1', 'c+1'],
  ['continue=TOKEN&resourceVersion=0', 'cd'],
  ['limit=2&fieldSelector=metadata.name!%3Da', 'cd'],
  ['limit=1&fieldSelector=metadata.name!%3Da', 'c+'],
  ['fieldSelector=metadata.name%3Dc', 'c'],
  ['fieldSelector=metadata.namespace%3Ddefault', 'acd'],
  ['fieldSelector=metadata.namespace%3Dother', ''],
  ['continue=TOKEN&resourceVersion=AT', [400, 'specifying resource version is not allowed when using continue']],
  [
    'continue=TOKEN&resourceVersion=AT&resourceVersionMatch=Exact',
    [
      422,
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided',
    ],
  ],
  [
    'resourceVersionMatch=Exact',
    [
      422,
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    ],
  ],
  [
    'resourceVersion=0&resourceVersionMatch=Exact',
    [
      422,
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    ],
  ],
  [
    'resourceVersion=1&resourceVersionMatch=Newest',
    [
      422,
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Unsupported value: "Newest": supported values: "Exact", "NotOlderThan", ""',
    ],
  ],
  [
    'sendInitialEvents=false',
    [
      422,
      'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list',
    ],
  ],
  ['resourceVersion=NOW0&resourceVersionMatch=Exact', [504, 'Timeout: Too large resource version: NOW0, current: NOW']],
  [
    watchInitial,
    [
      422,
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    ],
  ],
  [
    `${watchInitial}&resourceVersionMatch=Exact`,
    [
      422,
      'ListOptions.meta.k8s.io "" is invalid: [resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan, resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"]',
    ],
  ],
  [
    `${watchInitial}&resourceVersionMatch=NotOlderThan&continue=x`,
    [
      422,
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided',
    ],
  ],
  [
    'watch=1&resourceVersionMatch=NotOlderThan',
    [
      422,
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    ],
  ],
  ['continue=a', [400, 'invalid continue token: continue key is not valid: illegal base64 data at input byte 0']],
  [
    'continue=e30',
    [400, 'invalid continue token: continue key is not valid: server does not recognize this encoded version '],
  ],
  [
    `continue=${token({ v: 'meta.k8s.io/v1', rv: 0, start: 'x' })}`,
    [
      400,
      'invalid continue token: continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)',
    ],
  ],
  [
    `continue=${token({ v: 'meta.k8s.io/v1', rv: 5 })}`,
    [400, 'invalid continue token: continue key is not valid: encoded start key empty (version meta.k8s.io/v1)'],
  ],
  [
    `continue=${token({ v: 'meta.k8s.io/v1', rv: 5, start: '../secrets/x' })}`,
    [400, 'invalid continue token: continue key is not valid: ../secrets/x'],
  ],
  [
    `continue=${token({ v: 'meta.k8s.io/v1', rv: 5, start: 'kube-system/x' })}`,
    [400, 'invalid continue token: continue key is not valid: kube-system/x'],
  ],
  [
    'fieldSelector=spec.x%3Da',
    [400, '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"'],
  ],
  ['fieldSelector=x', [400, "invalid selector: 'x'; can't understand 'x'"]],
];

test('what a list gives for every way to ask for a revision', async (t) => {
  const { server, at, now, token: first } = await prepared();
  const filled = (text: string) =>
    text.replaceAll('AT', `${at}`).replaceAll('NOW', `${now}`).replaceAll('TOKEN', first);
  for (const [query, expected] of cases) {
    await t.test(query, async () => {
      const { status, json, text } = await server.ask('GET', `${maps}?${filled(query)}`);
      if (typeof expected !== 'string') {
        assert.deepEqual([status, json.message], [expected[0], filled(expected[1])]);
        return;
      }
      assert.equal(status, 200, text);
      const names = json.items.map((item: any) => item.metadata.name).join('');
      const { remainingItemCount = '', continue: more } = json.metadata;
      assert.equal(`${names}${more === undefined ? '' : `+${remainingItemCount}`}`, expected);
    });
  }
});

test('a collection is deleted by the same rules', async () => {
  const { server, at } = await prepared();
  const bad = await server.ask('DELETE', `${maps}?resourceVersionMatch=Exact`);
  assert.equal(bad.status, 422);
  const page = await server.ask('DELETE', `${maps}?limit=1`);
  assert.deepEqual([page.json.items.length, page.json.metadata.remainingItemCount], [1, 2]);
  // What is gone since then is no matter.
  const old = await server.ask('DELETE', `${maps}?resourceVersion=${at}&resourceVersionMatch=Exact`);
  assert.equal(old.json.items.length, 4);
  assert.deepEqual((await server.ask('GET', maps)).json.items, []);
});

test('a watch by path is of one name, in the old form too', async () => {
  const { server, now } = await prepared();
  for (const target of [
    `/api/v1/watch/namespaces/default/configmaps/c?resourceVersion=${now}`,
    `/api/v1/watch/namespaces/default/configmaps?resourceVersion=${now}&fieldSelector=metadata.name%3Dc`,
  ]) {
    const watch = await server.watch(target);
    await server.ask('PATCH', `${maps}/d`, { data: { x: target } }, { 'content-type': 'application/merge-patch+json' });
    await server.ask('PATCH', `${maps}/c`, { data: { x: target } }, { 'content-type': 'application/merge-patch+json' });
    let event = await watch.next();
    while (event.object.data.x !== target) event = await watch.next();
    assert.deepEqual([event.type, event.object.metadata.name], ['MODIFIED', 'c']);
    watch.close();
  }
  const other = await server.ask(
    'GET',
    '/api/v1/watch/namespaces/default/configmaps/c?fieldSelector=metadata.name%3Dd',
  );
  assert.deepEqual(
    [other.status, other.json.message],
    [400, "fieldSelector metadata.name doesn't match requested name"],
  );
});

test('the end of the initial events is told to those who take bookmarks, also when they asked in the old way', async () => {
  const { server } = await prepared();
  for (const [query, told] of [
    ['allowWatchBookmarks=true&resourceVersion=0', true],
    ['allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan', true],
    ['sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1', false],
  ] as const) {
    const watch = await server.watch(`${maps}?watch=1&${query}`);
    for (const name of ['a', 'c', 'd']) assert.equal((await watch.next()).object.metadata.name, name);
    if (told) assert.equal((await watch.next()).object.metadata.annotations['k8s.io/initial-events-end'], 'true');
    const next = watch.next();
    watch.close();
    assert.equal(await next, undefined);
  }
});

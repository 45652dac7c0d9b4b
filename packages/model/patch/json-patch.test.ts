import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject } from '../object.ts';
import { jsonMergePatch } from './json-merge-patch.ts';
import { jsonPatch } from './json-patch.ts';
import { PatchError } from './patch-error.ts';

const missing = 'missing value';
const cases: { original: object; operations: unknown; result?: object; error?: string }[] = [
  { original: { a: 1 }, operations: [{ op: 'add', path: '/b', value: 2 }], result: { a: 1, b: 2 } },
  { original: { l: [1, 3] }, operations: [{ op: 'add', path: '/l/1', value: 2 }], result: { l: [1, 2, 3] } },
  { original: { l: [1] }, operations: [{ op: 'add', path: '/l/-', value: 2 }], result: { l: [1, 2] } },
  { original: { l: [1, 2] }, operations: [{ op: 'remove', path: '/l/-1' }], result: { l: [1] } },
  { original: { 'a/b': { '~': 1 } }, operations: [{ op: 'remove', path: '/a~1b/~0' }], result: { 'a/b': {} } },
  { original: { a: 1 }, operations: [{ op: 'replace', path: '/a', value: null }], result: { a: null } },
  { original: {}, operations: [{ op: 'replace', path: '/a', value: 1 }], result: { a: 1 } },
  { original: { a: { b: 1 } }, operations: [{ op: 'move', from: '/a/b', path: '/c' }], result: { a: {}, c: 1 } },
  { original: { a: [1] }, operations: [{ op: 'copy', from: '/a', path: '/c' }], result: { a: [1], c: [1] } },
  {
    original: { a: { b: [1] } },
    operations: [{ op: 'test', path: '/a', value: { b: [1] } }],
    result: { a: { b: [1] } },
  },
  { original: {}, operations: [{ op: 'test', path: '/a', value: null }], result: {} },
  { original: { a: 1 }, operations: [{ op: 'replace', path: '', value: { z: 1 } }], result: { z: 1 } },
  {
    original: { a: 1 },
    operations: [{ op: 'test', path: '/a', value: 2 }],
    error: 'testing value /a failed: test failed',
  },
  {
    original: {},
    operations: [{ op: 'add', path: '/a/b', value: 1 }],
    error: `add operation does not apply: doc is missing path: "/a/b": ${missing}`,
  },
  {
    original: { a: {} },
    operations: [{ op: 'remove', path: '/a/b' }],
    error: `error in remove for path: '/a/b': Unable to remove nonexistent key: b: ${missing}`,
  },
  {
    original: { a: [1] },
    operations: [{ op: 'replace', path: '/a/1', value: 1 }],
    error: `replace operation does not apply: doc is missing key: /a/1: ${missing}`,
  },
  {
    original: { a: [1] },
    operations: [{ op: 'add', path: '/a/3', value: 1 }],
    error: "error in add for path: '/a/3': Unable to access invalid index: 3: invalid index referenced",
  },
  {
    original: { a: [1] },
    operations: [{ op: 'add', path: '/a/x', value: 1 }],
    error: `error in add for path: '/a/x': value was not a proper array index: 'x': strconv.Atoi: parsing "x": invalid syntax`,
  },
  { original: {}, operations: [{ op: 'drop', path: '/a' }], error: 'Unexpected kind: drop' },
  {
    original: {},
    operations: [{ op: 'move', path: '/a' }],
    error: `move operation failed to decode from: operation, missing from field: ${missing}`,
  },
];

for (const { original, operations, result, error } of cases) {
  test(`JSON patch: ${JSON.stringify(operations)} on ${JSON.stringify(original)}`, () => {
    const before = JSON.stringify(original);
    if (error === undefined) assert.deepEqual(jsonPatch(original, operations), result);
    else assert.throws(() => jsonPatch(original, operations), new PatchError('unprocessable', error));
    assert.equal(JSON.stringify(original), before);
  });
}

test('JSON patch: what is no list of operations is invalid', () => {
  const message = 'json: cannot unmarshal object into Go value of type jsonpatch.Patch';
  assert.throws(() => jsonPatch({}, {}), new PatchError('invalid', message));
});

test('JSON patch: prototype names are plain data, and nothing is inherited', () => {
  const patched = jsonPatch({ metadata: {} }, [{ op: 'add', path: '/metadata/__proto__', value: { x: 1 } }]);
  assert.equal(JSON.stringify(patched), '{"metadata":{"__proto__":{"x":1}}}');
  assert.throws(() => jsonPatch({}, [{ op: 'add', path: '/constructor/prototype/x', value: 1 }]), PatchError);
  assert.equal(({} as Record<string, unknown>)['x'], undefined);
});

/** The examples of RFC 7386, appendix A, that have an object on both sides. */
const mergeCases: [ApiObject, unknown, object][] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

for (const [original, patch, result] of mergeCases) {
  test(`JSON merge patch: ${JSON.stringify(patch)} on ${JSON.stringify(original)}`, () => {
    assert.deepEqual(jsonMergePatch(original, patch), result);
  });
}

test('JSON merge patch: only an object is a patch', () => {
  assert.throws(() => jsonMergePatch({}, [1]), new PatchError('invalid', 'Invalid JSON Patch'));
});

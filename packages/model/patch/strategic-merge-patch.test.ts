import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PatchError } from './patch-error.ts';
import { strategicMergePatchCases } from './strategic-merge-patch.cases.ts';
import { strategicMergePatch } from './strategic-merge-patch.ts';

for (const { name, type, original, patch, result, error } of strategicMergePatchCases) {
  test(`strategic merge patch: ${name}`, () => {
    const before = JSON.stringify([original, patch]);
    if (error === undefined) assert.deepEqual(strategicMergePatch(type, original, patch), result);
    else assert.throws(() => strategicMergePatch(type, original, patch), new PatchError(codeOf(error), error));
    assert.equal(JSON.stringify([original, patch]), before, 'the arguments are left as they were');
  });
}

function codeOf(error: string): 'invalid' | 'unprocessable' {
  return error === 'lists of lists are not supported' ? 'unprocessable' : 'invalid';
}

test('strategic merge patch: prototype names are plain data', () => {
  const patch = JSON.parse('{"metadata":{"labels":{"__proto__":"x","constructor":"y"}}}');
  const patched = strategicMergePatch('core/v1.Pod', { metadata: { labels: { a: 'b' } } }, patch);
  assert.equal(JSON.stringify(patched), '{"metadata":{"labels":{"a":"b","__proto__":"x","constructor":"y"}}}');
  assert.equal(({} as Record<string, unknown>)['a'], undefined);
});

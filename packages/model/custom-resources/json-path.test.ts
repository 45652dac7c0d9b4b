import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJsonPath } from './json-path.ts';

const pod = {
  metadata: { name: 'web', annotations: { 'a.b/c': 'x' } },
  spec: { containers: [{ name: 'one', port: 80 }, { name: 'two', port: 443 }, { name: 'three' }] },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Old', status: 'False' },
    ],
  },
};

const found: [string, unknown[]][] = [
  ['.metadata.name', ['web']],
  ['.metadata.none.more', []],
  ['.metadata.annotations.a\\.b/c', ['x']],
  [`.metadata.annotations['a.b/c']`, ['x']],
  ['.spec.containers[0].name', ['one']],
  ['.spec.containers[-1].name', ['three']],
  ['.spec.containers[5].name', []],
  ['.spec.containers[0:2].name', ['one', 'two']],
  ['.spec.containers[*].port', [80, 443]],
  ['.spec.containers[0,2].name', ['one', 'three']],
  ['.status.conditions[?(@.type=="Ready")].status', ['True']],
  [`.status.conditions[?(@.type!='Ready')].type`, ['Old']],
  ['.spec.containers[?(@.port)].name', ['one', 'two']],
  ['.spec.containers[?(@.port>100)].name', ['two']],
  ['..port', [80, 443]],
  ['.', [pod]],
  ['.spec.constructor', []],
];

test('paths lead where kubectl finds it', () => {
  for (const [path, expected] of found) assert.deepEqual(parseJsonPath(path).find(pod), expected, path);
});

test('what is no path is refused', () => {
  for (const path of ['.a[', '.a[x]', '.a b', '.a[0:1:0]', `.${'a'.repeat(5000)}`])
    assert.throws(() => parseJsonPath(path), SyntaxError, path);
});

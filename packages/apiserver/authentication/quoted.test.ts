import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aggregated, quoted, quotedList } from './quoted.ts';
import { RecentCache } from './recent-cache.ts';

test('texts are quoted as Go quotes them', () => {
  const cases: [string, string][] = [
    ['', '""'],
    ['jane', '"jane"'],
    ['a "b" \\ c', '"a \\"b\\" \\\\ c"'],
    ['line\n\ttab', '"line\\n\\ttab"'],
    ['\u0000\u001b\u007f', '"\\x00\\x1b\\x7f"'],
    ['\\u0012', '"\\\\u0012"'],
    ['Zoë <ops>', '"Zoë <ops>"'],
    ['\u00a0\u2028\ufeff', '"\\u00a0\\u2028\\ufeff"'],
    ['🎉', '"🎉"'],
  ];
  for (const [text, expected] of cases) assert.equal(quoted(text), expected);
  assert.equal(quotedList([]), '[]');
  assert.equal(quotedList(['a', 'b"']), '["a" "b\\""]');
});

test('errors are put together as an aggregate', () => {
  assert.equal(aggregated(['a']), 'a');
  assert.equal(aggregated(['a', 'a']), 'a');
  assert.equal(aggregated(['a', 'b', 'a']), '[a, b]');
});

test('a recent cache keeps what is asked for', () => {
  const cache = new RecentCache<string, number>(2);
  cache.set('a', 1);
  cache.set('b', 2);
  assert.equal(cache.get('a'), 1);
  cache.set('c', 3);
  assert.deepEqual([cache.get('a'), cache.get('b'), cache.get('c'), cache.size], [1, undefined, 3, 2]);
});

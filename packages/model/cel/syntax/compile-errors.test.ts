import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  boolType,
  CelCompileError,
  type CelEnvironment,
  type CelType,
  compile,
  dynType,
  intType,
  objectType,
  stringType,
} from '../index.ts';

const environment: CelEnvironment = {
  minor: 36,
  variables: {
    object: dynType,
    text: stringType,
    count: intType,
    self: objectType('Thing', (name) => (name === 'a' ? stringType : undefined)),
  },
};

function messageOf(text: string, own: CelEnvironment, expected?: CelType): string {
  try {
    compile(text, own, expected);
  } catch (error) {
    assert.ok(error instanceof CelCompileError, String(error));
    return error.message;
  }
  return '';
}

const start =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

/** One issue: text, line, column from 1, message. */
const single: readonly (readonly [text: string, place: string, message: string])[] = [
  ['foo.bar', '1:1', "undeclared reference to 'foo' (in container '')"],
  ['text.unknown()', '1:13', "undeclared reference to 'unknown' (in container '')"],
  ['count > 1 && x', '1:14', "undeclared reference to 'x' (in container '')"],
  ['1 + text', '1:3', "found no matching overload for '_+_' applied to '(int, string)'"],
  ['text.size(1)', '1:10', "found no matching overload for 'size' applied to 'string.(int)'"],
  ['count.startsWith("a")', '1:17', "found no matching overload for 'startsWith' applied to 'int.(string)'"],
  ['self.b == 1', '1:5', "undefined field 'b'"],
  ['text.a', '1:5', "type 'string' does not support field selection"],
  [
    'count.all(x, true)',
    '1:1',
    "expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)",
  ],
  ["[1, 'a']", '1:5', "expected type 'int' but found 'string'"],
  ["count == 1 ? 1 : 'a'", '1:12', "found no matching overload for '_?_:_' applied to '(bool, int, string)'"],
  ['object.all(x.y, true)', '1:13', 'argument must be a simple name'],
  ['object.map(__result__, true)', '1:12', 'iteration variable overwrites accumulator variable'],
  ['object.all(x, x, true)', '1:15', 'duplicate variable name: x'],
  ['has(object)', '1:5', 'invalid argument to has() macro'],
  ['namespace == 1', '1:1', 'reserved identifier: namespace'],
  ['0xFFFFFFFFFFFFFFFFF', '1:1', 'invalid int literal'],
  ['18446744073709551616u', '1:1', 'invalid uint literal'],
  ["'\\uD800'", '1:1', 'invalid unicode code point'],
  ["text.matches('[')", '1:14', 'invalid matches argument'],
  ["duration('1 day')", '1:10', 'invalid duration argument'],
  ["timestamp('2024')", '1:11', 'invalid timestamp argument'],
  ['', '1:1', `Syntax error: mismatched input '<EOF>' expecting ${start}`],
  ['1 +', '1:4', `Syntax error: mismatched input '<EOF>' expecting ${start}`],
  ['1 2', '1:3', "Syntax error: extraneous input '2' expecting <EOF>"],
  ['(1', '1:3', "Syntax error: missing ')' at '<EOF>'"],
  ['count ? 1', '1:10', "Syntax error: mismatched input '<EOF>' expecting ':'"],
  ['object."a"', '1:8', 'Syntax error: no viable alternative at input \'."a"\''],
  ['{a}', '1:3', "Syntax error: mismatched input '}' expecting ':'"],
  ['Object{a: 1}', '1:7', "undeclared reference to 'Object' (in container '')"],
  ["text.includes('a')", '1:14', "undeclared reference to 'includes' (in container '')"],
];

test('an expression that is refused is refused in the words of cel-go', () => {
  for (const [text, place, message] of single) {
    const [first] = messageOf(text, environment).split('\n');
    assert.equal(first, `ERROR: <input>:${place}: ${message}`, text);
  }
});

test('the place of an issue is shown below it, and all issues in order', () => {
  assert.equal(
    messageOf('text ==\n\t"ü" + x', environment),
    `ERROR: <input>:2:8: undeclared reference to 'x' (in container '')\n |  "ü" + x\n | ..．....^`,
  );
  assert.equal(
    messageOf('a + b', environment),
    [
      "ERROR: <input>:1:1: undeclared reference to 'a' (in container '')\n | a + b\n | ^",
      "ERROR: <input>:1:5: undeclared reference to 'b' (in container '')\n | a + b\n | ....^",
    ].join('\n'),
  );
});

test('a result of another type than expected is refused', () => {
  assert.equal(messageOf('1', environment, boolType), 'must evaluate to bool but got int');
  assert.equal(messageOf('object', environment, boolType), 'must evaluate to bool but got dyn');
  assert.equal(messageOf('[{"a": 1}]', environment, boolType), 'must evaluate to bool but got list(map(string, int))');
  assert.equal(messageOf('true', environment, boolType), '');
});

test('a library is there from the minor after the one that brought it, or at once for what is stored', () => {
  const since: readonly (readonly [text: string, minor: number])[] = [
    ["semver('1.2.3').major()", 33],
    ['[3, 1].sort()', 34],
    ['[1].includes(1)', 37],
  ];
  for (const [text, minor] of since) {
    assert.notEqual(messageOf(text, { minor, variables: {} }), '', text);
    assert.equal(messageOf(text, { minor: minor + 1, variables: {} }), '', text);
    assert.equal(messageOf(text, { minor, stored: true, variables: {} }), '', text);
  }
  assert.equal(messageOf('Object{spec: Object.spec{replicas: 1}}', { minor: 36, variables: {}, patchTypes: true }), '');
  assert.equal(
    messageOf("[JSONPatch{op: 'add', path: '/a/' + jsonpatch.escapeKey('b/c'), value: 1}]", {
      minor: 36,
      variables: {},
      patchTypes: true,
    }),
    '',
  );
});

test('depth, length and complexity are bounded', () => {
  const deep = `${'('.repeat(300)}1${')'.repeat(300)}`;
  assert.equal(messageOf(deep, environment), 'ERROR: <input>:-1:0: expression recursion limit exceeded: 250');
  const chain = new Array(400).fill('1').join('+');
  assert.equal(messageOf(chain, environment), 'ERROR: <input>:-1:0: max recursion depth exceeded');
  assert.match(messageOf(`'${'a'.repeat(100_000)}'`, environment), /size exceeds limit: size: 100002, limit 100000/);
  const nested = `[1]${'.map(y, {y: y})'.repeat(100)}`;
  assert.match(messageOf(nested, environment), /too complex/);
  const many = new Array(5_000).fill('count == 1').join(' || ');
  assert.equal(messageOf(many, environment), '');
});

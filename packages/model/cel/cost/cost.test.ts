import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  boolType,
  CelEvaluationError,
  type CelType,
  compile,
  dynType,
  intType,
  listType,
  mapType,
  perCallCostLimit,
  stringType,
  typeOfSchema,
} from '../index.ts';

type Variables = Readonly<Record<string, readonly [CelType, unknown]>>;

const text500 = 'x'.repeat(500);
const bools: Variables = { a: [boolType, false], b: [boolType, false], c: [boolType, false], d: [boolType, false] };

/**
 * What evaluations cost, from cel-go's own table of costs. Literals of constants are made before the evaluation, as
 * Kubernetes has it, so that they cost nothing here.
 */
const costs: readonly (readonly [text: string, cost: number, variables?: Variables])[] = [
  ['"Hello World!"', 0],
  ['input', 1, { input: [listType(intType), [1, 2]] }],
  ["input['key']", 2, { input: [mapType(stringType, stringType), { key: 'v' }] }],
  ['input[0]', 2, { input: [listType(stringType), ['v']] }],
  ["input['ke' + 'y']", 3, { input: [mapType(stringType, stringType), { key: 'v' }] }],
  ['input[3-3]', 3, { input: [listType(stringType), ['v']] }],
  ['has(input.a.b)', 2, { input: [dynType, { a: { b: 1 } }] }],
  ['input.all(x, true)', 2, { input: [listType(intType), []] }],
  ['[1, 2, 3].all(x, true)', 10],
  ["input.matches('[0-9]')", 103, { input: [stringType, text500] }],
  ["'123'.matches('[0-9]')", 2],
  ['a || b || c || d', 4, bools],
  ['1 < 2', 1],
  ['2 in [1, 2, 3]', 0],
  ['true ? 1 : 2', 0],
  ["'12345678901234567890' == '123456789012345678901234567890'", 2],
  ['bytes(input)', 51, { input: [stringType, text500] }],
  ['input.contains(part)', 2502, { input: [stringType, text500], part: [stringType, text500] }],
  ['input.startsWith(part)', 3, { input: [stringType, 'idc'], part: [stringType, text500] }],
  ['input.size()', 2, { input: [stringType, '500'] }],
  ['(x > 2 ? l : m).all(y, true)', 6, { x: [intType, 1], l: [dynType, [1]], m: [dynType, [1]] }],
  ['input.all(k, input[k].n > 3)', 9, { input: [dynType, { val: { n: 0 } }] }],
  ['(l + m).all(x, true)', 4, { l: [listType(intType), []], m: [listType(intType), []] }],
  ['"abcdefg".contains(l + m)', 6, { l: [stringType, 'val1'], m: [stringType, 'val2222222'] }],
  ['(1 > 2 ? 5 : 3) > 1', 2],
  ['[1,2,3,4,5].filter(x, x % 2 == 0)', 42],
  ['[1,2,3,4,5].map(x, x)', 66],
  ['[1,2,3,4,5].map(x, x).exists(x, x == 5) == true', 98],
  ['[1,2,3,4,5].map(x, [x, x]).all(y, y.all(y, y == 1))', 151],
  ['{"a": input}', 31, { input: [intType, 1] }],
  ["'abc'.lowerAscii() + 'abc'.trim()", 3],
  ['[1, 2, 3].sum() + [1, 2, 3].indexOf(2)', 7],
  ["ip('192.168.0.1') == ip('192.168.0.1')", 5],
  ["cidr('192.168.0.0/16').containsIP('192.168.0.1')", 7 - 2],
  ["quantity('1').add(2).isInteger()", 3],
  ["url('https:://kubernetes.io/').getScheme()", 4],
  ['sets.contains([1, 2], [3])', 3],
];

test('an evaluation costs what it costs in Kubernetes', () => {
  for (const [text, cost, variables = {}] of costs) {
    const types = Object.fromEntries(Object.entries(variables).map(([name, [type]]) => [name, type]));
    const values = Object.fromEntries(Object.entries(variables).map(([name, [, value]]) => [name, value]));
    assert.equal(compile(text, { minor: 36, variables: types }).evaluate(values).cost, cost, text);
  }
});

/** What evaluations can cost, from Kubernetes' table of costs. */
const estimates: readonly (readonly [text: string, min: number, max: number])[] = [
  ['[1, 2, 3, 4, 5].sum()', 15, 15],
  ["'01234567890123456789012345678901234567890123456789'.indexOf('123')", 5, 5],
  ["url('https:://kubernetes.io/').getScheme()", 4, 4],
  ["url('https:://kubernetes.io/') == url('https:://kubernetes.io/')", 7, 9],
  ["ip('2001:db8:3333:4444:5555:6666:7777:8888').family()", 5, 5],
  ["ip.isCanonical('192.168.0.1')", 3, 3],
  ['a || b', 1, 2],
  ['a ? 1 : 2', 1, 1],
];

test('an estimate is what Kubernetes estimates', () => {
  for (const [text, min, max] of estimates) {
    const program = compile(text, { minor: 36, variables: { a: boolType, b: boolType } });
    assert.deepEqual(program.estimateCost(), { min, max }, text);
  }
});

test('an estimate takes sizes from the bounds of a schema', () => {
  const list = (maxItems: number | undefined) =>
    typeOfSchema({
      type: 'object',
      properties: {
        items: {
          type: 'array',
          items: { type: 'string', maxLength: 10 },
          ...(maxItems === undefined ? {} : { maxItems }),
        },
      },
    })!;
  const most = (text: string, maxItems: number | undefined) =>
    compile(text, { minor: 36, variables: { self: list(maxItems) } }).estimateCost().max;
  // Each element: the condition 2, the accumulator 1, the name 1, the comparison of at most 1 character 1.
  assert.equal(most("self.items.all(x, x == 'a')", 5), 2 + 5 * 5 + 1);
  assert.ok(most("self.items.all(x, x == 'a')", undefined) > 1_000_000);
  assert.ok(most('self.items.all(x, self.items.all(y, x == y))', 10) < 2_000);
});

test('an evaluation that costs too much is ended', () => {
  const variables = { l: dynType, s: dynType };
  const values = { l: Array.from({ length: 20_000 }, (_, position) => position), s: 'a'.repeat(300_000) };
  const hostile = [
    'l.all(x, l.all(y, x == y || true))',
    'l.map(x, l.map(y, y)).size() > 0',
    'l.all(x, s.size() > 0) && l.all(x, s.matches("(a+)+b") || true)',
    'l.all(x, l == l)',
    'l.map(x, s.split("")).size() > 0',
    'l.all(x, dyn(s) + dyn(s) != "")',
    'l.map(x, [l, l].flatten()).size() > 0',
    'l.all(x, timestamp("2024-01-01T00:00:00Z").getHours("Asia/Seoul") >= 0)',
    `[s]${'.map(x, dyn(x) + dyn(x))'.repeat(40)}.size() > 0`,
  ];
  for (const text of hostile) {
    const program = compile(text, { minor: 36, variables });
    assert.throws(
      () => program.evaluate(values),
      (error) => {
        assert.ok(error instanceof CelEvaluationError, text);
        assert.equal(error.message, 'operation cancelled: actual cost limit exceeded', text);
        assert.equal(error.reason, 'budget');
        assert.ok(error.cost < 2 * perCallCostLimit);
        return true;
      },
    );
  }
  assert.throws(() => compile('1 + 1 == 2', { minor: 36, variables: {} }).evaluate({}, { costLimit: 1 }), {
    reason: 'budget',
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pick, type Random, randomInteger, SeededRandom } from '@keelson/base';
import { languageCases, libraryCases, macroCases, optionalCases } from './evaluate/expressions.cases.ts';
import { CelCompileError, CelEvaluationError, compile, dynType, intType, listType, stringType } from './index.ts';
import { functionsOf } from './library/functions.ts';

const seed = Number(process.env['KEELSON_SEED'] ?? 20_261_121);
const rounds = 6_000;

const variables = { object: dynType, n: intType, s: stringType, l: listType(intType) };
const object = JSON.parse(
  '{"a":{"b":[1,2,{"c":null}],"__proto__":{"x":1}},"t":"2024-01-01T00:00:00Z","f":1.5,"e":"","big":9007199254740993}',
);
const bindings = { object, n: -7, s: 'aé😀z', l: [3, 1, 2] };

const corpus = [...languageCases, ...optionalCases, ...macroCases, ...libraryCases].map(([text]) => text);
const functions = [...functionsOf(36, true).overloads.keys()];
const atoms = [
  'object',
  'n',
  's',
  'l',
  'object.a',
  'object.a.b',
  '1',
  '-1',
  '0',
  '2u',
  '1.5',
  "''",
  "'x'",
  "b'x'",
  'null',
  'true',
  '[]',
  '{}',
  '[1, 2]',
  "{'a': 1}",
  '9223372036854775807',
  "duration('1s')",
  "timestamp('2024-01-01T00:00:00Z')",
  'type(1)',
  'optional.none()',
  'optional.of(1)',
  "quantity('1')",
  "ip('::1')",
  "cidr('::/0')",
  "semver('1.0.0')",
  "url('/')",
  'dyn(1)',
  'dyn(s)',
  'dyn([1])',
  'x',
];
const shapes = [
  'A + B',
  'A - B',
  'A * B',
  'A / B',
  'A % B',
  'A == B',
  'A < B',
  'A in B',
  'A && B',
  'A || B',
  '!A',
  '-A',
  'A ? B : A',
  'A[B]',
  'A[?B]',
  'A.a',
  'A.?a',
  'has(A.a)',
  'A.all(x, B)',
  'A.map(x, B)',
  'A.filter(x, B)',
  'A.exists_one(x, B)',
  'A.transformMap(x, y, B)',
  'A.transformList(i, x, B)',
  'A.optMap(x, B)',
  'A.sortBy(x, B)',
  'F(A)',
  'A.F()',
  'A.F(B)',
  'F(A, B)',
  'A.F(B, A)',
  '(A)',
  '[A, B]',
  '{A: B}',
  '[?A]',
  'Object{a: A}',
  'A == dyn(B)',
  'dyn(A) + B',
  'dyn(A).F(B)',
];

function generate(random: Random, depth: number): string {
  if (depth === 0) return pick(random, atoms);
  return pick(random, shapes).replace(/\b[ABF]\b/g, (slot) =>
    slot === 'F' ? pick(random, functions) : generate(random, randomInteger(random, depth)),
  );
}

/** A known expression with some characters lost, doubled or replaced. */
function mutate(random: Random, text: string): string {
  const at = randomInteger(random, text.length + 1);
  const length = randomInteger(random, 4);
  const junk = pick(random, [
    '',
    '(',
    ')',
    '"',
    "'",
    '\\',
    '.',
    '?',
    '{',
    ']',
    '\u0000',
    '😀',
    '@',
    '1e999',
    ' in ',
    '--',
    text,
  ]);
  return text.slice(0, at) + junk + text.slice(at + length);
}

test(`whatever is compiled and evaluated fails in one of two ways at most, within its cost (seed ${seed})`, () => {
  const random = new SeededRandom(seed);
  let evaluated = 0;
  for (let round = 0; round < rounds; round += 1) {
    const text = round % 2 === 0 ? generate(random, 4) : mutate(random, pick(random, corpus));
    try {
      const program = compile(text, { minor: 36, variables, patchTypes: true });
      const estimate = program.estimateCost();
      assert.ok(estimate.min >= 0 && estimate.min <= estimate.max, `${text}: ${JSON.stringify(estimate)}`);
      evaluated += 1;
      const result = program.evaluate(bindings, { costLimit: 100_000 });
      assert.ok(result.cost <= 100_000, text);
      JSON.stringify(result.value, (_key, value) => (typeof value === 'bigint' ? String(value) : value));
    } catch (error) {
      const known = error instanceof CelCompileError || error instanceof CelEvaluationError;
      if (!known) throw new Error(`${text}: ${error instanceof Error ? error.stack : error}`);
    }
  }
  assert.ok(evaluated > rounds / 20, `only ${evaluated} of ${rounds} could be evaluated`);
});

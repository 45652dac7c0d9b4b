import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JSONSchemaProps } from '../generated/types/apiextensions-v1.ts';
import { lines } from '../kinds/testing/refusals.ts';
import { fieldErrorsOf } from './schema-problem.ts';
import { validateValue } from './value-validator.ts';

function object(properties: Record<string, unknown>, more: object = {}): JSONSchemaProps {
  return { type: 'object', properties, ...more } as JSONSchemaProps;
}

const text = { type: 'string' };
const twice = { a: 1, b: 2 };

// What is wrong, in kube-apiserver's words; nothing: the value is as its schema says.
const cases: [string, JSONSchemaProps, unknown, string[]][] = [
  ['a text', object({ a: text }), { a: 'x' }, []],
  [
    'no text',
    object({ a: text }),
    { a: 1 },
    ['a: Invalid value: "integer": a in body must be of type string: "integer"'],
  ],
  ['null', object({ a: text }), { a: null }, ['a: Invalid value: "null": a in body must be of type string: "null"']],
  ['null that may be', object({ a: { type: 'string', nullable: true } }), { a: null }, []],
  ['a whole number for a number', object({ a: { type: 'number' } }), { a: 1 }, []],
  [
    'a broken number',
    object({ a: { type: 'integer' } }),
    { a: 1.5 },
    ['a: Invalid value: "number": a in body must be of type integer: "number"'],
  ],
  ['what is missing', object({ a: text }, { required: ['a', 'b'] }), { a: 'x' }, ['b: Required value']],
  ['what is missing further in', object({ a: object({}, { required: ['b'] }) }), { a: {} }, ['a.b: Required value']],
  [
    'one of others',
    object({ a: { type: 'string', enum: ['x', 'y'] } }),
    { a: 'z' },
    ['a: Unsupported value: "z": supported values: "x", "y"'],
  ],
  [
    'too long',
    object({ a: { type: 'string', maxLength: 2 } }),
    { a: 'xyz' },
    ['a: Too long: may not be more than 2 bytes'],
  ],
  ['as long as its characters', object({ a: { type: 'string', maxLength: 2 } }), { a: '😀😀' }, []],
  [
    'too short',
    object({ a: { type: 'string', minLength: 1 } }),
    { a: '' },
    ['a: Invalid value: "": a in body should be at least 1 chars long'],
  ],
  [
    'another pattern',
    object({ a: { type: 'string', pattern: '^a+$' } }),
    { a: 'b' },
    [`a: Invalid value: "b": a in body should match '^a+$'`],
  ],
  [
    'too many elements',
    object({ a: { type: 'array', maxItems: 1, items: text } }),
    { a: ['x', 'y'] },
    ['a: Too many: 2: must have at most 1 item'],
  ],
  [
    'too few elements',
    object({ a: { type: 'array', minItems: 1, items: text } }),
    { a: [] },
    ['a: Invalid value: 0: a in body should have at least 1 items'],
  ],
  [
    'an element',
    object({ a: { type: 'array', items: text } }),
    { a: ['x', {}] },
    ['a[1]: Invalid value: "object": a[1] in body must be of type string: "object"'],
  ],
  [
    'a value of a map',
    object({ a: { type: 'object', additionalProperties: { type: 'boolean' } } }),
    { a: { k: 'x' } },
    ['a.k: Invalid value: "string": a.k in body must be of type boolean: "string"'],
  ],
  [
    'too many properties',
    object({ a: { type: 'object', maxProperties: 1 } }),
    { a: twice },
    ['a: Too many: 2: must have at most 1 item'],
  ],
  [
    'a number out of bounds',
    object({ a: { type: 'integer', minimum: 5, exclusiveMinimum: true }, b: { type: 'number', maximum: 1.5 } }),
    { a: 5, b: 2.5 },
    [
      'a: Invalid value: 5: a in body should be greater than 5',
      'b: Invalid value: 2.5: b in body should be less than or equal to 1.5',
    ],
  ],
  [
    'no multiple',
    object({ a: { type: 'integer', multipleOf: 3 } }),
    { a: 4 },
    ['a: Invalid value: 4: a in body should be a multiple of 3'],
  ],
  [
    'a format',
    object({ a: { type: 'string', format: 'date-time' }, b: { type: 'string', format: 'own' } }),
    { a: 'x', b: 'y' },
    ['a: Invalid value: "x": a in body must be of type date-time: "x"'],
  ],
  [
    'none of several',
    object({ a: { anyOf: [{ required: ['x'] }, { required: ['y'] }] } }),
    { a: {} },
    ['<nil>: Invalid value: "": "a" must validate at least one schema (anyOf)', 'a.x: Required value'],
  ],
  [
    'two of what must be one',
    object({ a: { oneOf: [{ required: ['a'] }, { required: ['b'] }] } }),
    { a: twice },
    ['<nil>: Invalid value: "": "a" must validate one and only one schema (oneOf). Found 2 valid alternatives'],
  ],
  [
    'not all',
    object({ a: { allOf: [{ required: ['a'] }, { required: ['c'] }] } }),
    { a: twice },
    ['a.c: Required value', '<nil>: Invalid value: "": "a" must validate all the schemas (allOf)'],
  ],
  [
    'what must not be',
    object({ a: { not: { required: ['a'] } } }),
    { a: twice },
    ['<nil>: Invalid value: "": "a" must not validate the schema (not)'],
  ],
  [
    'names that objects inherit',
    object({ a: text }, { required: ['constructor'] }),
    { a: 'x' },
    ['constructor: Required value'],
  ],
];

test("what is wrong with a value is told by its field, in upstream's words", async (t) => {
  for (const [title, schema, value, expected] of cases)
    await t.test(title, () => assert.deepEqual(lines(fieldErrorsOf(validateValue(schema, value), '')), expected));
});

test('a value inside an object is named with its place', () => {
  const errors = fieldErrorsOf(validateValue(object({ a: text }), { a: 1 }), 'status');
  assert.deepEqual(lines(errors), ['status.a: Invalid value: "integer": a in body must be of type string: "integer"']);
});

test('what was wrong before and is as it was is let be', () => {
  const elements = { type: 'array', items: object({ k: text, v: { type: 'integer', maximum: 3 } }) };
  const keyed = { ...elements, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'] };
  const schema = object({
    a: { type: 'string', maxLength: 1 },
    b: { type: 'string', maxLength: 1 },
    l: elements,
    m: keyed,
  });
  const list = (v: number) => [
    { k: 'x', v: 9 },
    { k: 'y', v },
  ];
  const old = { a: 'long', b: 'long', l: list(1), m: list(1) };
  const value = { a: 'long', b: 'longer', l: list(2), m: list(2) };
  assert.deepEqual(
    validateValue(schema, value, { old }).map(({ name }) => name),
    ['b', 'l[0].v'],
  );
  assert.deepEqual(validateValue(schema, old, { old }), []);
});

test('a hostile schema costs bounded time', () => {
  const anyOf = Array.from({ length: 3000 }, (_, index) => ({ enum: [`x${index}`] }));
  const value = Array.from({ length: 3000 }, () => 'y');
  const problems = validateValue({ type: 'array', items: { type: 'string', anyOf } }, value);
  assert.deepEqual(
    problems.map(({ message }) => message),
    ['validation takes too long'],
  );
});

import { pick, type Random, randomInteger } from '@keelson/base';
import type { Scalar, ValueType } from '../tables/field-expression.ts';
import { structType } from '../tables/struct-type.ts';

const text = (random: Random) => pick(random, ['', 'a', 'two words', 'ü€😀', '1', '__proto__', 'x'.repeat(200)]);
const integer = (random: Random) => pick(random, [0, 1, -1, 127, 128, 300, 2 ** 31 - 1, -(2 ** 31)]);

const scalars: Readonly<Record<Scalar, (random: Random) => unknown>> = {
  string: text,
  bool: (random) => pick(random, [true, false]),
  int32: integer,
  int64: (random) => pick(random, [integer(random), 2 ** 40, Number.MAX_SAFE_INTEGER, -(2 ** 50)]),
  double: (random) => pick(random, [0, 1.5, -2, 1e300]),
  bytes: (random) => Buffer.from(random.bytes(randomInteger(random, 40))).toString('base64'),
  time: (random) => pick(random, ['2026-01-02T03:04:05Z', '1970-01-01T00:00:01Z', '1969-12-31T23:59:59Z']),
  microTime: (random) => pick(random, ['2026-01-02T03:04:05.000001Z', '2026-01-02T03:04:05.999999Z']),
  duration: (random) => pick(random, ['0s', '1m30s', '1.5s', '2h0m0s', '-1ms']),
  quantity: (random) => pick(random, ['0', '100m', '1Gi', '1500', '1e3', '-5']),
  intOrString: (random) => pick<unknown>(random, [0, 80, -1, '', 'web', '25%']),
  raw: (random) => ({
    apiVersion: 'v1',
    kind: 'Any',
    value: pick<unknown>(random, [1, null, [], { a: text(random) }]),
  }),
  json: (random) => pick<unknown>(random, [0, 'x', false, [1, { b: null }], { a: 1 }]),
  fieldsV1: () => ({ 'f:metadata': { 'f:name': {} } }),
};

function value(random: Random, type: ValueType, depth: number): unknown {
  if (type.form === 'scalar') return scalars[type.scalar](random);
  if (type.form === 'struct') return struct(random, type.name, depth + 1);
  if (type.form === 'choice') return choice(random, type.choices, depth);
  const count = depth > 6 ? 0 : randomInteger(random, 3);
  if (type.form === 'list') return Array.from({ length: count }, () => value(random, type.element, depth));
  const keys = ['a', 'b/c', ''].slice(0, count);
  return Object.fromEntries(keys.map((key) => [key, value(random, type.element, depth)]));
}

/** The second of two forms in JSON is a truth value or a list; false has no schema beside it. */
function choice(random: Random, choices: readonly ValueType[], depth: number): unknown {
  return value(random, depth > 6 ? choices.at(-1)! : pick(random, choices), depth + 1);
}

/** Some of the fields of a struct; ever fewer the deeper it lies. */
function struct(random: Random, name: string, depth: number): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const field of structType(name).fields.values()) {
    // Which kind it is, protobuf says of the outermost object alone.
    if (field.name === 'apiVersion' || field.name === 'kind') continue;
    if (randomInteger(random, 1 + Math.min(depth, 4)) === 0 && depth < 9)
      object[field.name] = value(random, field.type, depth);
  }
  return object;
}

/** Some object of a type of the tables, without apiVersion and kind: its fields' types are right, and their values are not. */
export function typedObject(random: Random, type: string): Record<string, unknown> {
  return struct(random, type, 0);
}

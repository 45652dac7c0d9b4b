import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pick, randomInteger, SeededRandom } from '@keelson/base';
import { catalogueFor, newestMinor } from '../../catalogue/kubernetes-catalogue.ts';
import published from '../../generated/kubernetes-resources.json' with { type: 'json' };
import type { ApiObject } from '../../object.ts';
import type { Scalar, ValueType } from '../../tables/field-expression.ts';
import { structType } from '../../tables/struct-type.ts';
import { decodeObject, normalize, protobufMediaType } from '../decode.ts';
import { encodeMessage, encodeProtobuf, hasProtobuf, protobufEnvelope } from './envelope.ts';

const text = (random: SeededRandom) => pick(random, ['', 'a', 'two words', 'ü€😀', '1', '__proto__', 'x'.repeat(200)]);
const integer = (random: SeededRandom) => pick(random, [0, 1, -1, 127, 128, 300, 2 ** 31 - 1, -(2 ** 31)]);

const scalars: Readonly<Record<Scalar, (random: SeededRandom) => unknown>> = {
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

function value(random: SeededRandom, type: ValueType, depth: number): unknown {
  if (type.form === 'scalar') return scalars[type.scalar](random);
  if (type.form === 'struct') return struct(random, type.name, depth + 1);
  if (type.form === 'choice') return choice(random, type.choices, depth);
  const count = depth > 6 ? 0 : randomInteger(random, 3);
  if (type.form === 'list') return Array.from({ length: count }, () => value(random, type.element, depth));
  const keys = ['a', 'b/c', ''].slice(0, count);
  return Object.fromEntries(keys.map((key) => [key, value(random, type.element, depth)]));
}

/** The second of two forms in JSON is a truth value or a list; false has no schema beside it. */
function choice(random: SeededRandom, choices: readonly ValueType[], depth: number): unknown {
  return value(random, depth > 6 ? choices.at(-1)! : pick(random, choices), depth + 1);
}

/** Some of the fields of a struct; ever fewer the deeper it lies. */
function struct(random: SeededRandom, name: string, depth: number): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const field of structType(name).fields.values()) {
    // Which kind it is, protobuf says of the outermost object alone.
    if (field.name === 'apiVersion' || field.name === 'kind') continue;
    if (randomInteger(random, 1 + Math.min(depth, 4)) === 0 && depth < 9)
      object[field.name] = value(random, field.type, depth);
  }
  return object;
}

/** Without what says nothing: protobuf has it either always or never. */
function said(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(said);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => [key, said(inner)]);
  return Object.fromEntries(entries.filter(([, inner]) => !isNothing(inner)));
}

function isNothing(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === 0 || value === '0' || value === '';
}

const kinds = published.resources.map(({ group, version, kind, type }) => ({
  apiVersion: group === '' ? version : `${group}/${version}`,
  kind,
  type,
}));

for (const seed of ['one', 'two']) {
  test(`every kind of the tables is the same after it was protobuf (seed ${seed})`, () => {
    for (const { apiVersion, kind, type } of kinds) {
      assert.ok(hasProtobuf(type), type);
      for (let count = 0; count < 12; count++) {
        const random = new SeededRandom(`${seed}/${type}/${count}`);
        const { object } = normalize(type, { ...struct(random, type, 0), apiVersion, kind });
        const bytes = encodeProtobuf(type, object);
        const back = decodeObject(type, bytes, protobufMediaType).object;
        assert.deepEqual(said(back), said(object), `${seed}/${type}/${count}`);
        assert.deepEqual(Buffer.from(encodeProtobuf(type, back)), Buffer.from(bytes));
        const alone = protobufEnvelope({ apiVersion, kind }, encodeMessage(type, object as ApiObject));
        assert.deepEqual(Buffer.from(alone), Buffer.from(bytes));
      }
    }
  });
}

test('what was never of Go has no protobuf', () => {
  const resources = catalogueFor(newestMinor).stored();
  assert.ok(resources.every(({ type }) => hasProtobuf(type)));
  assert.equal(hasProtobuf('meta/v1.Table'), false);
  assert.equal(hasProtobuf('ec2.keelson.dev/v1.Instance'), false);
  assert.equal(hasProtobuf('nothing/v1.Nothing'), false);
});

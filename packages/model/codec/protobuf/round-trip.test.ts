import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '@keelson/base';
import { catalogueFor, newestMinor } from '../../catalogue/kubernetes-catalogue.ts';
import published from '../../generated/kubernetes-resources.json' with { type: 'json' };
import type { ApiObject } from '../../object.ts';
import { typedObject } from '../../testing/typed-object.ts';
import { decodeObject, normalize, protobufMediaType } from '../decode.ts';
import { encodeMessage, encodeProtobuf, hasProtobuf, protobufEnvelope } from './envelope.ts';

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
        const { object } = normalize(type, { ...typedObject(random, type), apiVersion, kind });
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

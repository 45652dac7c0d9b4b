import assert from 'node:assert/strict';
import { test } from 'node:test';
import { typeNames } from '../../tables/struct-type.ts';
import { decodeObject, normalize, protobufMediaType } from '../decode.ts';
import { DecodeError } from '../decode-error.ts';
import { messageWriter } from './encode-message.ts';
import { encodeProtobuf } from './envelope.ts';
import { durationNanoseconds, durationText } from './go-duration.ts';

function throughProtobuf(type: string, object: object) {
  const normal = normalize(type, object).object;
  return { normal, back: decodeObject(type, encodeProtobuf(type, normal), protobufMediaType).object };
}

test('the bytes of a small object, as upstream writes them', () => {
  const bytes = encodeProtobuf('core/v1.ServiceAccount', {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'n', creationTimestamp: '2026-01-02T03:04:05Z' },
    secrets: [{ name: 's' }],
    automountServiceAccountToken: false,
  });
  const expected = [
    '6b387300', // the prefix
    '0a14 0a02 7631 120e 53657276696365 4163636f756e74', // TypeMeta: v1 ServiceAccount
    '122e', // the object
    '0a19 0a016e 1200 1a00 2200 2a00 3200 3800', // metadata: names, uid, revision, generation
    '4208 08a5ebdcca06 1000', // creationTimestamp: seconds and nanoseconds
    '120f 0a00 1200 1a0173 2200 2a00 3200 3a00', // secrets: an ObjectReference
    '2000', // automountServiceAccountToken
    '1a00 2200', // no encoding, no content type
  ];
  assert.equal(Buffer.from(bytes).toString('hex'), expected.join('').replaceAll(' ', ''));
  assert.deepEqual(
    decodeObject('core/v1.ServiceAccount', bytes, protobufMediaType).object,
    normalize('core/v1.ServiceAccount', {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'n', creationTimestamp: '2026-01-02T03:04:05Z' },
      secrets: [{ name: 's' }],
      automountServiceAccountToken: false,
    }).object,
  );
});

const objects: [string, object][] = [
  [
    'core/v1.Pod',
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', labels: { a: 'b', '': 'x' }, generation: -1 },
      spec: {
        volumes: [{ name: 'v', configMap: { name: 'c', defaultMode: 420 } }],
        containers: [
          {
            name: 'c',
            args: ['', 'ü'],
            readinessProbe: { httpGet: { port: 'web', path: '/' }, periodSeconds: 3 },
            livenessProbe: { tcpSocket: { port: 80 } },
            resources: { limits: { cpu: '1500m', memory: '1Gi' } },
          },
        ],
        terminationGracePeriodSeconds: 0,
      },
    },
  ],
  ['core/v1.Secret', { apiVersion: 'v1', kind: 'Secret', data: { a: 'AAEC/w==', empty: '' }, type: 'Opaque' }],
  ['coordination/v1.Lease', { spec: { renewTime: '2026-01-02T03:04:05.000120Z', leaseDurationSeconds: 40 } }],
  [
    'authentication/v1.TokenReview',
    { spec: { token: 't' }, status: { user: { username: 'u', extra: { 'a/b': ['1', '2'] } }, authenticated: true } },
  ],
  [
    'apiextensions/v1.CustomResourceDefinition',
    {
      spec: {
        versions: [
          {
            name: 'v1',
            schema: {
              openAPIV3Schema: {
                additionalProperties: false,
                maximum: 1.5,
                default: { a: [1, null] },
                items: [{ type: 'string' }],
                properties: { a: { items: { type: 'object' }, additionalProperties: { type: 'string' } } },
              },
            },
          },
        ],
      },
    },
  ],
  ['policy/v1.PodDisruptionBudget', { status: { disruptedPods: { a: '2026-01-02T03:04:05Z', b: null } } }],
];

for (const [type, object] of objects) {
  test(`a ${type} is the same after it was protobuf`, () => {
    const { normal, back } = throughProtobuf(type, object);
    assert.deepEqual(back, normal);
  });
}

test('every type can be written', () => {
  for (const name of typeNames()) assert.equal(typeof messageWriter(name), 'function');
});

test('bytes that are no protobuf are refused', () => {
  const whole = encodeProtobuf('core/v1.Pod', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } });
  const decode = (bytes: Uint8Array) => decodeObject('core/v1.Pod', bytes, protobufMediaType);
  const prefix = 'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]';
  assert.throws(() => decode(Buffer.from('{}')), new DecodeError(prefix));
  for (let length = 5; length < whole.length - 4; length++) {
    try {
      decode(whole.subarray(0, length));
    } catch (thrown) {
      assert.ok(thrown instanceof DecodeError, `${length}: ${thrown}`);
    }
  }
  assert.throws(() => decode(whole.subarray(0, whole.length - 10)), DecodeError);
  const huge = Buffer.concat([Buffer.from('k8s\0'), Buffer.from([0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])]);
  assert.throws(() => decode(huge), new DecodeError('unexpected EOF'));
});

test('durations as Go writes them', () => {
  for (const text of ['0s', '1ns', '1.5µs', '2ms', '1.5s', '1m30s', '1h0m0s', '-2h0m0.5s']) {
    assert.equal(durationText(durationNanoseconds(text)), text);
  }
  assert.equal(durationText(durationNanoseconds('90s')), '1m30s');
});

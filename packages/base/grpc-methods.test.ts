import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grpcMethods } from './grpc-methods.ts';

const methodOf = grpcMethods({
  nested: {
    some: {
      nested: {
        Inner: { fields: { at: { type: 'int64', id: 1 } } },
        Message: {
          fields: {
            snake_case: { type: 'string', id: 1 },
            inner: { type: 'Inner', id: 2 },
            names: { rule: 'repeated', type: 'string', id: 3 },
            labels: { keyType: 'string', type: 'string', id: 4 },
            body: { type: 'bytes', id: 5 },
          },
        },
        Echo: { methods: { Say: { requestType: 'Message', responseType: 'Message' } } },
      },
    },
  },
});

test('what is sent comes back with every field', () => {
  const { path, requestSerialize, responseDeserialize } = methodOf('some.Echo', 'Say');
  assert.equal(path, '/some.Echo/Say');
  assert.deepEqual(requestSerialize({ snake_case: 'a' }), Buffer.from([0x0a, 1, 0x61]));
  const message = { snake_case: 'a', inner: { at: 2 ** 53 }, names: ['b'], labels: { c: 'd' }, body: Buffer.from('e') };
  assert.deepEqual(responseDeserialize(requestSerialize(message)), message);
  const empty = { snake_case: '', inner: null, names: [], labels: {}, body: Buffer.alloc(0) };
  assert.deepEqual(responseDeserialize(Buffer.alloc(0)), { ...empty, body: responseDeserialize(Buffer.alloc(0)).body });
});

test('a method that the schema does not have is refused', () => {
  assert.throws(() => methodOf('some.Echo', 'Shout'), /the service some\.Echo has no method Shout/);
  assert.throws(() => methodOf('some.Other', 'Say'), /no such/);
});

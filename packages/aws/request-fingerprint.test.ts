import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestFingerprint } from './request-fingerprint.ts';

test('the same request has the same fingerprint, whatever its order and token', () => {
  const one = requestFingerprint(
    { name: 'a', tags: { x: '1', y: '2' }, at: new Date(5), clientRequestToken: 't' },
    'clientRequestToken',
  );
  const same = requestFingerprint(
    { clientRequestToken: 'u', at: new Date(5), tags: { y: '2', x: '1' }, name: 'a', none: undefined },
    'clientRequestToken',
  );
  assert.equal(one, same);
  assert.notEqual(
    one,
    requestFingerprint({ name: 'a', tags: { x: '1', y: '3' }, at: new Date(5) }, 'clientRequestToken'),
  );
  assert.notEqual(requestFingerprint({ list: ['a', 'b'] }, 't'), requestFingerprint({ list: ['b', 'a'] }, 't'));
});

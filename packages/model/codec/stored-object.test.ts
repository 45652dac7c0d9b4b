import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeStored, encodeObject, splicePoint, spliceRevision } from './stored-object.ts';

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

test('stored bytes begin with apiVersion, kind and metadata and have no revision', () => {
  const stored = encodeObject({
    spec: { nodeName: 'ü' },
    metadata: { name: 'a', resourceVersion: '7' },
    kind: 'Pod',
    apiVersion: 'v1',
  });
  assert.equal(text(stored), '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"nodeName":"ü"}}');
  assert.equal(
    text(spliceRevision(stored, '12')),
    '{"apiVersion":"v1","kind":"Pod","metadata":{"resourceVersion":"12","name":"a"},"spec":{"nodeName":"ü"}}',
  );
  assert.equal(text(stored.subarray(0, splicePoint(stored))), '{"apiVersion":"v1","kind":"Pod","metadata":{');
  assert.deepEqual(decodeStored(stored, '12').metadata, { name: 'a', resourceVersion: '12' });
});

test('empty metadata and nothing else', () => {
  const stored = encodeObject({ apiVersion: 'v1', kind: 'Pod' });
  assert.equal(text(stored), '{"apiVersion":"v1","kind":"Pod","metadata":{}}');
  assert.equal(
    text(spliceRevision(stored, '1')),
    '{"apiVersion":"v1","kind":"Pod","metadata":{"resourceVersion":"1"}}',
  );
});

test('a kind that looks like metadata does not mislead', () => {
  const stored = encodeObject({ apiVersion: 'v1', kind: '"metadata":{', metadata: { name: 'a' } });
  assert.deepEqual(JSON.parse(text(spliceRevision(stored, '3'))).metadata, { resourceVersion: '3', name: 'a' });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldError } from '../field-error.ts';
import { environmentNameProblems, nameProblems, portNameProblems, qualifiedNameProblems } from './names.ts';
import { sameValue } from './same-value.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from './validate-metadata.ts';

const texts = (errors: FieldError[]) => errors.map((error) => `${error.field}: ${error.message}`);

test('names that are not well formed get upstream texts', () => {
  const subdomain =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
  const label =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
  assert.deepEqual(nameProblems('dnsSubdomain', 'Web'), [subdomain]);
  assert.deepEqual(nameProblems('dnsSubdomain', 'a\n'), [subdomain]);
  assert.deepEqual(nameProblems('dnsLabel', '-a'), [label]);
  assert.deepEqual(nameProblems('dnsLabel', 'a.b'), ['must not contain dots']);
  assert.deepEqual(nameProblems('dnsLabel', 'a'.repeat(64)), ['must be no more than 63 bytes']);
  assert.deepEqual(nameProblems('pathSegment', 'a/b%'), ["may not contain '/'", "may not contain '%'"]);
  assert.deepEqual(nameProblems('pathSegment', 'system:node'), []);
  assert.equal(nameProblems('dns1035Label', '1a').length, 1);
  assert.deepEqual(qualifiedNameProblems('/a'), ['prefix part must be non-empty']);
  assert.equal(qualifiedNameProblems('a/').length, 2);
  assert.deepEqual(portNameProblems('-'), [
    'must contain at least one letter (a-z)',
    'must not begin or end with a hyphen',
  ]);
  assert.deepEqual(environmentNameProblems('1 odd.name'), []);
  assert.equal(environmentNameProblems('a=b').length, 1);
});

test('metadata of a new object', () => {
  const namespaced = { namespaced: true };
  assert.deepEqual(texts(validateObjectMeta({ name: 'a', namespace: 'b', generateName: 'a-' }, namespaced)), []);
  assert.deepEqual(texts(validateObjectMeta({}, namespaced)), [
    'metadata.name: Required value: name or generateName is required',
    'metadata.namespace: Required value',
  ]);
  assert.deepEqual(texts(validateObjectMeta({ name: 'a', namespace: 'b' }, { namespaced: false })), [
    'metadata.namespace: Forbidden: not allowed on this type',
  ]);
  const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: '', controller: true };
  const errors = validateObjectMeta(
    {
      name: 'a',
      namespace: 'b',
      annotations: { 'Example.com/X': 'y'.repeat(256 * 1024) },
      ownerReferences: [owner, { ...owner, name: 'q', uid: '1' }],
      finalizers: ['mine'],
    },
    namespaced,
  );
  assert.deepEqual(
    texts(errors).map((text) => text.replace(/Invalid value: \[\{.*\}\]/, 'Invalid value: […]')),
    [
      'metadata.annotations: Too long: may not be more than 262144 bytes',
      'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
      'metadata.ownerReferences: Invalid value: […]: Only one reference can have Controller set to true. Found "true" in references for Pod/p and Pod/q',
      'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
    ],
  );
});

test('a change of metadata', () => {
  const previous = { name: 'a', namespace: 'b', uid: '1', generation: 3, deletionTimestamp: '2026-01-01T00:00:00Z' };
  assert.deepEqual(texts(validateObjectMetaUpdate(previous, previous)), []);
  assert.deepEqual(
    texts(validateObjectMetaUpdate({ ...previous, name: 'c', generation: 2, finalizers: ['a.b/c'] }, previous)),
    [
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a.b/c"}',
      'metadata.generation: Invalid value: 2: must not be decremented',
      'metadata.name: Invalid value: "c": field is immutable',
    ],
  );
});

test('absent and empty are the same value', () => {
  assert.equal(sameValue({ a: [], b: '' }, {}), true);
  assert.equal(sameValue({ a: { b: 1, c: 2 } }, { a: { c: 2, b: 1 } }), true);
  assert.equal(sameValue({ a: 0 }, {}), false);
  assert.equal(sameValue({ a: false }, {}), false);
  assert.equal(sameValue([1, 2], [2, 1]), false);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject, ObjectMeta } from '@keelson/model';
import { decideClaim } from './claim.ts';

const owner: ApiObject = { metadata: { name: 'o', namespace: 'n', uid: 'U' } };
const going: ApiObject = { metadata: { ...owner.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
const own = [{ apiVersion: 'v1', kind: 'K', name: 'o', uid: 'U', controller: true }];
const other = [{ apiVersion: 'v1', kind: 'K', name: 'x', uid: 'X', controller: true }];

const table: readonly (readonly [string, ApiObject, ObjectMeta, boolean, string])[] = [
  ['its own', owner, { ownerReferences: own }, true, 'own'],
  ['its own, selected no more', owner, { ownerReferences: own }, false, 'release'],
  ['its own while it goes', going, { ownerReferences: own }, true, 'own'],
  ['its own, selected no more, while it goes', going, { ownerReferences: own }, false, 'ignore'],
  ["another's", owner, { ownerReferences: other }, true, 'ignore'],
  ['an orphan', owner, {}, true, 'adopt'],
  ['an orphan of another namespace', owner, { namespace: 'z' }, true, 'ignore'],
  ['an orphan it does not select', owner, {}, false, 'ignore'],
  ['an orphan that goes', owner, { deletionTimestamp: '2026-01-01T00:00:00Z' }, true, 'ignore'],
  ['an orphan while the owner goes', going, {}, true, 'ignore'],
];

for (const [name, from, metadata, matches, decision] of table)
  test(`${name}: ${decision}`, () => {
    assert.equal(decideClaim(from, { metadata: { namespace: 'n', name: 'c', ...metadata } }, matches), decision);
  });

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awsId, nameSuffix, newUid } from './ids.ts';
import { SeededRandom } from './random.ts';

test('identifiers have the forms that Kubernetes and EC2 give them, the same from the same seed', () => {
  const random = new SeededRandom(7);
  const uid = newUid(random);
  assert.match(uid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.match(awsId('vpc', random), /^vpc-0[0-9a-f]{16}$/);
  assert.match(nameSuffix(random), /^[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  assert.equal(newUid(new SeededRandom(7)), uid);
});

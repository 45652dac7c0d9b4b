import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TargetGroup } from './target-group.ts';

const one = { address: '10.0.1.10', port: 80 };
const two = { address: '10.0.1.11', port: 80 };
const group = () => {
  const made = new TargetGroup({ healthy: 2, unhealthy: 2 });
  made.replace([one, two]);
  return made;
};

test('connections go round the targets, and each has all others to fall back on', () => {
  const it = group();
  assert.deepEqual(it.candidates(), [one, two]);
  assert.deepEqual(it.candidates(), [two, one]);
  assert.deepEqual(it.candidates(), [one, two]);
});

test('the first check settles a new target, later ones only in a row', () => {
  const it = group();
  assert.equal(it.record(one, undefined), true);
  assert.equal(it.record(two, 'Target.Timeout'), true);
  assert.deepEqual(it.health, [
    { ...one, state: 'healthy' },
    { ...two, state: 'unhealthy', reason: 'Target.Timeout' },
  ]);
  assert.deepEqual(it.candidates(), [one]);
  assert.equal(it.record(one, 'Target.Timeout'), false);
  assert.equal(it.record(one, undefined), false);
  assert.equal(it.record(one, 'Target.Timeout'), false);
  assert.equal(it.record(one, 'Target.Timeout'), true);
});

test('when no target is healthy all of them are tried', () => {
  const it = group();
  it.record(one, 'Target.Timeout');
  it.record(two, 'Target.Timeout');
  assert.equal(it.candidates().length, 2);
  it.replace([]);
  assert.deepEqual(it.candidates(), []);
});

test('targets that stay keep their health, and one that is gone is not checked in again', () => {
  const it = group();
  it.record(one, undefined);
  it.replace([one]);
  assert.deepEqual(it.health, [{ ...one, state: 'healthy' }]);
  assert.equal(it.record(two, undefined), false);
  it.replace([one, two]);
  assert.deepEqual(it.health[1], { ...two, state: 'initial', reason: 'Elb.RegistrationInProgress' });
});

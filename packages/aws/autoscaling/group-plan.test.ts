import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AutoScalingGroup, Instance } from '@keelson/model/region/object-types.ts';
import { planGroup } from './group-plan.ts';

function group(desiredCapacity: number, instancesToTerminate: string[] = []): AutoScalingGroup {
  const spec = { minSize: 0, maxSize: 10, desiredCapacity, subnetIds: ['a', 'b', 'c'], instancesToTerminate };
  return { metadata: { name: 'g' }, spec } as unknown as AutoScalingGroup;
}

function instance(name: string, subnetId: string, age: number): Instance {
  const launchTime = new Date(Date.UTC(2026, 0, 31 - age)).toISOString();
  return { metadata: { name }, spec: { subnetId, launchTime } } as unknown as Instance;
}

test('new instances are spread over the subnets, fewest first', () => {
  assert.deepEqual(planGroup(group(3), []).launch, [
    { subnetId: 'a', count: 1 },
    { subnetId: 'b', count: 1 },
    { subnetId: 'c', count: 1 },
  ]);
  assert.deepEqual(planGroup(group(4), [instance('1', 'a', 1), instance('2', 'a', 1)]).launch, [
    { subnetId: 'b', count: 1 },
    { subnetId: 'c', count: 1 },
  ]);
});

test('the oldest of the fullest subnet leaves first', () => {
  const members = [instance('new', 'a', 1), instance('old', 'a', 5), instance('oldest', 'b', 9)];
  assert.deepEqual(planGroup(group(2), members), { launch: [], terminate: ['old'] });
});

test('an instance that was told to leave is replaced, not only removed', () => {
  const members = [instance('1', 'a', 1), instance('2', 'b', 1)];
  assert.deepEqual(planGroup(group(2, ['1']), members), { launch: [{ subnetId: 'a', count: 1 }], terminate: ['1'] });
});

test('a group of none lets everyone go', () => {
  assert.deepEqual(planGroup(group(0), [instance('1', 'a', 2), instance('2', 'b', 1)]).terminate.toSorted(), [
    '1',
    '2',
  ]);
});

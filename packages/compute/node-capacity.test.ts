import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instanceTypes } from '@keelson/model/region/instance-types.ts';
import { maxPods, nodeCapacity, reservedMillicores } from './node-capacity.ts';

test('types take as many pods as EKS lists for them', () => {
  const known = {
    't3.nano': 4,
    't3.small': 11,
    't3.medium': 17,
    'm5.large': 29,
    'm5.xlarge': 58,
    'm5.4xlarge': 234,
    'm5.16xlarge': 737,
  };
  for (const [name, pods] of Object.entries(known)) assert.equal(maxPods(instanceTypes.get(name)!), pods, name);
});

test('cores are reserved by falling shares', () => {
  assert.deepEqual([1, 2, 4, 8, 16].map(reservedMillicores), [60, 70, 80, 90, 110]);
});

test('a t3.medium leaves 1930 millicores and about three and a quarter gibibytes to pods', () => {
  const { capacity, allocatable } = nodeCapacity(instanceTypes.get('t3.medium')!, 20);
  assert.equal(capacity['cpu'], '2');
  assert.equal(allocatable['cpu'], '1930m');
  assert.equal(capacity['pods'], '17');
  assert.equal(
    Number.parseInt(capacity['memory']!, 10) - Number.parseInt(allocatable['memory']!, 10),
    (255 + 187 + 100) * 1024,
  );
});

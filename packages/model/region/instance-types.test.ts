import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instanceTypes } from './instance-types.ts';

test('types have the sizes and network limits that EC2 documents for them', () => {
  const rows = ['t3.medium', 'm5.large', 'm5.4xlarge', 'c5.9xlarge', 'm6g.medium', 'r5.16xlarge', 't3a.small'].map(
    (name) => {
      const { vcpus, memoryMiB, networkInterfaces, addressesPerInterface, architecture } = instanceTypes.get(name)!;
      return [name, vcpus, memoryMiB, networkInterfaces, addressesPerInterface, architecture];
    },
  );
  assert.deepEqual(rows, [
    ['t3.medium', 2, 4096, 3, 6, 'x86_64'],
    ['m5.large', 2, 8192, 3, 10, 'x86_64'],
    ['m5.4xlarge', 16, 65536, 8, 30, 'x86_64'],
    ['c5.9xlarge', 36, 73728, 8, 30, 'x86_64'],
    ['m6g.medium', 1, 4096, 2, 4, 'arm64'],
    ['r5.16xlarge', 64, 524288, 15, 50, 'x86_64'],
    ['t3a.small', 2, 2048, 2, 4, 'x86_64'],
  ]);
  assert.equal(instanceTypes.has('t9.huge'), false);
});

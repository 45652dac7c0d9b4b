import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetworkInterface, Subnet } from '@keelson/model/region/object-types.ts';
import { availableAddresses, takeAddresses } from './subnet-addresses.ts';

const subnet = {
  metadata: { name: 'subnet-a' },
  spec: { cidrBlock: '10.0.0.16/28', addressEpoch: 7 },
} as unknown as Subnet;
const holder = (subnetId: string, ...addresses: string[]) =>
  ({
    spec: { subnetId, privateIpAddress: addresses[0], secondaryPrivateIpAddresses: addresses.slice(1) },
  }) as unknown as NetworkInterface;

test('what interfaces of this subnet have is not given again, secondary addresses included', () => {
  const interfaces = [holder('subnet-a', '10.0.0.20', '10.0.0.21'), holder('subnet-b', '10.0.0.22')];
  assert.equal(availableAddresses(subnet, interfaces), 9);
  assert.deepEqual(takeAddresses(subnet, interfaces, 2)?.addresses, ['10.0.0.22', '10.0.0.23']);
});

test('taking raises the epoch, so that two takers of one reading collide', () => {
  assert.equal(takeAddresses(subnet, [], 1)?.subnet.spec.addressEpoch, 8);
  assert.equal(subnet.spec.addressEpoch, 7);
});

test('a subnet gives all or nothing', () => {
  assert.equal(takeAddresses(subnet, [], 11)?.addresses.length, 11);
  assert.equal(takeAddresses(subnet, [], 12), undefined);
  assert.equal(takeAddresses(subnet, [holder('subnet-a', '10.0.0.20')], 11), undefined);
});

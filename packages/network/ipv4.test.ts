import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  containsCidr,
  formatAddress,
  formatCidr,
  freeAddresses,
  isCanonical,
  overlaps,
  parseAddress,
  parseCidr,
} from './ipv4.ts';

const cidr = (text: string) => parseCidr(text)!;

test('addresses are read strictly and written back as they were', () => {
  for (const text of ['0.0.0.0', '10.0.0.1', '172.31.255.254', '255.255.255.255']) {
    assert.equal(formatAddress(parseAddress(text)!), text);
  }
  for (const text of ['', '1.2.3', '1.2.3.4.5', '256.0.0.1', '01.2.3.4', ' 1.2.3.4', '1.2.3.4/8', 'a.b.c.d']) {
    assert.equal(parseAddress(text), undefined, text);
  }
});

test('a block is named by its first address', () => {
  assert.equal(formatCidr(cidr('172.31.77.5/16')), '172.31.0.0/16');
  assert.equal(isCanonical('172.31.0.0/16'), true);
  assert.equal(isCanonical('172.31.0.1/16'), false);
  for (const text of ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '/8'])
    assert.equal(parseCidr(text), undefined, text);
});

test('blocks contain and overlap each other by their prefixes', () => {
  assert.equal(containsCidr(cidr('10.0.0.0/8'), cidr('10.200.0.0/16')), true);
  assert.equal(containsCidr(cidr('10.200.0.0/16'), cidr('10.0.0.0/8')), false);
  assert.equal(overlaps(cidr('10.200.0.0/16'), cidr('10.0.0.0/8')), true);
  assert.equal(overlaps(cidr('10.0.0.0/17'), cidr('10.0.128.0/17')), false);
  assert.equal(overlaps(cidr('0.0.0.0/0'), cidr('255.255.255.255/32')), true);
});

test('a /28 subnet has eleven addresses to give, and then none', () => {
  const subnet = cidr('10.0.0.16/28');
  const all = freeAddresses(subnet, new Set(), 11);
  assert.deepEqual(all?.map(formatAddress).at(0), '10.0.0.20');
  assert.deepEqual(all?.map(formatAddress).at(-1), '10.0.0.30');
  assert.equal(freeAddresses(subnet, new Set(), 12), undefined);
  assert.equal(freeAddresses(subnet, new Set(all), 1), undefined);
});

test('the search goes round the end of the subnet', () => {
  const subnet = cidr('10.0.0.16/28');
  assert.deepEqual(freeAddresses(subnet, new Set([parseAddress('10.0.0.30')!]), 2, 13)?.map(formatAddress), [
    '10.0.0.29',
    '10.0.0.20',
  ]);
});

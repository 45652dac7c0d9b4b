import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasDefaultRoute } from './instance-init.ts';

const header = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT';
const tables: readonly (readonly [name: string, lines: readonly string[], found: boolean])[] = [
  ['nothing', [], false],
  ['a route to one address', ['eth0\t0101000A\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0'], false],
  ['half of all addresses', ['eth0\t00000000\t0101000A\t0003\t0\t0\t0\t00000080\t0\t0\t0'], false],
  ['a default route', ['eth0\t00000000\t0101000A\t0007\t0\t0\t0\t00000000\t0\t0\t0'], true],
];
for (const [name, lines, found] of tables)
  test(`${name}: ${found ? 'connected' : 'not connected'}`, () =>
    assert.equal(hasDefaultRoute([header, ...lines, ''].join('\n')), found));

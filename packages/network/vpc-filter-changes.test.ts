import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everyone, sampleGroup, sampleInterface, sampleVpc } from './suite/sample-vpc.ts';
import { filterChanges } from './vpc-filter-changes.ts';
import { planVpcFabric, type VpcObjects } from './vpc-plan.ts';

const port = (number: number) => ({
  egress: false,
  protocol: 'tcp',
  fromPort: number,
  toPort: number,
  cidrIpv4: '0.0.0.0/0',
});
const one = sampleInterface(1, 'subnet-a', ['10.0.1.10'], ['sg-a']);
const filterOf = (change: Partial<VpcObjects>) =>
  planVpcFabric(sampleVpc({ securityGroups: [sampleGroup('sg-a', [everyone])], networkInterfaces: [one], ...change }))
    .filter;

test('the same ruleset needs no change', () => assert.equal(filterChanges(filterOf({}), filterOf({})), ''));

test('a new rule touches its chain alone', () => {
  const after = filterOf({ securityGroups: [sampleGroup('sg-a', [everyone, port(80)])] });
  assert.equal(
    filterChanges(filterOf({}), after),
    [
      'flush chain inet keelson sg-a-in',
      'table inet keelson {',
      '  chain sg-a-in {',
      '    tcp dport 80 accept',
      '  }',
      '}',
      '',
    ].join('\n'),
  );
});

test('a new address touches the elements of its sets alone', () => {
  const two = sampleInterface(1, 'subnet-a', ['10.0.1.10', '10.0.1.11'], ['sg-a']);
  assert.equal(
    filterChanges(filterOf({}), filterOf({ networkInterfaces: [two] })),
    [
      'add element inet keelson sg-a-members { 10.0.1.11 }',
      'add element inet keelson sources { "eni000000000001" . 10.0.1.11 }',
      '',
    ].join('\n'),
  );
});

test('a group that goes is let go of before it is deleted', () => {
  const both = { securityGroups: [sampleGroup('sg-a', [everyone]), sampleGroup('sg-b', [port(1)])] };
  const lines = filterChanges(filterOf(both), filterOf({})).trim().split('\n');
  assert.deepEqual(lines, [
    'flush chain inet keelson sg-b-in',
    'flush chain inet keelson sg-b-out',
    'delete chain inet keelson sg-b-in',
    'delete chain inet keelson sg-b-out',
    'delete set inet keelson sg-b-members',
  ]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everyone, openAcl, sampleGroup, sampleInterface, sampleSubnet, sampleVpc } from './suite/sample-vpc.ts';
import { linkName, planVpcFabric } from './vpc-plan.ts';

const web = sampleGroup('sg-web', [
  everyone,
  { egress: false, protocol: 'tcp', fromPort: 80, toPort: 80, cidrIpv4: '0.0.0.0/0' },
]);
const data = sampleGroup('sg-data', [
  { egress: false, protocol: 'tcp', fromPort: 5432, toPort: 5433, referencedGroupId: 'sg-web' },
]);
const one = sampleInterface(1, 'subnet-a', ['10.0.1.10', '10.0.1.30', '10.0.1.20'], ['sg-web']);
const two = sampleInterface(2, 'subnet-a', ['10.0.1.11'], ['sg-web', 'sg-data']);

test('the name of a link fits the kernel and tells its interface', () => {
  assert.equal(linkName('eni-0123456789abcdef0'), 'eni56789abcdef0'.slice(0, 15));
  assert.equal(linkName('eni-0123456789abcdef0').length, 15);
});

test('a plan is the same whatever order the objects come in', () => {
  const plan = planVpcFabric(sampleVpc({ securityGroups: [web, data], networkInterfaces: [one, two] }));
  const other = planVpcFabric(sampleVpc({ securityGroups: [data, web], networkInterfaces: [two, one] }));
  assert.deepEqual(plan, other);
});

test('addresses are routed to the interface that has them, secondary ones through the primary', () => {
  const plan = planVpcFabric(sampleVpc({ securityGroups: [web], networkInterfaces: [one] }));
  assert.deepEqual(plan.routerAddresses, ['10.0.0.2', '10.0.1.1', '169.254.169.253']);
  assert.deepEqual(plan.links, [
    {
      interfaceId: 'eni-00000000000000001',
      name: 'eni000000000001',
      macAddress: '02:00:00:00:00:01',
      mtu: 9001,
      instanceId: 'i-1',
      deviceIndex: 0,
      gateway: '10.0.1.1',
      addresses: ['10.0.1.10', '10.0.1.20', '10.0.1.30'],
    },
  ]);
  assert.deepEqual(plan.routes, [
    { table: 'main', type: 'blackhole', destination: 'default' },
    { table: 'main', type: 'unicast', destination: '10.0.1.10', link: 'eni000000000001' },
    { table: 'main', type: 'unicast', destination: '10.0.1.20', link: 'eni000000000001', via: '10.0.1.10' },
    { table: 'main', type: 'unicast', destination: '10.0.1.30', link: 'eni000000000001', via: '10.0.1.10' },
  ]);
  assert.deepEqual(plan.rules, []);
});

test('an interface whose subnet is not known yet is left out', () => {
  const orphan = sampleInterface(3, 'subnet-z', ['10.0.9.10'], ['sg-web']);
  const plan = planVpcFabric(sampleVpc({ securityGroups: [web], networkInterfaces: [one, orphan] }));
  assert.deepEqual(
    plan.links.map(({ interfaceId }) => interfaceId),
    ['eni-00000000000000001'],
  );
});

test('a route table with more than the local route becomes a table of its subnets', () => {
  const target = sampleInterface(9, 'subnet-a', ['10.0.1.99'], ['sg-web']);
  const local = {
    destinationCidrBlock: '10.0.0.0/16',
    gatewayId: 'local',
    origin: 'CreateRouteTable',
    state: 'active',
  };
  const routeTable = (name: string, main: boolean, subnetId: string | undefined, routes: readonly object[]) => ({
    metadata: { name },
    spec: {
      vpcId: 'vpc-1',
      routes: [local, ...(routes as (typeof local)[])],
      associations: [{ id: `${name}-1`, main, ...(subnetId ? { subnetId } : {}) }],
    },
  });
  const plan = planVpcFabric(
    sampleVpc({
      subnets: [sampleSubnet('subnet-a', '10.0.1.0/24'), sampleSubnet('subnet-b', '10.0.2.0/24')],
      securityGroups: [web],
      networkInterfaces: [one, target, sampleInterface(4, 'subnet-b', ['10.0.2.10'], ['sg-web'])],
      routeTables: [
        routeTable('rtb-main', true, undefined, [
          { destinationCidrBlock: '0.0.0.0/0', gatewayId: 'igw-1', origin: 'CreateRoute', state: 'active' },
        ]),
        routeTable('rtb-own', false, 'subnet-b', [
          { destinationCidrBlock: '192.168.0.0/16', networkInterfaceId: target.metadata.name, state: 'active' },
          { destinationCidrBlock: '172.16.0.0/12', natGatewayId: 'nat-1', state: 'blackhole' },
        ]),
      ],
    }),
  );
  assert.deepEqual(
    plan.routes.filter(({ table }) => table !== 'main'),
    [
      { table: '100', type: 'unreachable', destination: 'default' },
      { table: '101', type: 'blackhole', destination: '172.16.0.0/12' },
      { table: '101', type: 'unicast', destination: '192.168.0.0/16', link: 'eni000000000009', via: '10.0.1.99' },
    ],
  );
  assert.deepEqual(plan.rules, [
    { priority: 1000, link: undefined, destination: '10.0.0.0/16', table: 'main' },
    { priority: 2000, link: 'eni000000000001', destination: undefined, table: '100' },
    { priority: 2000, link: 'eni000000000009', destination: undefined, table: '100' },
    { priority: 2000, link: 'eni000000000004', destination: undefined, table: '101' },
  ]);
});

const rules: readonly (readonly [
  name: string,
  rule: Parameters<typeof sampleGroup>[1][number],
  line: string | undefined,
])[] = [
  ['all from anywhere', { egress: false, protocol: '-1', cidrIpv4: '0.0.0.0/0' }, 'accept'],
  ['all to a block', { egress: true, protocol: '-1', cidrIpv4: '10.1.0.0/16' }, 'ip daddr 10.1.0.0/16 accept'],
  [
    'one port',
    { egress: false, protocol: 'tcp', fromPort: 22, toPort: 22, cidrIpv4: '10.0.0.5/32' },
    'ip saddr 10.0.0.5/32 tcp dport 22 accept',
  ],
  [
    'a range of a group',
    { egress: false, protocol: 'udp', fromPort: 1, toPort: 9, referencedGroupId: 'sg-x' },
    'ip saddr @sg-x-members udp dport 1-9 accept',
  ],
  [
    'every port',
    { egress: false, protocol: 'tcp', fromPort: 0, toPort: 65535, cidrIpv4: '0.0.0.0/0' },
    'meta l4proto tcp accept',
  ],
  [
    'every ICMP',
    { egress: false, protocol: 'icmp', fromPort: -1, toPort: -1, cidrIpv4: '0.0.0.0/0' },
    'meta l4proto icmp accept',
  ],
  [
    'one ICMP type',
    { egress: false, protocol: 'icmp', fromPort: 8, toPort: -1, cidrIpv4: '0.0.0.0/0' },
    'icmp type 8 accept',
  ],
  [
    'ICMP type and code',
    { egress: false, protocol: '1', fromPort: 3, toPort: 4, cidrIpv4: '0.0.0.0/0' },
    'icmp type 3 icmp code 4 accept',
  ],
  ['a protocol by number', { egress: false, protocol: '47', cidrIpv4: '0.0.0.0/0' }, 'meta l4proto 47 accept'],
  ['IPv6', { egress: false, protocol: '-1', cidrIpv6: '::/0' }, undefined],
  ['a group of another VPC', { egress: false, protocol: '-1', referencedGroupId: 'sg-elsewhere' }, undefined],
];

for (const [name, rule, line] of rules) {
  test(`security group rule: ${name}`, () => {
    const { filter } = planVpcFabric(sampleVpc({ securityGroups: [sampleGroup('sg-x', [rule])] }));
    const chain = `  chain sg-x-${rule.egress ? 'out' : 'in'} {\n${line === undefined ? '' : `    ${line}\n`}  }\n`;
    assert.ok(filter.includes(chain), filter);
  });
}

test('members of a group are the addresses of the interfaces that have it', () => {
  const { filter } = planVpcFabric(sampleVpc({ securityGroups: [web, data], networkInterfaces: [one, two] }));
  const elements = 'elements = { 10.0.1.10, 10.0.1.11, 10.0.1.20, 10.0.1.30 }';
  assert.ok(filter.includes(`  set sg-web-members {\n    type ipv4_addr\n    ${elements}\n  }`), filter);
});

test('what one interface of an instance may send, its others may too', () => {
  const second = sampleInterface(2, 'subnet-a', ['10.0.1.11'], ['sg-web']);
  second.spec.attachment = { ...second.spec.attachment!, instanceId: 'i-1', deviceIndex: 1 };
  const first = sampleInterface(1, 'subnet-a', ['10.0.1.10'], ['sg-web']);
  const stranger = sampleInterface(3, 'subnet-a', ['10.0.1.12'], ['sg-web']);
  const { filter } = planVpcFabric(sampleVpc({ securityGroups: [web], networkInterfaces: [first, second, stranger] }));
  const elements = /set sources \{\n.*\n\s+elements = \{ (.*) \}/.exec(filter)?.[1]?.split(', ');
  assert.deepEqual(elements, [
    '"eni000000000001" . 10.0.1.10',
    '"eni000000000001" . 10.0.1.11',
    '"eni000000000002" . 10.0.1.10',
    '"eni000000000002" . 10.0.1.11',
    '"eni000000000003" . 10.0.1.12',
  ]);
});

test('network ACLs that let everything pass cost nothing; others hold for their subnets alone', () => {
  const subnets = [sampleSubnet('subnet-a', '10.0.1.0/24'), sampleSubnet('subnet-b', '10.0.2.0/24')];
  const acl = {
    metadata: { name: 'acl-2' },
    spec: {
      vpcId: 'vpc-1',
      isDefault: false,
      entries: [
        {
          ruleNumber: 200,
          egress: false,
          protocol: 'tcp',
          ruleAction: 'allow',
          cidrBlock: '0.0.0.0/0',
          fromPort: 80,
          toPort: 80,
        },
        { ruleNumber: 100, egress: false, protocol: '-1', ruleAction: 'deny', cidrBlock: '10.0.9.0/24' },
      ],
      associations: [{ id: 'aclassoc-1', subnetId: 'subnet-a' }],
    },
  };
  const objects = { subnets, securityGroups: [web], networkInterfaces: [one] };
  assert.ok(!planVpcFabric(sampleVpc(objects)).filter.includes('acl'));
  const { filter } = planVpcFabric(sampleVpc({ ...objects, networkAcls: [openAcl, acl] }));
  assert.ok(
    filter.includes(
      [
        '  chain subnet-a-acl-in {',
        '    ip saddr 10.0.1.0/24 return',
        '    ip saddr 10.0.9.0/24 drop',
        '    tcp dport 80 return',
        '    drop',
        '  }',
      ].join('\n'),
    ),
    filter,
  );
  assert.ok(!filter.includes('subnet-b-acl'));
});

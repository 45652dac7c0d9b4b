import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoadBalancer, NetworkInterface, Vpc } from '@keelson/model/region/object-types.ts';
import { sampleInterface, sampleVpc } from '../suite/sample-vpc.ts';
import { planVpcNames, privateDomain } from './vpc-names.ts';

const region = 'ap-northeast-2';
const one = sampleInterface(1, 'subnet-a', ['10.0.1.10', '10.0.1.30'], []);
const two = sampleInterface(2, 'subnet-a', ['10.0.1.11'], []);

function vpcWith(change: Partial<Vpc['spec']>): Vpc {
  const { vpc } = sampleVpc();
  return { ...vpc, spec: { ...vpc.spec, enableDnsHostnames: true, ...change } };
}

function balancerInterface(number: number, address: string, availabilityZone: string): NetworkInterface {
  const plain = sampleInterface(number, 'subnet-a', [address], []);
  return { ...plain, spec: { ...plain.spec, interfaceType: 'network_load_balancer', availabilityZone } };
}

function balancer(status: LoadBalancer['status']): LoadBalancer {
  const spec = {
    loadBalancerName: 'Web',
    type: 'network',
    scheme: 'internal',
    vpcId: 'vpc-1',
    subnetIds: [],
    listeners: [],
  };
  return { metadata: { name: 'lb-1' }, spec, ...(status && { status }) };
}

const plan = (change: Partial<Parameters<typeof planVpcNames>[0]> = {}) =>
  planVpcNames({ region, vpc: vpcWith({}), networkInterfaces: [], loadBalancers: [], ...change });

test('every address of every interface has a name, and the name its address', () => {
  const names = plan({ networkInterfaces: [one, two] })!;
  assert.deepEqual(names.addresses, {
    'ip-10-0-1-10.ap-northeast-2.compute.internal': ['10.0.1.10'],
    'ip-10-0-1-11.ap-northeast-2.compute.internal': ['10.0.1.11'],
    'ip-10-0-1-30.ap-northeast-2.compute.internal': ['10.0.1.30'],
    localhost: ['127.0.0.1'],
  });
  assert.deepEqual(names.pointers, {
    '1.0.0.127.in-addr.arpa': 'localhost',
    '10.1.0.10.in-addr.arpa': 'ip-10-0-1-10.ap-northeast-2.compute.internal',
    '11.1.0.10.in-addr.arpa': 'ip-10-0-1-11.ap-northeast-2.compute.internal',
    '30.1.0.10.in-addr.arpa': 'ip-10-0-1-30.ap-northeast-2.compute.internal',
  });
});

test('the same objects give the same names, whatever order they come in', () => {
  const there = plan({ networkInterfaces: [one, two] });
  const back = plan({ networkInterfaces: [two, one] });
  assert.equal(JSON.stringify(there), JSON.stringify(back));
});

test('the oldest region has a domain of its own', () => {
  const table = { 'us-east-1': 'ec2.internal', 'us-east-2': 'us-east-2.compute.internal' };
  for (const [name, domain] of Object.entries(table)) assert.equal(privateDomain(name), domain);
  const names = plan({ region: 'us-east-1', networkInterfaces: [two] })!;
  assert.deepEqual(names.addresses['ip-10-0-1-11.ec2.internal'], ['10.0.1.11']);
  assert.ok(names.zones.includes('ec2.internal'));
});

test('a load balancer has its name and one for each zone, once it has addresses', () => {
  const dnsName = 'internal-Web-0123.elb.ap-northeast-2.amazonaws.com';
  const name = dnsName.toLowerCase();
  const interfaces = [
    balancerInterface(3, '10.0.1.40', 'ap-northeast-2a'),
    balancerInterface(4, '10.0.2.40', 'ap-northeast-2c'),
  ];
  const status = { state: 'active', dnsName, addresses: ['10.0.2.40', '10.0.1.40'] };
  const names = plan({ networkInterfaces: interfaces, loadBalancers: [balancer(status)] })!;
  assert.deepEqual(names.addresses[name], ['10.0.1.40', '10.0.2.40']);
  assert.deepEqual(names.addresses[`ap-northeast-2a.${name}`], ['10.0.1.40']);
  assert.deepEqual(names.addresses[`ap-northeast-2c.${name}`], ['10.0.2.40']);
  assert.ok(names.zones.includes(name));
  for (const early of [undefined, { state: 'provisioning', dnsName }, { state: 'active', addresses: ['10.0.1.40'] }])
    assert.deepEqual(Object.keys(plan({ loadBalancers: [balancer(early)] })!.addresses), ['localhost']);
});

test('the attributes of the VPC decide what is answered', () => {
  assert.equal(plan({ vpc: vpcWith({ enableDnsSupport: false }) }), undefined);
  const plain = plan({ vpc: vpcWith({ enableDnsHostnames: false }), networkInterfaces: [one] })!;
  assert.deepEqual(Object.keys(plain.addresses), ['localhost']);
  assert.ok(!plain.zones.includes('ap-northeast-2.compute.internal'));
});

test("addresses of the VPC's block are looked up nowhere else, wherever it lies", () => {
  const blocks: Readonly<Record<string, readonly string[]>> = {
    '100.64.0.0/16': ['64.100.in-addr.arpa'],
    '100.64.0.0/15': ['64.100.in-addr.arpa', '65.100.in-addr.arpa'],
    '198.19.4.0/23': ['4.19.198.in-addr.arpa', '5.19.198.in-addr.arpa'],
    '198.19.4.16/28': ['4.19.198.in-addr.arpa'],
  };
  const usual = new Set(plan()!.zones);
  for (const [cidrBlock, zones] of Object.entries(blocks)) {
    const names = plan({ vpc: vpcWith({ cidrBlock }) })!;
    assert.deepEqual(
      names.zones.filter((zone) => !usual.has(zone)),
      zones,
      cidrBlock,
    );
  }
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { collectBody } from '@keelson/base';
import { nodeImages } from '@keelson/model/region/images.ts';
import { RegionInProcess } from '@keelson/testkit/region-in-process.ts';
import { Ec2InstanceNetwork } from './ec2-instance-network.ts';
import { readXml, textAt } from './ec2-xml.ts';

let region: RegionInProcess;
let network: Ec2InstanceNetwork;

before(async () => {
  region = await RegionInProcess.start('ec2-instance-network');
  const ec2 = async (action: string, parameters: Record<string, string>): Promise<string> =>
    (await region.query('ec2', '2016-11-15', { Action: action, ...parameters })).body;
  const subnet = /subnet-[0-9a-f]+/.exec(await ec2('DescribeSubnets', {}))![0];
  const [image = ''] = nodeImages.keys();
  const launch = { ImageId: image, InstanceType: 't3.medium', MinCount: '1', MaxCount: '1', SubnetId: subnet };
  network = new Ec2InstanceNetwork({
    clock: region.world.clock,
    region: 'ap-northeast-2',
    instanceId: /<instanceId>([^<]*)/.exec(await ec2('RunInstances', launch))![1]!,
    clusterName: 'demo',
    endpoint: 'http://127.0.0.1:4566',
    credentials: async () => region.region.administrator,
    post: async (_, headers, body) => {
      const response = await region.region.frontDoor({
        method: 'POST',
        target: '/',
        headers,
        body: Buffer.from(body),
        signal: new AbortController().signal,
        peer: { address: '127.0.0.1', certificates: [] },
      });
      return { status: response.status, text: Buffer.from(await collectBody(response.body)).toString() };
    },
    linkedMacs: async () => new Set(),
  });
});

after(() => region.stop());

test("an instance's interfaces and addresses come and go by EC2's API", async () => {
  const place = await network.place();
  assert.deepEqual([place.maximumInterfaces, place.addressesPerInterface, place.vpcCidrs], [3, 6, ['172.31.0.0/16']]);
  const [primary] = await network.interfaces();
  await network.assign(primary!.id, 5);
  await network.attach(primary!, 1, 4);
  const [first, second, ...more] = await network.interfaces();
  assert.deepEqual(more, []);
  assert.deepEqual(
    [first!.secondaryAddresses.length, second!.secondaryAddresses.length, second!.deviceIndex],
    [5, 4, 1],
  );
  assert.deepEqual(second!.groupIds, first!.groupIds);
  assert.equal(await network.isLinked(second!), false);
  await assert.rejects(network.assign(primary!.id, 1), { code: 'PrivateIpAddressLimitExceeded' });
  await network.unassign(primary!.id, first!.secondaryAddresses.slice(0, 2));
  await network.detach(second!);
  assert.equal((await network.interfaces())[0]!.secondaryAddresses.length, 3);
});

test('an interface that could not be attached is not left behind', async () => {
  const [primary] = await network.interfaces();
  await assert.rejects(network.attach(primary!, 0, 1), { code: 'InvalidParameterValue' });
  const { body } = await region.query('ec2', '2016-11-15', { Action: 'DescribeNetworkInterfaces' });
  assert.ok(!body.includes('aws-K8S-'));
});

test('XML is read, and what is none is refused', () => {
  assert.equal(textAt(readXml('<?xml version="1.0"?>\n<a x="1"><b>1 &lt; 2</b><c/></a>'), 'a', 'b'), '1 < 2');
  for (const text of ['<a>', '<a></b>', 'x<', '<!DOCTYPE a><a/>', '<a>'.repeat(100)])
    assert.throws(() => readXml(text), /XML/);
});

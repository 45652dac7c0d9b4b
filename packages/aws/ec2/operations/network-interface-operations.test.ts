import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { nodeImages } from '@keelson/model/region/images.ts';
import { RegionInProcess } from '@keelson/testkit/region-in-process.ts';

let region: RegionInProcess;
let subnet: string;
let instance: string;

const ec2 = (action: string, parameters: Record<string, string> = {}) =>
  region.query('ec2', '2016-11-15', { Action: action, ...parameters });

async function succeed(action: string, parameters: Record<string, string> = {}): Promise<string> {
  const { status, body } = await ec2(action, parameters);
  assert.equal(status, 200, body);
  return body;
}

const first = (body: string, element: string) => new RegExp(`<${element}>([^<]*)</${element}>`).exec(body)?.[1] ?? '';
const count = (body: string, element: string) => body.split(`<${element}>`).length - 1;

async function refused(code: string, action: string, parameters: Record<string, string>): Promise<void> {
  const { body } = await ec2(action, parameters);
  assert.equal(first(body, 'Code'), code, body);
}

before(async () => {
  region = await RegionInProcess.start('network-interfaces');
  subnet = first(await succeed('DescribeSubnets'), 'subnetId');
  const [image = ''] = nodeImages.keys();
  const launched = await succeed('RunInstances', {
    ImageId: image,
    InstanceType: 't3.medium',
    MinCount: '1',
    MaxCount: '1',
    SubnetId: subnet,
  });
  instance = first(launched, 'instanceId');
});

after(() => region.stop());

const create = async (parameters: Record<string, string> = {}) =>
  first(await succeed('CreateNetworkInterface', { SubnetId: subnet, ...parameters }), 'networkInterfaceId');

test('an interface gets the addresses of its subnet, as many as its instance type has', async () => {
  const id = await create({ Description: 'pods' });
  const attachment = first(
    await succeed('AttachNetworkInterface', { NetworkInterfaceId: id, InstanceId: instance, DeviceIndex: '1' }),
    'attachmentId',
  );
  const assigned = await succeed('AssignPrivateIpAddresses', {
    NetworkInterfaceId: id,
    SecondaryPrivateIpAddressCount: '5',
  });
  assert.equal(count(assigned, 'privateIpAddress'), 5);
  await refused('PrivateIpAddressLimitExceeded', 'AssignPrivateIpAddresses', {
    NetworkInterfaceId: id,
    SecondaryPrivateIpAddressCount: '1',
  });
  const one = first(assigned, 'privateIpAddress');
  await succeed('UnassignPrivateIpAddresses', { NetworkInterfaceId: id, 'PrivateIpAddress.1': one });
  await refused('InvalidParameterValue', 'UnassignPrivateIpAddresses', {
    NetworkInterfaceId: id,
    'PrivateIpAddress.1': one,
  });
  await succeed('AssignPrivateIpAddresses', { NetworkInterfaceId: id, 'PrivateIpAddress.1': one });
  await succeed('ModifyNetworkInterfaceAttribute', {
    NetworkInterfaceId: id,
    'Attachment.AttachmentId': attachment,
    'Attachment.DeleteOnTermination': 'true',
  });
  const described = await succeed('DescribeNetworkInterfaces', { 'NetworkInterfaceId.1': id });
  assert.equal(first(described, 'deleteOnTermination'), 'true');
  assert.equal(count(described, 'primary'), 6);
  await refused('InvalidParameterValue', 'DeleteNetworkInterface', { NetworkInterfaceId: id });
  await succeed('DetachNetworkInterface', { AttachmentId: attachment });
  await refused('InvalidAttachmentID.NotFound', 'DetachNetworkInterface', { AttachmentId: attachment });
  await succeed('DeleteNetworkInterface', { NetworkInterfaceId: id });
  await refused('InvalidNetworkInterfaceID.NotFound', 'DeleteNetworkInterface', { NetworkInterfaceId: id });
});

test('an instance takes as many interfaces as its type says, each at an index of its own', async () => {
  const ids = [await create(), await create(), await create()];
  await refused('InvalidParameterValue', 'AttachNetworkInterface', {
    NetworkInterfaceId: ids[0]!,
    InstanceId: instance,
    DeviceIndex: '0',
  });
  const attached = await Promise.all(
    ids.map((id, index) =>
      ec2('AttachNetworkInterface', { NetworkInterfaceId: id, InstanceId: instance, DeviceIndex: String(index + 1) }),
    ),
  );
  assert.deepEqual(attached.map(({ body }) => first(body, 'Code')).sort(), ['', '', 'AttachmentLimitExceeded']);
  const taken = ids.find((_, index) => attached[index]!.status === 200)!;
  await refused('InvalidNetworkInterface.InUse', 'AttachNetworkInterface', {
    NetworkInterfaceId: taken,
    InstanceId: instance,
    DeviceIndex: '3',
  });
});

test('no address is given to two, however many ask at once', async () => {
  const small = first(await succeed('CreateVpc', { CidrBlock: '10.7.0.0/16' }), 'vpcId');
  const narrow = first(await succeed('CreateSubnet', { VpcId: small, CidrBlock: '10.7.0.0/28' }), 'subnetId');
  const answers = await Promise.all(
    Array.from({ length: 6 }, () =>
      ec2('CreateNetworkInterface', { SubnetId: narrow, SecondaryPrivateIpAddressCount: '2' }),
    ),
  );
  const made = answers.filter(({ status }) => status === 200);
  assert.equal(made.length, 3);
  for (const { body } of answers)
    if (!made.some((one) => one.body === body)) assert.equal(first(body, 'Code'), 'InsufficientFreeAddressesInSubnet');
  const all = (
    await succeed('DescribeNetworkInterfaces', { 'Filter.1.Name': 'subnet-id', 'Filter.1.Value.1': narrow })
  ).match(/<privateIpAddress>[^<]*/g)!;
  assert.equal(new Set(all).size, 9);
  await refused('InvalidParameterValue', 'CreateNetworkInterface', { SubnetId: narrow, PrivateIpAddress: '10.7.0.1' });
  await refused('InvalidParameterValue', 'CreateNetworkInterface', { SubnetId: narrow, PrivateIpAddress: '10.8.0.9' });
  await refused('MissingParameter', 'AssignPrivateIpAddresses', {
    NetworkInterfaceId: first(made[0]!.body, 'networkInterfaceId'),
  });
});

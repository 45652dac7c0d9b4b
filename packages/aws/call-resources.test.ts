import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadTable, type TableName } from '@keelson/aws-protocol';
import { withCallResources } from './call-resources.ts';

async function resources(name: TableName, operation: string, input: object): Promise<readonly string[]> {
  const service = withCallResources({ table: await loadTable(name), operations: {} });
  const context = { region: 'r', account: '0' } as Parameters<NonNullable<typeof service.resourcesOf>>[2];
  return (await service.resourcesOf?.(operation, input, context)) ?? ['none'];
}

test('EKS: the cluster, or what belongs to it', async () => {
  const eks = (operation: string, input: object) => resources('eks', operation, input);
  const cluster = ['arn:aws:eks:r:0:cluster/demo'];
  assert.deepEqual(await eks('CreateCluster', { name: 'demo' }), cluster);
  assert.deepEqual(await eks('DescribeUpdate', { name: 'demo', updateId: 'u' }), cluster);
  assert.deepEqual(await eks('CreateNodegroup', { clusterName: 'demo', nodegroupName: 'n' }), cluster);
  assert.deepEqual(await eks('ListNodegroups', { clusterName: 'demo' }), cluster);
  assert.deepEqual(await eks('DeleteNodegroup', { clusterName: 'demo', nodegroupName: 'n' }), [
    'arn:aws:eks:r:0:nodegroup/demo/n/*',
  ]);
  const principalArn = 'arn:aws:iam::0:role/team/x';
  assert.deepEqual(await eks('DeleteAccessEntry', { clusterName: 'demo', principalArn }), [
    'arn:aws:eks:r:0:access-entry/demo/role/0/x/*',
  ]);
  assert.deepEqual(await eks('ListClusters', {}), ['arn:aws:eks:r:0:cluster/*']);
  assert.deepEqual(await eks('DescribeClusterVersions', {}), ['*']);
  assert.deepEqual(await eks('TagResource', { resourceArn: 'arn:x' }), ['arn:x']);
});

test('EC2: what is named, what is made', async () => {
  const ec2 = (operation: string, input: object) => resources('ec2', operation, input);
  assert.deepEqual(await ec2('DescribeInstances', { InstanceIds: ['i-0123456789abcdef0'] }), ['*']);
  assert.deepEqual(await ec2('TerminateInstances', { InstanceIds: ['i-0123456789abcdef0', 'i-0123456789abcdef1'] }), [
    'arn:aws:ec2:r:0:instance/i-0123456789abcdef0',
    'arn:aws:ec2:r:0:instance/i-0123456789abcdef1',
  ]);
  assert.deepEqual(await ec2('CreateSubnet', { VpcId: 'vpc-01234567', CidrBlock: '10.0.0.0/24' }), [
    'arn:aws:ec2:r:0:subnet/*',
    'arn:aws:ec2:r:0:vpc/vpc-01234567',
  ]);
  assert.deepEqual(await ec2('CreateTags', { Resources: ['sg-01234567', 'constructor-01234567'] }), [
    'arn:aws:ec2:r:0:security-group/sg-01234567',
  ]);
});

test('a service without a rule, or with its own, stays as it is', async () => {
  assert.deepEqual(await resources('ecr', 'CreateRepository', {}), ['none']);
  const own = { table: await loadTable('eks'), operations: {}, resourcesOf: () => ['mine'] };
  assert.equal(withCallResources(own), own);
});

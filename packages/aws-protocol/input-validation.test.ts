import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AwsError } from './aws-error.ts';
import { validateInput } from './input-validation.ts';
import { loadTable, type TableName } from './tables.ts';

async function refusal(name: TableName, operation: string, input: Record<string, unknown>): Promise<string> {
  const table = await loadTable(name);
  try {
    validateInput(table, table.operation(operation)!, input);
  } catch (thrown) {
    const { code, message, status } = thrown as AwsError;
    return `${status} ${code}: ${message}`;
  }
  return 'good';
}

const cluster = { name: 'demo', roleArn: 'arn', resourcesVpcConfig: {} };

test('EKS', async () => {
  assert.equal(await refusal('eks', 'CreateCluster', cluster), 'good');
  assert.equal(
    await refusal('eks', 'CreateCluster', { ...cluster, name: '-x' }),
    '400 InvalidParameterException: The parameter name contains invalid characters. It should conform to the regular expression "^[0-9A-Za-z][A-Za-z0-9\\-_]*"',
  );
  assert.match(
    await refusal('eks', 'CreateCluster', { ...cluster, name: 'x'.repeat(101) }),
    /InvalidParameterException: 1 validation error detected: Value 'x+' at 'name' failed to satisfy constraint: Member must have length less than or equal to 100$/,
  );
  assert.equal(
    await refusal('eks', 'CreateCluster', { name: 'a', resourcesVpcConfig: {} }),
    "400 InvalidParameterException: 1 validation error detected: Value null at 'roleArn' failed to satisfy constraint: Member must not be null",
  );
  const group = { clusterName: 'c', nodegroupName: 'n', subnets: [], nodeRole: 'r', amiType: 'NONE' };
  assert.match(await refusal('eks', 'CreateNodegroup', group), /at 'amiType'.*enum value set: \[AL2_x86_64, /);
});

test('IAM and STS', async () => {
  assert.equal(
    await refusal('iam', 'GetRole', { RoleName: 'a b' }),
    '400 ValidationError: The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-',
  );
  assert.equal(
    await refusal('iam', 'CreateRole', {
      RoleName: 'a',
      AssumeRolePolicyDocument: '{}',
      MaxSessionDuration: 1,
      Tags: [{ Key: 'k' }],
    }),
    "400 ValidationError: 2 validation errors detected: Value '1' at 'maxSessionDuration' failed to satisfy constraint: Member must have value greater than or equal to 3600; " +
      "Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null",
  );
  assert.match(await refusal('sts', 'AssumeRole', {}), /2 validation errors detected: Value null at 'roleArn'/);
});

test('EC2', async () => {
  assert.equal(
    await refusal('ec2', 'RunInstances', { MaxCount: 1 }),
    '400 MissingParameter: The request must contain the parameter MinCount',
  );
  assert.match(
    await refusal('ec2', 'DescribeVpcs', { MaxResults: 1 }),
    /^400 InvalidParameterValue: Value \(1\) for parameter MaxResults is invalid/,
  );
});

test('a long text in a bad member does not come back whole, nor does a pattern see it', async () => {
  const text = await refusal('iam', 'GetRole', { RoleName: '!'.repeat(1_000_000) });
  assert.ok(text.length < 600 && text.includes('less than or equal to 64'), text.slice(0, 200));
});

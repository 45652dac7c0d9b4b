import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AutoScaling } from '@aws-sdk/client-auto-scaling';
import { CloudFormation } from '@aws-sdk/client-cloudformation';
import { EC2 } from '@aws-sdk/client-ec2';
import { ECR } from '@aws-sdk/client-ecr';
import { EKS } from '@aws-sdk/client-eks';
import { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { AwsService } from '@keelson/aws/service.ts';
import {
  type Listener,
  listenOnLoopback,
  type RegionFixture,
  region,
  regionFixture,
} from '@keelson/aws/suite/region-fixture.ts';
import { AwsError, loadTable, tableNames } from '@keelson/aws-protocol';
import { systemWorld } from '@keelson/base';

/**
 * The AWS SDK as the judge of the tables and protocols: what it sends must arrive as it was meant, and what the services
 * answer must come back as they meant it.
 */
let inputs: unknown[] = [];
let answer: () => unknown = () => ({});
let fixture: RegionFixture;
let listener: Listener;

before(async () => {
  const services: AwsService[] = [];
  for (const name of tableNames.filter((table) => table !== 'iam' && table !== 'sts')) {
    const table = await loadTable(name);
    const handler = async (input: unknown) => {
      inputs.push(input);
      return answer();
    };
    services.push({
      table,
      operations: Object.fromEntries(table.operationNames.map((operation) => [operation, handler])),
    });
  }
  fixture = await regionFixture(systemWorld(), services);
  listener = await listenOnLoopback(fixture.handler);
});

after(() => listener.close());

function settings() {
  const { accessKeyId, secretAccessKey } = fixture.administrator;
  const endpoint = `http://127.0.0.1:${listener.port}`;
  return { endpoint, region, maxAttempts: 1, credentials: { accessKeyId, secretAccessKey } };
}

/** Sends one call and gives what arrived and what came back. */
async function exchange<T>(output: unknown, call: () => Promise<T>) {
  inputs = [];
  answer = () => output;
  const { $metadata: _metadata, ...result } = (await call()) as T & { $metadata?: unknown };
  return { input: inputs[0], output: result };
}

test('restJson1: body, labels with slashes, lists in the query, numbers and times', async () => {
  const eks = new EKS(settings());
  const create = {
    name: 'demo',
    roleArn: 'arn:aws:iam::0:role/r',
    resourcesVpcConfig: { subnetIds: ['a', 'b'] },
    tags: { k: 'ü' },
    accessConfig: { bootstrapClusterCreatorAdminPermissions: false },
    clientRequestToken: 't',
  };
  const cluster = {
    name: 'demo',
    status: 'CREATING',
    createdAt: new Date(1_700_000_000_500),
    tags: {},
    logging: { clusterLogging: [{ types: ['api'], enabled: false }] },
  };
  const created = await exchange({ cluster }, () => eks.createCluster(create));
  assert.deepEqual(created.input, create);
  assert.deepEqual(created.output, { cluster });
  const arn = 'arn:aws:eks:ap-northeast-2:000000000000:cluster/demo/ü x';
  const untag = await exchange({}, () => eks.untagResource({ resourceArn: arn, tagKeys: ['a b', 'c&d'] }));
  assert.deepEqual(untag.input, { resourceArn: arn, tagKeys: ['a b', 'c&d'] });
  const list = await exchange({ clusters: [], nextToken: 'n' }, () =>
    eks.listClusters({ maxResults: 5, include: ['all'] }),
  );
  assert.deepEqual(list, { input: { maxResults: 5, include: ['all'] }, output: { clusters: [], nextToken: 'n' } });
});

test('ec2Query: flat lists, names of their own, blobs, empty lists', async () => {
  const ec2 = new EC2(settings());
  const run = {
    MinCount: 1,
    MaxCount: 2,
    SubnetId: 'subnet-1',
    SecurityGroupIds: ['sg-1', 'sg-2'],
    TagSpecifications: [{ ResourceType: 'instance' as const, Tags: [{ Key: 'a', Value: '<&>' }] }],
    ClientToken: 't',
    IamInstanceProfile: { Name: 'p' },
    EbsOptimized: true,
    NetworkInterfaces: [
      { DeviceIndex: 0, Groups: ['sg-1'], PrivateIpAddresses: [{ Primary: true, PrivateIpAddress: '10.0.0.1' }] },
    ],
  };
  const reservation = {
    ReservationId: 'r-1',
    Groups: [],
    Instances: [
      {
        InstanceId: 'i-1',
        LaunchTime: new Date(1_700_000_000_000),
        State: { Code: 0, Name: 'pending' as const },
        Tags: [{ Key: 'a', Value: '<&>"\u00e9' }],
      },
    ],
  };
  const ran = await exchange(reservation, () => ec2.runInstances(run));
  assert.deepEqual(ran.input, run);
  assert.deepEqual(ran.output, reservation);
  const described = await exchange({ Vpcs: [] }, () =>
    ec2.describeVpcs({ Filters: [{ Name: 'isDefault', Values: ['true', 'x'] }], MaxResults: 5 }),
  );
  assert.deepEqual(described, {
    input: { Filters: [{ Name: 'isDefault', Values: ['true', 'x'] }], MaxResults: 5 },
    output: { Vpcs: [] },
  });
  const imported = await exchange({}, () =>
    ec2.importKeyPair({ KeyName: 'k', PublicKeyMaterial: Buffer.from('ssh-rsa A') }),
  );
  assert.deepEqual(imported.input, { KeyName: 'k', PublicKeyMaterial: new Uint8Array(Buffer.from('ssh-rsa A')) });
});

test('awsQuery: member lists, maps, structures in lists', async () => {
  const groups = new AutoScaling(settings());
  const create = {
    AutoScalingGroupName: 'g',
    MinSize: 0,
    MaxSize: 3,
    VPCZoneIdentifier: 'subnet-1',
    AvailabilityZones: ['a', 'b'],
    Tags: [{ Key: 'k', Value: 'v', PropagateAtLaunch: true }],
    MixedInstancesPolicy: { LaunchTemplate: { Overrides: [{ InstanceType: 't3.medium' }] } },
  };
  assert.deepEqual((await exchange({}, () => groups.createAutoScalingGroup(create))).input, create);
  const asg = {
    AutoScalingGroupName: 'g',
    MinSize: 0,
    MaxSize: 3,
    DesiredCapacity: 1,
    DefaultCooldown: 300,
    AvailabilityZones: ['a'],
    HealthCheckType: 'EC2',
    CreatedTime: new Date(1_700_000_000_123),
    Instances: [],
  };
  const described = await exchange({ AutoScalingGroups: [asg] }, () =>
    groups.describeAutoScalingGroups({ AutoScalingGroupNames: ['g'] }),
  );
  assert.deepEqual(described.output, { AutoScalingGroups: [asg] });
  const stacks = new CloudFormation(settings());
  const stack = {
    StackName: 's',
    TemplateBody: '{\n"a": 1}',
    Capabilities: ['CAPABILITY_IAM' as const],
    Parameters: [{ ParameterKey: 'k', ParameterValue: '' }],
  };
  assert.deepEqual((await exchange({ StackId: 'x' }, () => stacks.createStack(stack))).input, stack);
  const balancers = new ElasticLoadBalancingV2(settings());
  const listener2 = {
    LoadBalancerArn: 'arn',
    Port: 80,
    Protocol: 'HTTP' as const,
    DefaultActions: [
      { Type: 'forward' as const, ForwardConfig: { TargetGroups: [{ TargetGroupArn: 't', Weight: 1 }] } },
    ],
  };
  assert.deepEqual((await exchange({ Listeners: [] }, () => balancers.createListener(listener2))).input, listener2);
});

test('awsJson1_1: JSON in and out', async () => {
  const ecr = new ECR(settings());
  const repository = {
    repositoryName: 'a/b',
    createdAt: new Date(1_700_000_000_250),
    imageTagMutability: 'MUTABLE' as const,
  };
  const created = await exchange({ repository }, () =>
    ecr.createRepository({ repositoryName: 'a/b', tags: [{ Key: 'k', Value: 'v' }] }),
  );
  assert.deepEqual(created, {
    input: { repositoryName: 'a/b', tags: [{ Key: 'k', Value: 'v' }] },
    output: { repository },
  });
});

test('errors arrive with their code, message, status and members in every protocol', async () => {
  const refuse = (code: string, members: Record<string, unknown> = {}) => {
    answer = () => {
      throw new AwsError(code, 'text <&> é', members);
    };
  };
  const seen = async (call: () => Promise<unknown>) => {
    const thrown = await call().then(
      () => assert.fail('the call went well'),
      (error) => error,
    );
    return {
      name: thrown.name,
      message: thrown.message,
      status: thrown.$metadata.httpStatusCode,
      cluster: thrown.clusterName,
    };
  };
  const message = 'text <&> é';
  refuse('ResourceNotFoundException', { clusterName: 'demo', secret: 'x' });
  assert.deepEqual(await seen(() => new EKS(settings()).describeCluster({ name: 'demo' })), {
    name: 'ResourceNotFoundException',
    message,
    status: 404,
    cluster: 'demo',
  });
  refuse('InvalidVpcID.NotFound');
  assert.deepEqual(await seen(() => new EC2(settings()).describeVpcs({})), {
    name: 'InvalidVpcID.NotFound',
    message,
    status: 400,
    cluster: undefined,
  });
  refuse('AlreadyExists');
  assert.deepEqual(
    await seen(() =>
      new AutoScaling(settings()).createAutoScalingGroup({ AutoScalingGroupName: 'g', MinSize: 0, MaxSize: 0 }),
    ),
    { name: 'AlreadyExistsFault', message, status: 400, cluster: undefined },
  );
  refuse('RepositoryNotFoundException');
  assert.deepEqual(await seen(() => new ECR(settings()).describeRepositories({})), {
    name: 'RepositoryNotFoundException',
    message,
    status: 400,
    cluster: undefined,
  });
});

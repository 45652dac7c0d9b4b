import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AwsCredentials, createEksToken } from '@keelson/aws-protocol';
import { accessEntries, clusters, instances } from '@keelson/client/region-resources/index.ts';
import type { AccessEntry, Cluster, Instance, User } from '@keelson/model/region/object-types.ts';
import { instanceCredentials } from '../node-credentials.ts';
import { account, type RegionFixture, region, regionFixture } from '../suite/region-fixture.ts';
import { query } from '../suite/signed-client.ts';
import { identify as identifyBearer } from './identify.ts';
import { accessEntryName } from './names.ts';

const hosts = new Set(['127.0.0.1:4566']);
const trust = JSON.stringify({
  Statement: { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
});

async function administratorOf(fixture: RegionFixture): Promise<User> {
  return (await fixture.store.users.find('administrator'))!;
}

async function makeCluster(fixture: RegionFixture, name: string, mode: string): Promise<void> {
  const { userId } = (await administratorOf(fixture)).spec;
  await fixture.client.resource(clusters).create({
    apiVersion: 'eks.keelson.dev/v1',
    kind: 'Cluster',
    metadata: { name },
    spec: { authenticationMode: mode, bootstrapClusterCreatorAdminPermissions: true, creatorPrincipalId: userId },
  } as Cluster);
}

async function makeEntry(fixture: RegionFixture, principalArn: string, principalId: string): Promise<void> {
  await fixture.client.resource(accessEntries).create({
    apiVersion: 'eks.keelson.dev/v1',
    kind: 'AccessEntry',
    metadata: { name: accessEntryName('demo', principalArn) },
    spec: {
      clusterName: 'demo',
      principalArn,
      principalId,
      username: 'somebody',
      kubernetesGroups: ['g'],
      policies: [
        { policyArn: 'p1', scopeType: 'cluster', namespaces: [] },
        { policyArn: 'p2', scopeType: 'namespace', namespaces: ['a', 'b-*'] },
      ],
    },
  } as unknown as AccessEntry);
}

function identify(fixture: RegionFixture, credentials: AwsCredentials, clusterName = 'demo', shownTo = clusterName) {
  const now = fixture.world.clock.now();
  const endpoint = 'http://127.0.0.1:4566';
  const token = createEksToken({ clusterName, credentials, region, endpoint, now });
  return identifyBearer({ ...fixture, frontDoorHosts: hosts }, shownTo, token);
}

async function iam(fixture: RegionFixture, action: string, parameters: Record<string, string>) {
  const answer = await query(
    fixture.handler,
    fixture.administrator,
    'iam',
    action,
    parameters,
    fixture.world.clock.now(),
  );
  assert.equal(answer.status, 200, answer.text);
  return answer;
}

test('the creator of a cluster in CONFIG_MAP mode, and its access entry in the others', async () => {
  const fixture = await regionFixture();
  await makeCluster(fixture, 'old', 'CONFIG_MAP');
  await makeCluster(fixture, 'demo', 'API');
  const arn = `arn:aws:iam::${account}:user/administrator`;
  const { userId } = (await administratorOf(fixture)).spec;
  const common = {
    arn,
    canonicalArn: arn,
    accountId: account,
    principalId: userId,
    sessionName: '',
    accessKeyId: fixture.administrator.accessKeyId,
  };
  assert.deepEqual(await identify(fixture, fixture.administrator, 'old'), {
    outcome: 'known',
    identity: { ...common, authenticationMode: 'CONFIG_MAP', clusterCreatorAdmin: true },
  });
  const bare = { ...common, authenticationMode: 'API', clusterCreatorAdmin: false };
  assert.deepEqual(await identify(fixture, fixture.administrator), { outcome: 'known', identity: bare });
  await makeEntry(fixture, arn, userId);
  const policies = [
    { policyArn: 'p1', namespaces: '*' },
    { policyArn: 'p2', namespaces: ['a', 'b-*'] },
  ];
  assert.deepEqual(await identify(fixture, fixture.administrator), {
    outcome: 'known',
    identity: { ...bare, accessEntry: { username: 'somebody', kubernetesGroups: ['g'], policies } },
  });
});

test('a token for another cluster, of a cluster that is not there, of a key that is gone', async () => {
  const fixture = await regionFixture();
  await makeCluster(fixture, 'demo', 'API');
  assert.equal((await identify(fixture, fixture.administrator, 'other', 'demo')).outcome, 'refused');
  assert.deepEqual(await identify(fixture, fixture.administrator, 'none'), {
    outcome: 'refused',
    reason: 'there is no cluster none',
  });
  await fixture.store.accessKeys.resource.delete(fixture.administrator.accessKeyId);
  assert.equal((await identify(fixture, fixture.administrator)).outcome, 'refused');
});

test('a node comes with the credentials of its instance, and with its private DNS name', async () => {
  const fixture = await regionFixture();
  await makeCluster(fixture, 'demo', 'API_AND_CONFIG_MAP');
  const instanceId = 'i-0123456789abcdef0';
  const instance = await fixture.client.resource(instances).create({
    apiVersion: 'ec2.keelson.dev/v1',
    kind: 'Instance',
    metadata: { name: instanceId },
    spec: {
      privateDnsName: 'ip-172-31-0-5.ap-northeast-2.compute.internal',
      iamInstanceProfile: `arn:aws:iam::${account}:instance-profile/p`,
    },
  } as Instance);
  const created = await iam(fixture, 'CreateRole', {
    RoleName: 'node',
    Path: '/team/',
    AssumeRolePolicyDocument: trust,
  });
  await iam(fixture, 'CreateInstanceProfile', { InstanceProfileName: 'p' });
  const credentialsOf = () => instanceCredentials({ ...fixture, account }, instance);
  assert.equal(await credentialsOf(), undefined);
  await iam(fixture, 'AddRoleToInstanceProfile', { InstanceProfileName: 'p', RoleName: 'node' });
  const given = await credentialsOf();
  assert.equal(given?.roleName, 'node');
  const roleId = created.element('RoleId')!;
  await makeEntry(fixture, `arn:aws:iam::${account}:role/team/node`, roleId);
  const identified = await identify(fixture, given!);
  assert.ok(identified.outcome === 'known');
  const { identity } = identified;
  assert.equal(identity.arn, `arn:aws:sts::${account}:assumed-role/node/${instanceId}`);
  assert.equal(identity.canonicalArn, `arn:aws:iam::${account}:role/node`);
  assert.equal(identity.sessionName, instanceId);
  assert.equal(identity.privateDnsName, 'ip-172-31-0-5.ap-northeast-2.compute.internal');
  assert.equal(identity.accessEntry?.username, 'somebody');
  await iam(fixture, 'RemoveRoleFromInstanceProfile', { InstanceProfileName: 'p', RoleName: 'node' });
  await iam(fixture, 'DeleteRole', { RoleName: 'node' });
  assert.equal((await identify(fixture, given!)).outcome, 'refused');
  await iam(fixture, 'CreateRole', {
    RoleName: 'node',
    Path: '/team/',
    AssumeRolePolicyDocument: trust.replace('ec2', 'eks'),
  });
  await iam(fixture, 'AddRoleToInstanceProfile', { InstanceProfileName: 'p', RoleName: 'node' });
  assert.equal((await identify(fixture, given!)).outcome, 'refused', 'another role of that name');
});

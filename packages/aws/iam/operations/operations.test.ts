import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AwsCredentials } from '@keelson/aws-protocol';
import { type RegionFixture, regionFixture } from '../../suite/region-fixture.ts';
import { type QueryAnswer, query } from '../../suite/signed-client.ts';

type Parameters = Readonly<Record<string, string>>;

const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Principal: { Service: 'eks.amazonaws.com' }, Action: 'sts:AssumeRole' },
});
const clusterPolicy = 'arn:aws:iam::aws:policy/AmazonEKSClusterPolicy';

function callerOf(fixture: RegionFixture, credentials: AwsCredentials = fixture.administrator) {
  return (action: string, parameters: Parameters = {}) =>
    query(fixture.handler, credentials, 'iam', action, parameters, fixture.world.clock.now());
}

function refused(answer: QueryAnswer): string {
  return `${answer.status} ${answer.code}: ${answer.message}`;
}

test('a role from its creation to its deletion', async () => {
  const call = callerOf(await regionFixture());
  const role = { RoleName: 'Cluster_Role+1' };
  const created = await call('CreateRole', { ...role, AssumeRolePolicyDocument: trust, Path: '/team/' });
  assert.equal(created.element('Arn'), 'arn:aws:iam::000000000000:role/team/Cluster_Role+1');
  assert.match(created.element('RoleId')!, /^AROA[A-Z2-7]{17}$/);
  assert.equal(decodeURIComponent(created.element('AssumeRolePolicyDocument')!), trust);
  assert.equal(
    refused(await call('CreateRole', { RoleName: 'cluster_role+1', AssumeRolePolicyDocument: trust })),
    '409 EntityAlreadyExists: Role with name cluster_role+1 already exists.',
  );
  const tags = { 'Tags.member.1.Key': 'a', 'Tags.member.1.Value': '1' };
  assert.equal((await call('TagRole', { ...role, ...tags })).status, 200);
  assert.equal((await call('TagRole', { ...role, ...tags, 'Tags.member.1.Value': '2' })).status, 200);
  assert.deepEqual((await call('ListRoleTags', role)).elements('Value'), ['2']);
  assert.equal((await call('UntagRole', { ...role, 'TagKeys.member.1': 'A' })).status, 200);
  assert.deepEqual((await call('ListRoleTags', role)).elements('Value'), []);
  assert.equal((await call('UpdateRole', { ...role, MaxSessionDuration: '7200', Description: 'd' })).status, 200);
  const got = await call('GetRole', role);
  assert.deepEqual([got.element('MaxSessionDuration'), got.element('Description')], ['7200', 'd']);
  const attached = { ...role, PolicyArn: clusterPolicy };
  for (let times = 0; times < 2; times++) assert.equal((await call('AttachRolePolicy', attached)).status, 200);
  assert.deepEqual((await call('ListAttachedRolePolicies', role)).elements('PolicyName'), ['AmazonEKSClusterPolicy']);
  assert.equal((await call('GetPolicy', { PolicyArn: clusterPolicy })).element('AttachmentCount'), '1');
  assert.deepEqual((await call('ListEntitiesForPolicy', { PolicyArn: clusterPolicy })).elements('RoleName'), [
    'Cluster_Role+1',
  ]);
  assert.equal(
    refused(await call('DeleteRole', role)),
    '409 DeleteConflict: Cannot delete entity, must detach all policies first.',
  );
  assert.equal((await call('DetachRolePolicy', attached)).status, 200);
  assert.equal(
    refused(await call('DetachRolePolicy', attached)),
    `404 NoSuchEntity: Policy ${clusterPolicy} was not found.`,
  );
  const profile = { InstanceProfileName: 'p' };
  await call('CreateInstanceProfile', profile);
  assert.equal((await call('AddRoleToInstanceProfile', { ...profile, ...role })).status, 200);
  assert.equal(
    refused(await call('AddRoleToInstanceProfile', { ...profile, ...role })),
    '409 LimitExceeded: Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1',
  );
  assert.deepEqual((await call('GetInstanceProfile', profile)).elements('RoleName'), ['Cluster_Role+1']);
  assert.deepEqual((await call('ListInstanceProfilesForRole', role)).elements('InstanceProfileName'), ['p']);
  assert.equal(
    refused(await call('DeleteRole', role)),
    '409 DeleteConflict: Cannot delete entity, must remove roles from instance profile first.',
  );
  assert.equal((await call('DeleteInstanceProfile', profile)).code, 'DeleteConflict');
  assert.equal((await call('RemoveRoleFromInstanceProfile', { ...profile, ...role })).status, 200);
  assert.equal((await call('DeleteInstanceProfile', profile)).status, 200);
  assert.equal((await call('DeleteRole', role)).status, 200);
  assert.equal(
    refused(await call('GetRole', role)),
    '404 NoSuchEntity: The role with name Cluster_Role+1 cannot be found.',
  );
});

test('bad policies and limits', async () => {
  const call = callerOf(await regionFixture());
  const role = (document: string) => call('CreateRole', { RoleName: 'r', AssumeRolePolicyDocument: document });
  assert.equal(refused(await role('{')), '400 MalformedPolicyDocument: This policy contains invalid Json');
  const long = trust.replace('eks.amazonaws.com', `${'x'.repeat(2100)}.amazonaws.com`);
  assert.equal(refused(await role(long)), '409 LimitExceeded: Cannot exceed quota for ACLSizePerRole: 2048');
  assert.equal((await role(trust)).status, 200);
  const none = 'arn:aws:iam::aws:policy/None';
  assert.equal(
    refused(await call('AttachRolePolicy', { RoleName: 'r', PolicyArn: none })),
    `404 NoSuchEntity: Policy ${none} does not exist or is not attachable.`,
  );
  const twice = {
    'Tags.member.1.Key': 'a',
    'Tags.member.1.Value': '',
    'Tags.member.2.Key': 'A',
    'Tags.member.2.Value': '',
  };
  assert.equal((await call('TagRole', { RoleName: 'r', ...twice })).code, 'InvalidInput');
  const linked = await call('CreateServiceLinkedRole', { AWSServiceName: 'eks.amazonaws.com' });
  assert.equal(linked.element('Path'), '/aws-service-role/eks.amazonaws.com/');
  assert.equal((await call('CreateServiceLinkedRole', { AWSServiceName: 'eks.amazonaws.com' })).code, 'InvalidInput');
  const own = { RoleName: 'AWSServiceRoleForAmazonEKS' };
  assert.equal((await call('DeleteRole', own)).code, 'UnmodifiableEntity');
  assert.equal(
    (await call('PutRolePolicy', { ...own, PolicyName: 'p', PolicyDocument: '{"Statement":[]}' })).code,
    'MalformedPolicyDocument',
  );
  const task = await call('DeleteServiceLinkedRole', own);
  assert.equal(
    (await call('GetServiceLinkedRoleDeletionStatus', { DeletionTaskId: task.element('DeletionTaskId')! })).element(
      'Status',
    ),
    'SUCCEEDED',
  );
});

test('managed policies have versions, and one that is used stays', async () => {
  const call = callerOf(await regionFixture());
  const document = (action: string) =>
    JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: action, Resource: '*' }] });
  const arn = (await call('CreatePolicy', { PolicyName: 'p', PolicyDocument: document('eks:List*') })).element('Arn')!;
  assert.equal(arn, 'arn:aws:iam::000000000000:policy/p');
  assert.equal(
    (await call('CreatePolicy', { PolicyName: 'P', PolicyDocument: document('a:b') })).code,
    'EntityAlreadyExists',
  );
  for (let version = 2; version <= 5; version++)
    assert.equal(
      (
        await call('CreatePolicyVersion', {
          PolicyArn: arn,
          PolicyDocument: document('eks:*'),
          SetAsDefault: String(version === 2),
        })
      ).element('VersionId'),
      `v${version}`,
    );
  assert.equal(
    (await call('CreatePolicyVersion', { PolicyArn: arn, PolicyDocument: document('eks:*') })).code,
    'LimitExceeded',
  );
  assert.deepEqual((await call('ListPolicyVersions', { PolicyArn: arn })).elements('VersionId'), [
    'v5',
    'v4',
    'v3',
    'v2',
    'v1',
  ]);
  assert.equal((await call('GetPolicy', { PolicyArn: arn })).element('DefaultVersionId'), 'v2');
  assert.equal(
    decodeURIComponent((await call('GetPolicyVersion', { PolicyArn: arn, VersionId: 'v1' })).element('Document')!),
    document('eks:List*'),
  );
  assert.equal((await call('DeletePolicyVersion', { PolicyArn: arn, VersionId: 'v2' })).code, 'DeleteConflict');
  assert.equal((await call('DeletePolicy', { PolicyArn: arn })).code, 'DeleteConflict');
  for (const version of ['v1', 'v3', 'v4', 'v5'])
    assert.equal((await call('DeletePolicyVersion', { PolicyArn: arn, VersionId: version })).status, 200);
  await call('CreateUser', { UserName: 'u', PermissionsBoundary: arn });
  assert.equal(
    refused(await call('DeletePolicy', { PolicyArn: arn })),
    '409 DeleteConflict: Cannot delete a policy attached to entities.',
  );
  assert.equal((await call('DeleteUserPermissionsBoundary', { UserName: 'u' })).status, 200);
  assert.equal((await call('DeletePolicy', { PolicyArn: arn })).status, 200);
  assert.equal((await call('GetPolicyVersion', { PolicyArn: clusterPolicy, VersionId: 'v1' })).status, 200);
});

test('a user may what its policies allow, and a key is unknown from the moment it is gone', async () => {
  const fixture = await regionFixture();
  const call = callerOf(fixture);
  await call('CreateUser', { UserName: 'alice' });
  const key = await call('CreateAccessKey', { UserName: 'alice' });
  const credentials = { accessKeyId: key.element('AccessKeyId')!, secretAccessKey: key.element('SecretAccessKey')! };
  const alice = callerOf(fixture, credentials);
  assert.equal(
    refused(await alice('ListRoles')),
    '403 AccessDenied: User: arn:aws:iam::000000000000:user/alice is not authorized to perform: iam:ListRoles on resource: arn:aws:iam::000000000000:role/ because no identity-based policy allows the iam:ListRoles action',
  );
  const policy = (rules: object) => JSON.stringify({ Version: '2012-10-17', Statement: rules });
  const allow = { Effect: 'Allow', Action: ['iam:List*', 'iam:GetUser'], Resource: 'arn:aws:iam::*:*' };
  await call('PutUserPolicy', { UserName: 'alice', PolicyName: 'p', PolicyDocument: policy([allow]) });
  assert.equal((await alice('ListRoles')).status, 200);
  assert.equal((await alice('GetUser')).element('UserName'), 'alice');
  const deny = { Effect: 'Deny', Action: 'iam:ListRoles', Resource: '*' };
  await call('PutUserPolicy', { UserName: 'alice', PolicyName: 'q', PolicyDocument: policy([deny]) });
  assert.match((await alice('ListRoles')).message, /with an explicit deny in an identity-based policy$/);
  await call('DeleteUserPolicy', { UserName: 'alice', PolicyName: 'q' });
  await call('PutUserPermissionsBoundary', { UserName: 'alice', PermissionsBoundary: clusterPolicy });
  assert.match((await alice('ListRoles')).message, /because no permissions boundary allows the iam:ListRoles action$/);
  await call('DeleteUserPermissionsBoundary', { UserName: 'alice' });
  const keyName = { UserName: 'alice', AccessKeyId: credentials.accessKeyId };
  await call('UpdateAccessKey', { ...keyName, Status: 'Inactive' });
  assert.equal((await alice('ListRoles')).code, 'InvalidClientTokenId');
  await call('UpdateAccessKey', { ...keyName, Status: 'Active' });
  assert.equal((await alice('ListRoles')).status, 200);
  assert.equal((await call('DeleteUser', { UserName: 'alice' })).code, 'DeleteConflict');
  await call('DeleteAccessKey', keyName);
  assert.equal((await alice('ListRoles')).code, 'InvalidClientTokenId');
  assert.equal(
    refused(await call('DeleteAccessKey', keyName)),
    `404 NoSuchEntity: The Access Key with id ${credentials.accessKeyId} cannot be found.`,
  );
});

test('access keys: two for a user, sealed in the store', async () => {
  const fixture = await regionFixture();
  const call = callerOf(fixture);
  await call('CreateUser', { UserName: 'u' });
  const secret = (await call('CreateAccessKey', { UserName: 'u' })).element('SecretAccessKey')!;
  assert.equal(secret.length, 40);
  await call('CreateAccessKey', { UserName: 'u' });
  assert.equal(
    refused(await call('CreateAccessKey', { UserName: 'u' })),
    '409 LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2',
  );
  assert.equal((await call('ListAccessKeys', { UserName: 'u' })).elements('AccessKeyId').length, 2);
  assert.ok(!JSON.stringify(await fixture.store.accessKeys.list()).includes(secret));
});

test('when a key was last used, and for what', async () => {
  const fixture = await regionFixture();
  const call = callerOf(fixture);
  const AccessKeyId = fixture.administrator.accessKeyId;
  // The record is written beside the call, so that it is there some calls later.
  let seen = await call('GetAccessKeyLastUsed', { AccessKeyId });
  for (let more = 0; more < 20 && seen.element('ServiceName') === 'N/A'; more++)
    seen = await call('GetAccessKeyLastUsed', { AccessKeyId });
  assert.equal(seen.element('ServiceName'), 'iam');
  assert.equal(seen.element('LastUsedDate'), '2026-01-01T00:00:00Z');
  await call('CreateUser', { UserName: 'u' });
  const unused = (await call('CreateAccessKey', { UserName: 'u' })).element('AccessKeyId')!;
  const never = await call('GetAccessKeyLastUsed', { AccessKeyId: unused });
  assert.deepEqual([never.element('LastUsedDate'), never.element('Region')], [undefined, 'N/A']);
});

test('lists come in pages, in order, by path', async () => {
  const call = callerOf(await regionFixture());
  const names = ['b', 'a', 'd', 'c', 'e'];
  for (const name of names)
    await call('CreateRole', { RoleName: name, AssumeRolePolicyDocument: trust, Path: name < 'c' ? '/low/' : '/' });
  const seen: string[] = [];
  let marker: string | undefined;
  do {
    const answer = await call('ListRoles', { MaxItems: '2', ...(marker === undefined ? {} : { Marker: marker }) });
    seen.push(...answer.elements('RoleName'));
    marker = answer.element('Marker');
    assert.equal(answer.element('IsTruncated'), String(marker !== undefined));
  } while (marker !== undefined);
  assert.deepEqual(seen, ['a', 'b', 'c', 'd', 'e']);
  assert.deepEqual((await call('ListRoles', { PathPrefix: '/low/' })).elements('RoleName'), ['a', 'b']);
  assert.equal(refused(await call('ListRoles', { Marker: 'nonsense' })), '400 ValidationError: Invalid Marker.');
});

test('two who attach at once both succeed', async () => {
  const call = callerOf(await regionFixture());
  await call('CreateRole', { RoleName: 'r', AssumeRolePolicyDocument: trust });
  const arns = ['AmazonEKSClusterPolicy', 'AmazonEKS_CNI_Policy', 'AmazonEKSWorkerNodePolicy', 'PowerUserAccess'];
  await Promise.all(
    arns.map((name) => call('AttachRolePolicy', { RoleName: 'r', PolicyArn: `arn:aws:iam::aws:policy/${name}` })),
  );
  assert.deepEqual((await call('ListAttachedRolePolicies', { RoleName: 'r' })).elements('PolicyName'), arns.sort());
});

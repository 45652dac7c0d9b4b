import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AwsCredentials } from '@keelson/aws-protocol';
import { virtualWorld } from '@keelson/base';
import { type RegionFixture, regionFixture } from '../suite/region-fixture.ts';
import { type QueryAnswer, query } from '../suite/signed-client.ts';

const account = '000000000000';

function call(
  fixture: RegionFixture,
  service: 'iam' | 'sts',
  credentials: AwsCredentials,
  action: string,
  parameters = {},
) {
  return query(fixture.handler, credentials, service, action, parameters, fixture.world.clock.now());
}

function credentialsIn(answer: QueryAnswer): AwsCredentials {
  return {
    accessKeyId: answer.element('AccessKeyId')!,
    secretAccessKey: answer.element('SecretAccessKey')!,
    sessionToken: answer.element('SessionToken')!,
  };
}

/** A role with this trust, and a user without policies and its key. */
async function roleAndUser(fixture: RegionFixture, principal: unknown, condition?: object) {
  const { administrator } = fixture;
  const rule = {
    Effect: 'Allow',
    Principal: principal,
    Action: 'sts:AssumeRole',
    ...(condition ? { Condition: condition } : {}),
  };
  const created = await call(fixture, 'iam', administrator, 'CreateUser', { UserName: 'alice' });
  assert.equal(created.status, 200);
  const role = await call(fixture, 'iam', administrator, 'CreateRole', {
    RoleName: 'r',
    AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [rule] }),
  });
  assert.equal(role.status, 200);
  const key = await call(fixture, 'iam', administrator, 'CreateAccessKey', { UserName: 'alice' });
  return { accessKeyId: key.element('AccessKeyId')!, secretAccessKey: key.element('SecretAccessKey')! };
}

const assume = { RoleArn: `arn:aws:iam::${account}:role/r`, RoleSessionName: 's1' };

test('a role that trusts a user is assumed, and its session may what the role may, until it ends', async () => {
  const world = virtualWorld(3);
  const fixture = await regionFixture(world);
  const alice = await roleAndUser(fixture, { AWS: `arn:aws:iam::${account}:user/alice` });
  const assumed = await call(fixture, 'sts', alice, 'AssumeRole', { ...assume, DurationSeconds: '900' });
  assert.equal(assumed.element('Arn'), `arn:aws:sts::${account}:assumed-role/r/s1`);
  const session = credentialsIn(assumed);
  assert.match(session.accessKeyId, /^ASIA[A-Z2-7]{16}$/);
  const identity = await call(fixture, 'sts', session, 'GetCallerIdentity');
  assert.equal(identity.element('Arn'), `arn:aws:sts::${account}:assumed-role/r/s1`);
  assert.match(identity.element('UserId')!, /^AROA[A-Z2-7]{17}:s1$/);
  assert.equal((await call(fixture, 'iam', session, 'ListUsers')).code, 'AccessDenied');
  const policy = 'arn:aws:iam::aws:policy/IAMReadOnlyAccess';
  await call(fixture, 'iam', fixture.administrator, 'AttachRolePolicy', { RoleName: 'r', PolicyArn: policy });
  assert.equal((await call(fixture, 'iam', session, 'ListUsers')).status, 200);
  const stolen = { ...session, accessKeyId: 'ASIAAAAAAAAAAAAAAAAA' };
  assert.equal((await call(fixture, 'sts', stolen, 'GetCallerIdentity')).code, 'InvalidClientTokenId');
  const { sessionToken: _token, ...bare } = session;
  assert.equal((await call(fixture, 'sts', bare, 'GetCallerIdentity')).code, 'InvalidClientTokenId');
  await world.clock.advance(901_000);
  assert.equal((await call(fixture, 'sts', session, 'GetCallerIdentity')).code, 'ExpiredToken');
});

test('a session policy cuts down what the session may', async () => {
  const fixture = await regionFixture();
  const alice = await roleAndUser(fixture, { AWS: `arn:aws:iam::${account}:user/alice` });
  const administrator = 'arn:aws:iam::aws:policy/AdministratorAccess';
  await call(fixture, 'iam', fixture.administrator, 'AttachRolePolicy', { RoleName: 'r', PolicyArn: administrator });
  const Policy = JSON.stringify({ Statement: { Effect: 'Allow', Action: 'iam:ListUsers', Resource: '*' } });
  const session = credentialsIn(await call(fixture, 'sts', alice, 'AssumeRole', { ...assume, Policy }));
  assert.equal((await call(fixture, 'iam', session, 'ListUsers')).status, 200);
  assert.match((await call(fixture, 'iam', session, 'ListRoles')).message, /because no session policy allows/);
  assert.equal(
    (await call(fixture, 'sts', alice, 'AssumeRole', { ...assume, Policy: '{' })).code,
    'MalformedPolicyDocument',
  );
});

test('a role that trusts the account leaves it to the policies of the caller', async () => {
  const fixture = await regionFixture();
  const alice = await roleAndUser(fixture, { AWS: account });
  assert.equal((await call(fixture, 'sts', alice, 'AssumeRole', assume)).code, 'AccessDenied');
  const PolicyDocument = JSON.stringify({
    Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: assume.RoleArn },
  });
  await call(fixture, 'iam', fixture.administrator, 'PutUserPolicy', {
    UserName: 'alice',
    PolicyName: 'p',
    PolicyDocument,
  });
  assert.equal((await call(fixture, 'sts', alice, 'AssumeRole', assume)).status, 200);
});

test('trust with a condition, of a service only, of a role that is not there', async () => {
  const fixture = await regionFixture();
  const condition = { StringEquals: { 'sts:ExternalId': 'ex' } };
  const alice = await roleAndUser(fixture, { AWS: `arn:aws:iam::${account}:user/alice` }, condition);
  const refusal = `User: arn:aws:iam::${account}:user/alice is not authorized to perform: sts:AssumeRole on resource: ${assume.RoleArn}`;
  const without = await call(fixture, 'sts', alice, 'AssumeRole', assume);
  assert.deepEqual([without.status, without.code, without.message], [403, 'AccessDenied', refusal]);
  assert.equal((await call(fixture, 'sts', alice, 'AssumeRole', { ...assume, ExternalId: 'ex' })).status, 200);
  const service = JSON.stringify({
    Statement: { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
  });
  await call(fixture, 'iam', fixture.administrator, 'UpdateAssumeRolePolicy', {
    RoleName: 'r',
    PolicyDocument: service,
  });
  assert.equal((await call(fixture, 'sts', fixture.administrator, 'AssumeRole', assume)).code, 'AccessDenied');
  const missing = { ...assume, RoleArn: `arn:aws:iam::${account}:role/none` };
  assert.equal((await call(fixture, 'sts', fixture.administrator, 'AssumeRole', missing)).code, 'AccessDenied');
});

test('sessions end with their role, and last no longer than it allows', async () => {
  const fixture = await regionFixture();
  const alice = await roleAndUser(fixture, { AWS: `arn:aws:iam::${account}:user/alice` });
  const long = await call(fixture, 'sts', alice, 'AssumeRole', { ...assume, DurationSeconds: '7200' });
  assert.equal(long.message, 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  assert.equal(
    (await call(fixture, 'sts', alice, 'AssumeRole', { ...assume, DurationSeconds: '10' })).code,
    'ValidationError',
  );
  const session = credentialsIn(await call(fixture, 'sts', alice, 'AssumeRole', assume));
  await call(fixture, 'iam', fixture.administrator, 'DeleteRole', { RoleName: 'r' });
  assert.equal((await call(fixture, 'sts', session, 'GetCallerIdentity')).code, 'InvalidClientTokenId');
});

test("a user's own session is the user, and gets no further session", async () => {
  const fixture = await regionFixture();
  const session = credentialsIn(await call(fixture, 'sts', fixture.administrator, 'GetSessionToken'));
  assert.equal(
    (await call(fixture, 'sts', session, 'GetCallerIdentity')).element('Arn'),
    `arn:aws:iam::${account}:user/administrator`,
  );
  assert.equal((await call(fixture, 'iam', session, 'ListUsers')).status, 200);
  assert.equal((await call(fixture, 'sts', session, 'GetSessionToken')).code, 'AccessDenied');
});

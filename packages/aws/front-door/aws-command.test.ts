import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { verifyEksToken } from '@keelson/aws-protocol';
import { systemWorld } from '@keelson/base';
import { type Listener, listenOnLoopback, type RegionFixture, region, regionFixture } from '../suite/region-fixture.ts';

/** The real `aws` command against the front door over HTTP. */
const missing = spawnSync('aws', ['--version']).status === 0 ? false : 'there is no aws command on this machine';
let fixture: RegionFixture;
let listener: Listener;

interface Outcome {
  readonly status: number;
  readonly output: any;
  readonly error: string;
}

type Environment = Readonly<Record<string, string>>;

function aws(line: string, further: readonly string[] = [], environment: Environment = {}): Promise<Outcome> {
  const { accessKeyId, secretAccessKey } = fixture.administrator;
  const env = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_DEFAULT_REGION: region,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_MAX_ATTEMPTS: '1',
    AWS_PAGER: '',
    ...environment,
  };
  // As an option, for an aws of before 2.13 does not heed AWS_ENDPOINT_URL and would talk to AWS itself.
  const words = [...line.split(' '), ...further, '--endpoint-url', `http://127.0.0.1:${listener.port}`];
  return new Promise((resolve) => {
    execFile('aws', [...words, '--output', 'json'], { env }, (thrown, stdout, stderr) => {
      const output = stdout.trim().startsWith('{') ? JSON.parse(stdout) : stdout;
      resolve({ status: thrown === null ? 0 : Number(thrown.code), output, error: stderr.trim() });
    });
  });
}

function environmentOf(credentials: any): Environment {
  return {
    AWS_ACCESS_KEY_ID: credentials.AccessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.SecretAccessKey,
    ...(credentials.SessionToken === undefined ? {} : { AWS_SESSION_TOKEN: credentials.SessionToken }),
  };
}

before(async () => {
  if (missing) return;
  fixture = await regionFixture(systemWorld());
  listener = await listenOnLoopback(fixture.handler);
});

after(() => listener?.close());

const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Service: 'eks.amazonaws.com', AWS: 'arn:aws:iam::000000000000:root' },
      Action: 'sts:AssumeRole',
    },
  ],
});

test('who am I, and refusals in words that the command prints', { skip: missing }, async () => {
  const identity = await aws('sts get-caller-identity');
  assert.equal(identity.output.Arn, 'arn:aws:iam::000000000000:user/administrator');
  const wrong = await aws('sts get-caller-identity', [], { AWS_SECRET_ACCESS_KEY: 'wrong' });
  assert.match(wrong.error, /\(SignatureDoesNotMatch\) when calling the GetCallerIdentity operation/);
  const [stranger, lambda, clusters] = await Promise.all([
    aws('ec2 describe-vpcs', [], { AWS_ACCESS_KEY_ID: 'AKIAAAAAAAAAAAAAAAAA' }),
    aws('lambda list-functions'),
    aws('eks list-clusters'),
  ]);
  assert.match(stranger.error, /\(AuthFailure\) when calling the DescribeVpcs operation/);
  assert.match(
    lambda.error,
    /\(UnknownService\) when calling the ListFunctions operation(?: \(reached max retries: 0\))?: The service 'lambda'/,
  );
  assert.match(clusters.error, /\(UnsupportedOperationException\) when calling the ListClusters operation/);
});

test('the roles of the tutorial, from creation to deletion', { skip: missing }, async () => {
  const created = await aws('iam create-role --role-name cluster --assume-role-policy-document', [trust]);
  assert.deepEqual(created.output.Role.AssumeRolePolicyDocument, JSON.parse(trust));
  const again = await aws('iam create-role --role-name cluster --assume-role-policy-document', [trust]);
  assert.match(again.error, /\(EntityAlreadyExists\).*Role with name cluster already exists\./);
  const arn = 'arn:aws:iam::aws:policy/AmazonEKSClusterPolicy';
  assert.equal((await aws(`iam attach-role-policy --role-name cluster --policy-arn ${arn}`)).status, 0);
  const [attached, roles, refused, shown] = await Promise.all([
    aws('iam list-attached-role-policies --role-name cluster'),
    aws('iam list-roles'),
    aws('iam delete-role --role-name cluster'),
    aws('iam get-role --role-name cluster'),
  ]);
  assert.deepEqual(attached.output.AttachedPolicies, [{ PolicyName: 'AmazonEKSClusterPolicy', PolicyArn: arn }]);
  assert.deepEqual(
    roles.output.Roles.map((role: any) => role.RoleName),
    ['cluster'],
  );
  assert.match(refused.error, /\(DeleteConflict\).*must detach all policies first/);
  assert.equal(shown.output.Role.MaxSessionDuration, 3600);
  assert.equal((await aws(`iam detach-role-policy --role-name cluster --policy-arn ${arn}`)).status, 0);
  assert.equal((await aws('iam delete-role --role-name cluster')).status, 0);
});

test('a role is assumed, and its token opens its cluster only', { skip: missing }, async () => {
  await aws('iam create-role --role-name node --assume-role-policy-document', [trust]);
  const role = 'arn:aws:iam::000000000000:role/node';
  const assumed = await aws(`sts assume-role --role-arn ${role} --role-session-name i-0123`);
  const environment = environmentOf(assumed.output.Credentials);
  const [identity, forbidden, made] = await Promise.all([
    aws('sts get-caller-identity', [], environment),
    aws('iam list-users', [], environment),
    aws('eks get-token --cluster-name demo', [], environment),
  ]);
  assert.equal(identity.output.Arn, 'arn:aws:sts::000000000000:assumed-role/node/i-0123');
  assert.match(forbidden.error, /\(AccessDenied\).*because no identity-based policy allows the iam:ListUsers action/);
  const verdict = (clusterName: string) =>
    verifyEksToken(made.output.status.token, {
      clusterName,
      frontDoorHosts: new Set([`127.0.0.1:${listener.port}`]),
      now: fixture.world.clock.now(),
      async lookUp(accessKeyId, sessionToken) {
        const found = await fixture.credentials.resolve(accessKeyId, sessionToken, fixture.world.clock.now());
        return found.outcome === 'known' ? { ...found, identity: found.principal.arn } : undefined;
      },
    });
  const good = await verdict('demo');
  assert.equal(good.outcome === 'good' && good.identity, identity.output.Arn);
  assert.equal((await verdict('other')).outcome, 'refused');
  await aws('iam delete-role --role-name node');
  assert.equal((await verdict('demo')).outcome, 'refused');
});

test('users and keys: a deleted key is unknown at once', { skip: missing }, async () => {
  await aws('iam create-user --user-name alice');
  const key = (await aws('iam create-access-key --user-name alice')).output.AccessKey;
  const policy = 'arn:aws:iam::aws:policy/IAMReadOnlyAccess';
  await aws(`iam attach-user-policy --user-name alice --policy-arn ${policy}`);
  const own = environmentOf(key);
  assert.equal((await aws('iam list-users', [], own)).status, 0);
  assert.match((await aws('iam create-user --user-name bob', [], own)).error, /\(AccessDenied\)/);
  await aws(`iam delete-access-key --user-name alice --access-key-id ${key.AccessKeyId}`);
  assert.match((await aws('iam list-users', [], own)).error, /\(InvalidClientTokenId\)/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadTable, presignTarget, signRequest } from '@keelson/aws-protocol';
import { collectBody, createLog, type LogEntry, virtualWorld } from '@keelson/base';
import type { AwsService } from '../service.ts';
import { account, type RegionFixture, region, regionFixture, request } from '../suite/region-fixture.ts';
import { answerOf, query } from '../suite/signed-client.ts';
import { longestBody } from './index.ts';

async function eksService(operations: AwsService['operations']): Promise<AwsService> {
  return { table: await loadTable('eks'), operations };
}

interface JsonAnswer {
  readonly status: number;
  readonly code: string | undefined;
  readonly body: Record<string, unknown>;
}

/** A call of EKS, signed as the administrator unless told otherwise. */
async function callEks(
  fixture: RegionFixture,
  method: string,
  target: string,
  body = '',
  changes: { headers?: Record<string, string>; signFor?: string; secret?: string; service?: string } = {},
): Promise<JsonAnswer> {
  const { accessKeyId, secretAccessKey } = fixture.administrator;
  const unsigned = request(method, target, { host: 'h', 'content-type': 'application/json', ...changes.headers }, body);
  const credentials = { accessKeyId, secretAccessKey: changes.secret ?? secretAccessKey };
  const now = fixture.world.clock.now();
  const service = changes.service ?? 'eks';
  const headers = signRequest(unsigned, { credentials, region: changes.signFor ?? region, service, now });
  const response = await fixture.handler({ ...unsigned, headers });
  const text = Buffer.from(await collectBody(response.body)).toString('utf8');
  assert.ok(response.headers['x-amzn-requestid']);
  return { status: response.status, code: response.headers['x-amzn-errortype'], body: JSON.parse(text) };
}

test('an operation gets its input and who calls, and its output goes back', async () => {
  let seen: unknown;
  const service = await eksService({
    async DescribeCluster(input, context) {
      seen = {
        input,
        arn: context.principal.arn,
        region: context.region,
        account: context.account,
        host: context.host,
      };
      return { cluster: { name: input.name, createdAt: context.now, unknown: 1 } };
    },
  });
  const fixture = await regionFixture(virtualWorld(1), [service]);
  const answer = await callEks(fixture, 'GET', '/clusters/demo');
  assert.deepEqual(answer.body, { cluster: { name: 'demo', createdAt: fixture.world.clock.now() / 1000 } });
  const arn = `arn:aws:iam::${account}:user/administrator`;
  assert.deepEqual(seen, { input: { name: 'demo' }, arn, region, account, host: 'h' });
});

test('what is not supported or not known is named, in the words of the protocol', async () => {
  const fixture = await regionFixture(virtualWorld(1), [await eksService({})]);
  const known = await callEks(fixture, 'GET', '/clusters');
  assert.deepEqual([known.status, known.code], [400, 'UnsupportedOperationException']);
  assert.equal(known.body['message'], 'The operation ListClusters of EKS is not supported in this region.');
  const unknown = await callEks(fixture, 'GET', '/nothing/here');
  assert.deepEqual([unknown.status, unknown.code], [404, 'UnknownOperationException']);
  const service = await callEks(fixture, 'POST', '/2015-03-31/functions', '', { service: 'lambda' });
  assert.deepEqual([service.status, service.code], [404, 'UnknownService']);
  assert.match(String(service.body['message']), /'lambda'/);
  const now = fixture.world.clock.now();
  const iam = await query(fixture.handler, fixture.administrator, 'iam', 'EatRole', {}, now);
  assert.deepEqual(
    [iam.status, iam.code, iam.message],
    [400, 'InvalidAction', 'Could not find operation EatRole for version 2010-05-08'],
  );
  const ec2 = await query(fixture.handler, fixture.administrator, 'ec2', 'DescribeVpcs', {}, now);
  assert.deepEqual([ec2.status, ec2.code], [400, 'UnsupportedOperation']);
});

test('bad bodies get the error of the service', async () => {
  const fixture = await regionFixture(virtualWorld(1), [await eksService({ CreateCluster: async () => ({}) })]);
  const code = async (body: string) => (await callEks(fixture, 'POST', '/clusters', body)).code;
  assert.equal(await code('{"name":'), 'SerializationException');
  assert.equal(await code('[]'), 'SerializationException');
  assert.equal(await code('{"name": 5}'), 'SerializationException');
  assert.equal(await code('{"name": "a", "resourcesVpcConfig": {"subnetIds": "x"}}'), 'SerializationException');
  assert.equal(await code('{}'), 'InvalidParameterException');
  assert.equal(await code(`{"name":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), 'SerializationException');
  const long = await callEks(fixture, 'POST', '/clusters', 'x'.repeat(longestBody + 1));
  assert.deepEqual([long.status, long.code], [413, 'RequestEntityTooLargeException']);
});

test('signatures: missing, incomplete, wrong, of an unknown key, for another region, too old', async () => {
  const fixture = await regionFixture(virtualWorld(1), [await eksService({ ListClusters: async () => ({}) })]);
  const { handler, administrator, world } = fixture;
  const now = world.clock.now();
  const unsigned = await answerOf(await handler(request('GET', '/', { host: 'h' })));
  assert.deepEqual([unsigned.status, unsigned.code], [403, 'MissingAuthenticationToken']);
  const incomplete = await answerOf(
    await handler(request('GET', '/', { host: 'h', authorization: 'AWS4-HMAC-SHA256 x' })),
  );
  assert.deepEqual([incomplete.status, incomplete.code], [400, 'IncompleteSignature']);
  const wrong = await callEks(fixture, 'GET', '/clusters', '', { secret: 'wrong' });
  assert.deepEqual([wrong.status, wrong.code], [403, 'InvalidSignatureException']);
  const elsewhere = await callEks(fixture, 'GET', '/clusters', '', { signFor: 'us-west-2' });
  assert.deepEqual([elsewhere.status, elsewhere.code], [403, 'InvalidSignatureException']);
  const codes = async (
    credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string },
    at = now,
  ) => {
    const sts = await query(handler, credentials, 'sts', 'GetCallerIdentity', {}, at);
    const ec2 = await query(handler, credentials, 'ec2', 'DescribeVpcs', {}, at);
    return [sts.status, sts.code, ec2.status, ec2.code];
  };
  const stranger = { accessKeyId: 'AKIAAAAAAAAAAAAAAAAA', secretAccessKey: 'x' };
  assert.deepEqual(await codes(stranger), [403, 'InvalidClientTokenId', 401, 'AuthFailure']);
  const forged = { ...administrator, sessionToken: 'Zm9yZ2Vk' };
  assert.deepEqual(await codes(forged), [403, 'InvalidClientTokenId', 401, 'AuthFailure']);
  const bad = { ...administrator, secretAccessKey: 'x' };
  assert.deepEqual(await codes(bad), [403, 'SignatureDoesNotMatch', 401, 'AuthFailure']);
  assert.deepEqual(await codes(administrator, now - 600_000), [403, 'SignatureDoesNotMatch', 400, 'RequestExpired']);
  const late = await query(handler, administrator, 'sts', 'GetCallerIdentity', {}, now - 600_000);
  assert.match(late.message, /^Signature expired: \d{8}T\d{6}Z is now earlier than /);
});

test('iam and sts are signed for us-east-1 too, and a presigned GetCallerIdentity answers', async () => {
  const { handler, administrator, world } = await regionFixture();
  const presign = (signingRegion: string) => {
    const plain = { method: 'GET', target: '/?Action=GetCallerIdentity&Version=2011-06-15', headers: { host: 'h' } };
    const options = { credentials: administrator, region: signingRegion, service: 'sts', now: world.clock.now() };
    return request('GET', presignTarget(plain, { ...options, expires: 60 }), { host: 'h' });
  };
  for (const place of ['us-east-1', region]) {
    const answer = await answerOf(await handler(presign(place)));
    assert.equal(answer.element('Arn'), `arn:aws:iam::${account}:user/administrator`);
  }
});

test('a failure of the program is logged and told as an internal error, without its text', async () => {
  const entries: LogEntry[] = [];
  const world = virtualWorld(1);
  const log = createLog(world.clock, (entry) => entries.push(entry));
  const service = await eksService({
    ListClusters: async () => {
      throw new TypeError('secret detail');
    },
  });
  const answer = await callEks(await regionFixture({ ...world, log }, [service]), 'GET', '/clusters');
  assert.deepEqual([answer.status, answer.code], [500, 'InternalFailure']);
  assert.doesNotMatch(JSON.stringify(answer.body), /secret/);
  assert.equal(entries.filter(({ level }) => level === 'error').length, 1);
});

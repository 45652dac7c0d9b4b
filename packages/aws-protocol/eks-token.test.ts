import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEksToken, eksTokenPrefix, verifyEksToken } from './eks-token.ts';
import { presignTarget } from './sigv4/sign.ts';

const now = Date.UTC(2026, 0, 2, 3, 4, 5);
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 's/+=' };
const region = 'ap-northeast-2';
const base = { clusterName: 'demo', credentials, region, endpoint: 'http://127.0.0.1:4566', now };

function verify(token: string, changes: { clusterName?: string; now?: number; secret?: string; known?: boolean } = {}) {
  return verifyEksToken(token, {
    clusterName: changes.clusterName ?? 'demo',
    frontDoorHosts: new Set(['127.0.0.1:4566']),
    now: changes.now ?? now,
    async lookUp(accessKeyId, sessionToken) {
      if (changes.known === false) return undefined;
      assert.deepEqual([accessKeyId, sessionToken], ['AKIDEXAMPLE', 's/+=']);
      return { secretAccessKey: changes.secret ?? 'secret', identity: 'alice' };
    },
  });
}

async function refusal(token: string, changes = {}): Promise<string> {
  const result = await verify(token, changes);
  assert.equal(result.outcome, 'refused');
  return (result as { reason: string }).reason;
}

/** A token over any URL, as somebody might make one. */
function tokenOver(url: string, headers: Record<string, string> = {}, service = 'sts', expires = 60): string {
  const { host, origin, pathname, search } = new URL(url);
  const request = { method: 'GET', target: pathname + search, headers: { host, 'x-k8s-aws-id': 'demo', ...headers } };
  const target = presignTarget(request, { credentials, region, service, now, expires });
  return eksTokenPrefix + Buffer.from(origin + target).toString('base64url');
}

test('a token is good for its cluster, by the front door and by STS, for fifteen minutes', async () => {
  const good = { outcome: 'good', accessKeyId: 'AKIDEXAMPLE', identity: 'alice' };
  assert.deepEqual(await verify(createEksToken(base)), good);
  for (const endpoint of ['https://sts.amazonaws.com', 'https://sts.ap-northeast-2.amazonaws.com'])
    assert.deepEqual(await verify(createEksToken({ ...base, endpoint })), good);
  assert.deepEqual(await verify(createEksToken(base), { now: now + 15 * 60_000 }), good);
  assert.match(await refusal(createEksToken(base), { now: now + 15 * 60_000 + 1000 }), /expired/);
  assert.match(await refusal(createEksToken(base), { now: now - 6 * 60_000 }), /future/);
});

test('it is no good for another cluster, from another key, or once the key is gone', async () => {
  const token = createEksToken(base);
  assert.match(await refusal(token, { clusterName: 'other' }), /another cluster/);
  assert.match(await refusal(token, { secret: 'wrong' }), /signature is wrong/);
  assert.match(await refusal(token, { known: false }), /not known/);
});

test('what is no presigned GetCallerIdentity for a cluster is refused before any key is looked up', async () => {
  const identity = 'Action=GetCallerIdentity&Version=2011-06-15';
  const here = `http://127.0.0.1:4566/?${identity}`;
  const cases: [string, RegExp][] = [
    ['k8s-aws-v2.x', /prefix/],
    [`${eksTokenPrefix}${'a'.repeat(5000)}`, /too large/],
    [`${eksTokenPrefix}!!`, /base64url/],
    [`${eksTokenPrefix}${Buffer.from('no url').toString('base64url')}`, /no URL/],
    [tokenOver(`https://evil.example/?${identity}`), /hostname/],
    [tokenOver(`https://sts.amazonaws.com.evil.example/?${identity}`), /hostname/],
    [tokenOver(`http://sts.amazonaws.com/?${identity}`), /scheme/],
    [tokenOver(`http://127.0.0.1:4566/x?${identity}`), /path/],
    [tokenOver('http://127.0.0.1:4566/?Action=AssumeRole'), /action/],
    [tokenOver('http://127.0.0.1:4566/?Version=2011-06-15'), /action/],
    [tokenOver(`${here}&action=GetCallerIdentity`), /multiple values/],
    [tokenOver(`${here}&RoleArn=x`), /non-whitelisted/],
    [tokenOver(here, {}, 'eks'), /another service/],
    [tokenOver(here, {}, 'sts', 901), /Expires/],
    [`${eksTokenPrefix}${Buffer.from(here).toString('base64url')}`, /algorithm/],
  ];
  for (const [token, reason] of cases) assert.match(await refusal(token), reason);
  const host = { method: 'GET', target: `/?${identity}`, headers: { host: '127.0.0.1:4566' } };
  const target = presignTarget(host, { credentials, region, service: 'sts', now, expires: 60 });
  const unbound = eksTokenPrefix + Buffer.from(`http://127.0.0.1:4566${target}`).toString('base64url');
  assert.match(await refusal(unbound), /did not sign the x-k8s-aws-id/);
});

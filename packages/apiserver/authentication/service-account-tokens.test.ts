import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { rfc3339, virtualWorld } from '@keelson/base';
import type { ApiObject } from '@keelson/model';
import { MemoryReader } from '../admission/memory-reader.ts';
import type { AuthenticationResult } from './contract.ts';
import { parseToken, signToken } from './json-web-token.ts';
import { keySet, openIdConfiguration } from './openid-configuration.ts';
import { signingKey, verificationKey } from './service-account-key.ts';
import { ServiceAccountTokenAuthenticator } from './service-account-token-authenticator.ts';
import { requestToken, type TokenRequestOptions } from './token-request.ts';
import { reviewSelf, reviewToken } from './token-review.ts';

const issuer = 'https://oidc.example/id/ABC';
const pem = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
const [present, old, foreign] = [pem(), pem(), pem()];
const key = signingKey(present.privateKey);

function meta(name: string, uid: string, namespace?: string) {
  return { metadata: { name, uid, ...(namespace !== undefined ? { namespace } : {}) } };
}

function cluster() {
  const world = virtualWorld('tokens');
  const reader = new MemoryReader();
  reader.put('', 'serviceaccounts', meta('web', 'sa-1', 'shop'));
  reader.put('', 'pods', { ...meta('web-0', 'pod-1', 'shop'), spec: { serviceAccountName: 'web', nodeName: 'n1' } });
  reader.put('', 'pods', { ...meta('other', 'pod-2', 'shop'), spec: { serviceAccountName: 'default' } });
  reader.put('', 'secrets', meta('bind', 'secret-1', 'shop'));
  reader.put('', 'nodes', meta('n1', 'node-1'));
  const options: TokenRequestOptions = { world, reader, issuer, key, audiences: ['https://kubernetes.default.svc'] };
  const authenticator = new ServiceAccountTokenAuthenticator({
    clock: world.clock,
    reader,
    issuers: [issuer],
    keys: [key, verificationKey(old.publicKey)],
    audiences: options.audiences,
  });
  const issue = (spec: Record<string, unknown> = {}, more: Partial<TokenRequestOptions> = {}) =>
    requestToken({ ...options, ...more }, 'shop', 'web', { spec });
  const token = (spec: Record<string, unknown> = {}, more: Partial<TokenRequestOptions> = {}): string => {
    return issue(spec, more)['status'].token;
  };
  return { world, reader, options, authenticator, issue, token };
}

function reason(result: AuthenticationResult): string {
  return result.outcome === 'refused' ? result.reason : result.outcome;
}

const toPod = { apiVersion: 'v1', kind: 'Pod', name: 'web-0', uid: 'pod-1' };

test('a token of a pod tells who it is, on which pod and node, and ends with the pod', async () => {
  const { reader, authenticator, token } = cluster();
  const bound = token({ boundObjectRef: toPod });
  const claims = parseToken(bound)!.claims;
  assert.equal(claims['sub'], 'system:serviceaccount:shop:web');
  assert.deepEqual(claims['kubernetes.io'], {
    namespace: 'shop',
    node: { name: 'n1', uid: 'node-1' },
    pod: { name: 'web-0', uid: 'pod-1' },
    serviceaccount: { name: 'web', uid: 'sa-1' },
  });
  const result = await authenticator.authenticateToken(bound);
  assert.deepEqual(result, {
    outcome: 'authenticated',
    user: {
      name: 'system:serviceaccount:shop:web',
      uid: 'sa-1',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:shop'],
      extra: {
        'authentication.kubernetes.io/pod-name': ['web-0'],
        'authentication.kubernetes.io/pod-uid': ['pod-1'],
        'authentication.kubernetes.io/credential-id': [`JTI=${claims['jti']}`],
        'authentication.kubernetes.io/node-name': ['n1'],
        'authentication.kubernetes.io/node-uid': ['node-1'],
      },
    },
    audiences: ['https://kubernetes.default.svc'],
  });
  reader.put('', 'pods', { ...meta('web-0', 'pod-9', 'shop'), spec: { serviceAccountName: 'web' } });
  assert.equal(
    reason(await authenticator.authenticateToken(bound)),
    'pod UID (pod-9) does not match service account pod ref claim (pod-1)',
  );
  reader.remove('', 'pods', 'shop', 'web-0');
  assert.equal(reason(await authenticator.authenticateToken(bound)), 'service account token has been invalidated');
});

test('a token ends a minute after its expiry, and with its service account, secret or node', async () => {
  const { world, reader, authenticator, token } = cluster();
  const plain = token({ expirationSeconds: 600 });
  const secret = token({ boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name: 'bind' } });
  const node = token({ boundObjectRef: { apiVersion: 'v1', kind: 'Node', name: 'n1' } });
  for (const good of [plain, secret, node]) {
    assert.equal(reason(await authenticator.authenticateToken(good)), 'authenticated');
  }
  reader.remove('', 'secrets', 'shop', 'bind');
  reader.put('', 'nodes', meta('n1', 'node-2'));
  assert.equal(reason(await authenticator.authenticateToken(secret)), 'service account token has been invalidated');
  assert.equal(
    reason(await authenticator.authenticateToken(node)),
    'node UID (node-2) does not match service account node ref claim (node-1)',
  );
  await world.clock.advance(659_000);
  assert.equal(reason(await authenticator.authenticateToken(plain)), 'authenticated');
  await world.clock.advance(2_000);
  assert.equal(reason(await authenticator.authenticateToken(plain)), 'service account token has expired');
  const young = token();
  const now = world.clock.now();
  reader.put('', 'serviceaccounts', {
    metadata: { ...meta('web', 'sa-1', 'shop').metadata, deletionTimestamp: rfc3339(now) },
  });
  assert.equal(reason(await authenticator.authenticateToken(young)), 'authenticated');
  await world.clock.advance(62_000);
  assert.equal(reason(await authenticator.authenticateToken(young)), 'service account shop/web has been deleted');
  reader.put('', 'serviceaccounts', meta('web', 'sa-2', 'shop'));
  assert.equal(
    reason(await authenticator.authenticateToken(young)),
    'service account UID (sa-2) does not match claim (sa-1)',
  );
  reader.remove('', 'serviceaccounts', 'shop', 'web');
  assert.equal(reason(await authenticator.authenticateToken(young)), 'serviceaccounts "web" not found');
});

test('what is signed by another key, or changed, or of another issuer, is not believed', async () => {
  const { authenticator, token } = cluster();
  const good = token();
  const { claims } = parseToken(good)!;
  const [header, , signature] = good.split('.');
  const changed = Buffer.from(JSON.stringify({ ...claims, sub: 'system:admin' })).toString('base64url');
  const none = Buffer.from(JSON.stringify({ alg: 'none', kid: key.keyId })).toString('base64url');
  const answers: [string, string][] = [
    ['', 'none'],
    ['a.b.c', 'none'],
    ['a.b', 'none'],
    [signToken({ ...claims, iss: 'https://elsewhere' }, key), 'none'],
    [`${header}.${changed}.${signature}`, 'go-jose/go-jose: error in cryptographic primitive'],
    [`${none}.${good.split('.')[1]}.${signature}`, 'go-jose/go-jose: error in cryptographic primitive'],
    [signToken({ ...claims }, signingKey(foreign.privateKey)), 'invalid signature, no keys found'],
    [
      signToken({ ...claims }, signingKey(foreign.privateKey, key.keyId)),
      'go-jose/go-jose: error in cryptographic primitive',
    ],
    [
      signToken({ iss: issuer, sub: 'x' }, key),
      'service account token claims could not be validated due to unexpected private claim',
    ],
    [signToken({ ...claims, nbf: Number(claims['nbf']) + 3600 }, key), 'service account token is not valid yet'],
    [signToken({ ...claims }, signingKey(old.privateKey)), 'authenticated'],
  ];
  for (const [text, expected] of answers) {
    assert.equal(reason(await authenticator.authenticateToken(text)), expected, text);
  }
});

test('a token is for its audiences alone', async () => {
  const { authenticator, token } = cluster();
  const vault = token({ audiences: ['vault', 'sts.amazonaws.com'] });
  assert.equal(
    reason(await authenticator.authenticateToken(vault)),
    'token audiences ["vault" "sts.amazonaws.com"] is invalid for the target audiences ["https://kubernetes.default.svc"]',
  );
  const result = await authenticator.authenticateToken(vault, ['other', 'vault']);
  assert.equal(result.outcome, 'authenticated');
  assert.deepEqual(result.audiences, ['vault']);
});

const refusals: readonly [string, Record<string, unknown>, number, string][] = [
  [
    'too short a life',
    { expirationSeconds: 599 },
    422,
    'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
  ],
  [
    'too long a life',
    { expirationSeconds: 4294967297 },
    422,
    'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds',
  ],
  ['a pod that is not there', { boundObjectRef: { ...toPod, name: 'x' } }, 404, 'pods "x" not found'],
  [
    'a pod of another account',
    { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'other' } },
    400,
    'cannot bind token for serviceaccount "web" to pod running with different serviceaccount name.',
  ],
  [
    'a pod that was there before',
    { boundObjectRef: { ...toPod, uid: 'pod-0' } },
    409,
    'Operation cannot be fulfilled on Pod "web-0": the UID in the bound object reference (pod-0) does not match the UID in record. The object might have been deleted and then recreated',
  ],
  [
    'another kind',
    { boundObjectRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' } },
    400,
    'cannot bind token to object of type apps/v1, Kind=Deployment',
  ],
  [
    'another kind of the core group',
    { boundObjectRef: { apiVersion: 'v1', kind: 'ConfigMap', name: 'x' } },
    400,
    'cannot bind token to object of type /v1, Kind=ConfigMap',
  ],
];

for (const [name, spec, code, message] of refusals) {
  test(`a TokenRequest is refused: ${name}`, () => {
    assert.throws(() => cluster().issue(spec), { name: 'StatusError', code, message });
  });
}

test('a TokenRequest for no account, or under another name, is refused', () => {
  const { options } = cluster();
  const ask = (name: string, object: ApiObject) => () => requestToken(options, 'shop', name, object);
  assert.throws(ask('gone', {}), { code: 404, message: 'serviceaccounts "gone" not found' });
  assert.throws(ask('web', { metadata: { name: 'api' } }), {
    code: 422,
    message:
      'TokenRequest.authentication.k8s.io "web" is invalid: metadata.name: Invalid value: "api": must match the service account name if specified',
  });
});

test("a pod's usual hour is stretched where that is wished, and warns after the hour", () => {
  const { world, issue, token } = cluster();
  const spec = { boundObjectRef: toPod, expirationSeconds: 3607 };
  const now = Math.floor(world.clock.now() / 1000);
  const extended = parseToken(token(spec, { extendedSeconds: 7_776_000 }))!.claims as any;
  assert.equal(extended.exp, now + 7_776_000);
  assert.equal(extended['kubernetes.io'].warnafter, now + 3607);
  const unbound = parseToken(token({ expirationSeconds: 3607 }, { extendedSeconds: 7_776_000 }))!.claims as any;
  assert.equal(unbound.exp, now + 3607);
  const cut = issue({ expirationSeconds: 1_000_000 }, { longestSeconds: 86_400 });
  assert.equal(cut['spec'].expirationSeconds, 86_400);
  assert.equal(cut['status'].expirationTimestamp, '2026-01-02T00:00:00Z');
  assert.deepEqual(cut['spec'].audiences, ['https://kubernetes.default.svc']);
});

test('others can verify tokens with the published keys', () => {
  assert.deepEqual(openIdConfiguration(issuer, `${issuer}/keys`), {
    issuer,
    jwks_uri: `${issuer}/keys`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  });
  const { keys } = keySet([key, verificationKey(old.publicKey)]);
  assert.deepEqual(
    keys.map((entry) => Object.keys(entry).sort().join()),
    Array(2).fill('alg,e,kid,kty,n,use'),
  );
  assert.equal(keys[0]!['kid'], key.keyId);
  assert.match(key.keyId, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(verificationKey(present.publicKey).keyId, key.keyId);
});

test('a TokenReview tells what a token says, for whom, and why it is not believed', async () => {
  const { authenticator, token } = cluster();
  const server = ['https://kubernetes.default.svc'];
  const review = async (spec: Record<string, unknown>) => {
    const answer = await reviewToken(authenticator, server, { spec });
    return 'object' in answer ? answer.object['status'] : answer.status.message;
  };
  const good = await review({ token: token() });
  assert.equal(good.authenticated, true);
  assert.equal(good.user.username, 'system:serviceaccount:shop:web');
  assert.deepEqual(good.user.groups, ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated']);
  assert.deepEqual(good.audiences, server);
  assert.match((await review({ token: token(), audiences: ['vault'] })).error, /is invalid for the target audiences/);
  assert.deepEqual(await review({ token: 'what' }), { user: {}, error: 'invalid bearer token' });
  assert.equal(await review({}), 'token is required for TokenReview in authentication');
});

test('a SelfSubjectReview shows the caller without what only the server may see', () => {
  const user = { name: 'jane', groups: ['a'], attachments: { accessPolicies: [] } };
  const answer = reviewSelf(user, { kind: 'SelfSubjectReview' }, '2026-01-01T00:00:00Z');
  assert.deepEqual(answer['status'], { userInfo: { username: 'jane', groups: ['a'] } });
});

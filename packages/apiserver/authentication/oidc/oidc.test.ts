import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { test } from 'node:test';
import { virtualWorld } from '@keelson/base';
import { compile } from '@keelson/model/cel/index.ts';
import type { FetchDocument } from './fetch-document.ts';
import type { AuthenticationConfiguration } from './jwt-authenticator-configuration.ts';
import { OidcAuthenticator } from './oidc-authenticator.ts';
import { compileAuthentication } from './validate-configuration.ts';

const issuer = 'https://issuer.example';

const options = { compile, minor: 33, disallowed: ['https://own.example'] };

function compiled(change: object = {}): ReturnType<typeof compileAuthentication> {
  const jwt = {
    issuer: { url: issuer, audiences: ['me'] },
    claimMappings: { username: { claim: 'sub', prefix: 'oidc:' }, groups: { claim: 'groups', prefix: 'g:' } },
    ...change,
  };
  return compileAuthentication({ jwt: [jwt] } as AuthenticationConfiguration, options);
}

interface Provider {
  readonly fetch: FetchDocument;
  readonly fetched: string[];
  keys: object[];
  down: boolean;
}

function provider(): Provider {
  const made: Provider = {
    fetched: [],
    keys: [],
    down: false,
    fetch: async (url) => {
      made.fetched.push(url);
      if (made.down) throw new Error('down');
      return url.endsWith('/keys') ? { keys: made.keys } : { issuer, jwks_uri: `${issuer}/keys` };
    },
  };
  return made;
}

function key(kid: string, type: 'rsa' | 'ec' = 'rsa') {
  const { privateKey, publicKey } =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig' } };
}

function tokenOf(privateKey: KeyObject, header: object, claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part(header)}.${part(claims)}`;
  const { alg } = header as { alg: string };
  const form = alg.startsWith('ES')
    ? { key: privateKey, dsaEncoding: 'ieee-p1363' as const }
    : alg.startsWith('PS')
      ? { key: privateKey, padding: 6, saltLength: -1 }
      : privateKey;
  return `${signed}.${sign('sha256', Buffer.from(signed), form).toString('base64url')}`;
}

function setUp(change: object = {}) {
  const world = virtualWorld('oidc');
  const { issuers, errors } = compiled(change);
  assert.deepEqual(errors, []);
  const from = provider();
  const first = key('one');
  from.keys = [first.jwk];
  const authenticator = new OidcAuthenticator(world, issuers[0]!, from.fetch);
  const now = world.clock.now() / 1000;
  const claims = { iss: issuer, aud: 'me', sub: 'jane', groups: ['dev'], exp: now + 60, iat: now };
  const ask = (changed: object = {}, header: object = { alg: 'RS256', kid: 'one' }, by = first.privateKey) =>
    authenticator.authenticateToken(tokenOf(by, header, { ...claims, ...changed }));
  return { world, from, first, authenticator, ask, now };
}

async function reason(asked: Promise<{ outcome: string; reason?: string }>): Promise<string> {
  const result = await asked;
  assert.equal(result.outcome, 'refused');
  return result.reason!;
}

test('a token is mapped to a user', async () => {
  const { ask } = setUp();
  const result = await ask();
  assert.deepEqual(result, { outcome: 'authenticated', user: { name: 'oidc:jane', groups: ['g:dev'] } });
  assert.equal((await ask({ iss: 'https://other.example' })).outcome, 'none');
  const single = await ask({ groups: 'ops', aud: ['you', 'me'] });
  assert.ok(single.outcome === 'authenticated' && single.user.groups[0] === 'g:ops');
});

test('a token is refused for its signature, its times, its audience', async () => {
  const { ask, now, first } = setUp();
  assert.match(await reason(ask({ exp: now - 1 })), /^oidc: verify token: oidc: token is expired/);
  assert.match(await reason(ask({ exp: undefined })), /token is expired/);
  assert.match(await reason(ask({ nbf: now + 400 })), /before the nbf/);
  assert.equal(await reason(ask({ aud: 'you' })), 'oidc: verify token: oidc: expected audience in ["me"] got ["you"]');
  const forged = key('one');
  assert.match(await reason(ask({}, { alg: 'RS256', kid: 'one' }, forged.privateKey)), /failed to verify signature/);
  assert.match(await reason(ask({}, { alg: 'HS256', kid: 'one' }, first.privateKey)), /unexpected signature algorithm/);
  assert.match(await reason(ask({}, { alg: 'none' }, first.privateKey)), /unexpected signature algorithm/);
  assert.match(await reason(ask({ sub: 7 })), /parse username claims "sub": claim not present/);
});

test('keys of every kind are known, and fetched anew when a token names one that is not', async () => {
  const { ask, from, world, first } = setUp();
  const second = key('two', 'ec');
  assert.equal((await ask({}, { alg: 'PS256', kid: 'one' }, first.privateKey)).outcome, 'authenticated');
  from.keys = [first.jwk, second.jwk];
  assert.equal((await ask({}, { alg: 'ES256', kid: 'two' }, second.privateKey)).outcome, 'refused', 'too soon');
  const before = from.fetched.length;
  await world.clock.advance(6000);
  assert.equal((await ask({}, { alg: 'ES256', kid: 'two' }, second.privateKey)).outcome, 'authenticated');
  for (let count = 0; count < 20; count++) await ask({}, { alg: 'RS256', kid: `no-${count}` });
  assert.equal(from.fetched.length, before + 1, 'invented names do not make the server fetch');
});

test('a provider that is away is asked again later', async () => {
  const world = virtualWorld('away');
  const from = provider();
  const { privateKey, jwk } = key('one');
  from.keys = [jwk];
  from.down = true;
  const authenticator = new OidcAuthenticator(world, compiled().issuers[0]!, from.fetch);
  const claims = { iss: issuer, aud: 'me', sub: 'jane', exp: world.clock.now() / 1000 + 600 };
  const ask = () => authenticator.authenticateToken(tokenOf(privateKey, { alg: 'RS256', kid: 'one' }, claims));
  assert.equal(await reason(ask()), 'oidc: verify token: oidc: authenticator not initialized');
  from.down = false;
  await world.clock.advance(11_000);
  assert.equal((await ask()).outcome, 'authenticated');
});

test('claims are required, verified and mapped as configured', async () => {
  const rules = setUp({ claimValidationRules: [{ claim: 'hd', requiredValue: 'example.com' }] });
  assert.equal(await reason(rules.ask()), 'oidc: required claim hd not present in ID token');
  assert.match(await reason(rules.ask({ hd: 'x' })), /value does not match. Got = x, want = example.com$/);
  assert.equal((await rules.ask({ hd: 'example.com' })).outcome, 'authenticated');
  const email = setUp({ claimMappings: { username: { claim: 'email', prefix: '' } } });
  assert.equal(await reason(email.ask({ email: 'a@b', email_verified: false })), 'oidc: email not verified');
  assert.equal((await email.ask({ email: 'a@b' })).outcome, 'authenticated');
});

test('expressions map claims and check users', async () => {
  const { ask } = setUp({
    claimMappings: {
      username: { expression: 'claims.sub + "!"' },
      groups: { expression: 'claims.groups' },
      uid: { expression: 'claims.id' },
      extra: [{ key: 'example.com/team', valueExpression: 'claims.?team.orValue("")' }],
    },
    claimValidationRules: [{ expression: 'claims.ok == true', message: 'it is not ok' }],
    userValidationRules: [{ expression: '!user.username.startsWith("system:")', message: 'reserved' }],
  });
  const result = await ask({ ok: true, id: '7', team: ['a', 'b'] });
  assert.deepEqual(result, {
    outcome: 'authenticated',
    user: { name: 'jane!', groups: ['dev'], uid: '7', extra: { 'example.com/team': ['a', 'b'] } },
  });
  assert.match(await reason(ask({ ok: false, id: '7' })), /it is not ok$/);
  assert.match(await reason(ask({ ok: true, id: '7', sub: 'system:x' })), /reserved$/);
});

test('a configuration is refused with everything that is wrong', () => {
  const { errors } = compileAuthentication(
    {
      jwt: [
        {
          issuer: { url: 'http://a:b@x?y#z', discoveryURL: 'https://d', audiences: ['a', 'a', ''] },
          claimValidationRules: [{}, { claim: 'a', expression: 'b' }, { claim: 'c', message: 'm' }],
          claimMappings: {
            username: { claim: 'sub' },
            uid: { claim: 'a', expression: 'b' },
            extra: [
              { key: 'plain', valueExpression: '' },
              { key: 'a.k8s.io/X', valueExpression: 'x' },
            ],
          },
          userValidationRules: [{}],
        },
        { issuer: { url: 'https://own.example', audiences: [] }, claimMappings: {} },
      ],
      anonymous: { enabled: false, conditions: [{ path: '/a' }] },
    },
    options,
  );
  const lines = errors.map(({ field, message }) => `${field}: ${message}`);
  for (const expected of [
    'jwt[0].issuer.url: Invalid value: "http://a:b@x?y#z": URL scheme must be https',
    'jwt[0].issuer.url: Invalid value: "http://a:b@x?y#z": URL must not contain a username or password',
    'jwt[0].issuer.url: Invalid value: "http://a:b@x?y#z": URL must not contain a query',
    'jwt[0].issuer.url: Invalid value: "http://a:b@x?y#z": URL must not contain a fragment',
    'jwt[0].issuer.audiences[1]: Duplicate value: "a"',
    'jwt[0].issuer.audiences[2]: Required value',
    'jwt[0].issuer.audienceMatchPolicy: Invalid value: "": audienceMatchPolicy must be MatchAny for multiple audiences',
    'jwt[0].claimValidationRules[0]: Required value: claim or expression is required',
    `jwt[0].claimValidationRules[1]: Invalid value: "a": claim and expression can't both be set`,
    'jwt[0].claimValidationRules[2].message: Invalid value: "m": may not be specified when claim is set',
    'jwt[0].claimMappings.username.prefix: Required value: prefix is required when claim is set. It can be set to an empty string to disable prefixing',
    `jwt[0].claimMappings.uid: Invalid value: "": claim and expression can't both be set`,
    'jwt[0].claimMappings.extra[0].valueExpression: Required value',
    'jwt[0].claimMappings.extra[1].key: Invalid value: "a.k8s.io/X": must be lowercase',
    'jwt[0].claimMappings.extra[1].key: Invalid value: "a.k8s.io/X": k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use',
    'jwt[0].userValidationRules[0].expression: Required value',
    'jwt[1].issuer.url: Invalid value: "https://own.example": URL must not overlap with disallowed issuers: [https://own.example]',
    'jwt[1].claimMappings.username: Required value: claim or expression is required',
    'anonymous.conditions: Invalid value: [{"path":"/a"}]: enabled should be set to true when conditions are defined',
  ])
    assert.ok(lines.includes(expected), `${expected}\nis not among\n${lines.join('\n')}`);
  const { errors: unverified } = compiled({ claimMappings: { username: { expression: 'claims.email' } } });
  assert.match(unverified[0]!.message, /claims.email_verified must be used/);
});

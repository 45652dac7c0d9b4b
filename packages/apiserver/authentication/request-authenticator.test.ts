import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HttpPeer, type HttpRequest, VirtualClock } from '@keelson/base';
import type { AuthenticationResult, TokenAuthenticator } from './contract.ts';
import { createRequestAuthenticator, type RequestAuthenticatorOptions } from './request-authenticator.ts';
import { certificates } from './test-certificates.ts';

const clock = new VirtualClock(Date.UTC(2027, 0, 1));
const tokens: TokenAuthenticator[] = [
  {
    async authenticateToken(token) {
      if (token === 'broken') return { outcome: 'refused', reason: 'first says no' };
      return token === 'one'
        ? { outcome: 'authenticated', user: { name: 'first', groups: ['g'] } }
        : { outcome: 'none' };
    },
  },
  {
    async authenticateToken(token) {
      if (token === 'broken') return { outcome: 'refused', reason: 'second says no' };
      return token === 'two' ? { outcome: 'authenticated', user: { name: 'second', groups: [] } } : { outcome: 'none' };
    },
  },
];

function request(given: { headers?: Record<string, string>; peer?: Partial<HttpPeer>; target?: string }): HttpRequest {
  return {
    method: 'GET',
    target: given.target ?? '/api',
    headers: given.headers ?? {},
    body: new Uint8Array(),
    signal: new AbortController().signal,
    peer: { address: '127.0.0.1', certificates: [], ...given.peer },
  };
}

function ask(
  given: Parameters<typeof request>[0],
  options: Partial<RequestAuthenticatorOptions> = {},
): Promise<AuthenticationResult> {
  return createRequestAuthenticator({ clock, tokens, anonymous: true, ...options }).authenticate(request(given));
}

function nameAndGroups(result: AuthenticationResult): string {
  return result.outcome === 'authenticated'
    ? `${result.user.name} ${result.user.groups.join(';')}`
    : result.outcome === 'refused'
      ? `refused: ${result.reason}`
      : 'none';
}

const cases: readonly [string, Parameters<typeof request>[0], string][] = [
  ['no credentials', {}, 'system:anonymous system:unauthenticated'],
  [
    'a certificate: CN and every O',
    { peer: { certificates: [certificates.admin] } },
    'jane system:masters;team, with "comma";system:authenticated',
  ],
  [
    'a certificate for servers',
    { peer: { certificates: [certificates.server] } },
    'refused: x509: certificate specifies an incompatible key usage',
  ],
  [
    'a certificate without a name',
    { peer: { certificates: [certificates.nameless] } },
    'system:anonymous system:unauthenticated',
  ],
  ['bytes that are no certificate', { peer: { certificates: [Uint8Array.of(1, 2)] } }, 'refused: x509:'],
  [
    'a caller inside the process',
    { peer: { inProcess: { name: 'system:kube-scheduler', groups: ['a'] } } },
    'system:kube-scheduler a;system:authenticated',
  ],
  ['a token', { headers: { authorization: 'Bearer one' } }, 'first g;system:authenticated'],
  ['a token of the second reader', { headers: { authorization: 'bearer two' } }, 'second system:authenticated'],
  ['an unknown token', { headers: { authorization: 'Bearer three' } }, 'refused: invalid bearer token'],
  ['a bad token', { headers: { authorization: 'Bearer broken' } }, 'refused: [first says no, second says no]'],
  ['an endless token', { headers: { authorization: `Bearer ${'x'.repeat(70_000)}` } }, 'refused: invalid bearer token'],
  ['another scheme', { headers: { authorization: 'Basic b25l' } }, 'system:anonymous system:unauthenticated'],
  [
    'a token among the WebSocket sub-protocols',
    {
      headers: {
        upgrade: 'websocket',
        'sec-websocket-protocol': 'v5.channel.k8s.io, base64url.bearer.authorization.k8s.io.b25l',
      },
    },
    'first g;system:authenticated',
  ],
  [
    'a good certificate beside a bad token',
    { headers: { authorization: 'Bearer three' }, peer: { certificates: [certificates.admin] } },
    'jane system:masters;team, with "comma";system:authenticated',
  ],
  [
    'a bad certificate beside a good token',
    { headers: { authorization: 'Bearer one' }, peer: { certificates: [certificates.server] } },
    'first g;system:authenticated',
  ],
];

for (const [name, given, expected] of cases) {
  test(`authentication: ${name}`, async () => {
    const answer = nameAndGroups(await ask(given));
    if (expected.endsWith(':')) assert.ok(answer.startsWith(expected), answer);
    else assert.equal(answer, expected);
  });
}

test('a certificate is refused before and after its time, though it was good a moment ago', async () => {
  const time = new VirtualClock(Date.UTC(2126, 9, 28, 14, 0, 0));
  const authenticator = createRequestAuthenticator({ clock: time, tokens: [], anonymous: true });
  const given = request({ peer: { address: '', certificates: [certificates.admin] } });
  assert.equal((await authenticator.authenticate(given)).outcome, 'authenticated');
  await time.advance(60_000);
  assert.equal(
    nameAndGroups(await authenticator.authenticate(given)),
    'refused: x509: certificate has expired or is not yet valid: current time 2126-10-28T14:01:00Z is after 2126-10-28T14:00:11Z',
  );
  const early = await ask({ peer: { certificates: [certificates.admin] } }, { clock: new VirtualClock(0) });
  assert.match(nameAndGroups(early), /current time 1970-01-01T00:00:00Z is before 2026-11-21T14:00:11Z$/);
});

test('a certificate names its credential, and its uid when it has one', async () => {
  const result = await ask({ peer: { certificates: [certificates.uid] } });
  assert.equal(result.outcome, 'authenticated');
  assert.equal(result.user.uid, '1234-uid');
  assert.match(result.user.extra!['authentication.kubernetes.io/credential-id']![0]!, /^X509SHA256=[0-9a-f]{64}$/);
});

test('anonymous can be switched off, or allowed at some paths only', async () => {
  assert.equal((await ask({}, { anonymous: false })).outcome, 'none');
  const some = { anonymous: { paths: ['/livez'] } };
  assert.equal((await ask({ target: '/livez?verbose' }, some)).outcome, 'authenticated');
  assert.equal((await ask({ target: '/livez/etcd' }, some)).outcome, 'none');
});

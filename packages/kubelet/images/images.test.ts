import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goDuration } from '../go-duration.ts';
import { registryOf, withDefaultTag } from './image-name.ts';
import { credentialsFor } from './pull-credentials.ts';

test('an image without tag and digest means latest', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const names: [string, string][] = [
    ['nginx', 'nginx:latest'],
    ['nginx:1.21', 'nginx:1.21'],
    ['localhost:5000/a/b', 'localhost:5000/a/b:latest'],
    [`r.io/a@${digest}`, `r.io/a@${digest}`],
  ];
  for (const [given, meant] of names) assert.equal(withDefaultTag(given), meant);
});

test('what is no image reference is refused with the reason', () => {
  for (const bad of ['', 'a b', 'a:b:c', '-a', 'a//b', 'a@sha256:12'])
    assert.throws(() => withDefaultTag(bad), /invalid reference format/, bad);
  assert.throws(
    () => withDefaultTag('library/Nginx'),
    /repository name \(library\/nginx\) must be lowercase|must be lowercase/,
  );
});

test('credentials are found by registry, in either form of secret', () => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64');
  const auths = {
    'https://index.docker.io/v1/': { auth: Buffer.from('me:pass:word').toString('base64') },
    'r.io': { username: 'u', password: 'p' },
  };
  const modern = { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': encode({ auths }) } };
  const old = {
    type: 'kubernetes.io/dockercfg',
    data: { '.dockercfg': encode({ 'old.io': { username: 'o', password: 'q' } }) },
  };
  const broken = { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': 'bm90IGpzb24=' } };
  const secrets = [broken, modern, old];
  assert.deepEqual(credentialsFor('nginx:latest', secrets), {
    username: 'me',
    password: 'pass:word',
    serverAddress: 'docker.io',
  });
  assert.equal(credentialsFor('r.io/x:1', secrets)?.username, 'u');
  assert.equal(credentialsFor('old.io/x:1', secrets)?.password, 'q');
  assert.equal(credentialsFor('other.io/x:1', secrets), undefined);
  assert.equal(registryOf('localhost/x'), 'localhost');
});

test('durations are printed as Go prints them', () => {
  const durations: [number, string][] = [
    [0, '0s'],
    [250, '250ms'],
    [1500, '1.5s'],
    [10_000, '10s'],
    [80_000, '1m20s'],
    [300_000, '5m0s'],
    [3_600_000, '1h0m0s'],
  ];
  for (const [milliseconds, text] of durations) assert.equal(goDuration(milliseconds), text);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostsToml } from './hosts-toml.ts';

test('every host is sent to the registry, and to nothing else', () => {
  const text = 'server = "http://127.0.0.1:5000"\n\n[host]\n';
  assert.deepEqual(
    [...hostsToml('http://127.0.0.1:5000/', ['docker.io', 'registry:5000'])],
    [
      ['docker.io/hosts.toml', text],
      ['registry:5000/hosts.toml', text],
      ['_default/hosts.toml', text],
    ],
  );
  assert.throws(() => hostsToml('http://127.0.0.1:5000', ['../etc']), /is not a registry host/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerdFiles, mayLowerOomScore } from './containerd-config.ts';

const settings = { sandboxImage: 'keelson/pause:1', restrictOomScore: true, snapshotter: 'overlayfs' } as const;

test('the configuration names what was settled', () => {
  const text = containerdFiles(settings)['/etc/containerd/config.toml']!;
  assert.match(text, /^ {2}sandbox_image = "keelson\/pause:1"$/m);
  assert.match(text, /^ {2}restrict_oom_score_adj = true$/m);
  assert.match(text, /^ {2}snapshotter = "overlayfs"$/m);
});

test('a mirror stands for every registry, and is there only when there is one', () => {
  const path = '/etc/containerd/certs.d/_default/hosts.toml';
  assert.equal(containerdFiles(settings)[path], undefined);
  assert.equal(
    containerdFiles({ ...settings, registryMirror: 'http://127.0.0.1:5000' })[path],
    'server = "http://127.0.0.1:5000"\n\n[host]\n',
  );
});

test('whether OOM scores may be lowered is read from the capabilities', () => {
  assert.equal(mayLowerOomScore('CapEff:\t000001ffffffffff\n'), true);
  assert.equal(mayLowerOomScore('CapEff:\t000001fffeffffff\n'), false);
  assert.equal(mayLowerOomScore('CapEff:\t0000000001000000\n'), true);
  assert.equal(mayLowerOomScore(''), false);
});

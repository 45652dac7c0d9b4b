import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import { addToKubeconfig, removeFromKubeconfig } from './kubeconfig.ts';

const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
after(() => rmSync(folder, { recursive: true }));

const cluster = (name: string) => ({
  arn: `arn:aws:eks:ap-northeast-2:000000000000:cluster/${name}`,
  name,
  endpoint: `https://127.0.0.1:1${name.length}`,
  certificateAuthority: 'Q0E=',
  command: 'keelson',
  args: ['token', name],
});

test('a cluster is added beside what is there, and becomes the current one', () => {
  const path = join(folder, 'config');
  writeFileSync(
    path,
    'clusters: [{name: mine, cluster: {server: "https://mine"}}]\ncontexts: [{name: mine, context: {}}]\ncurrent-context: mine\n',
  );
  addToKubeconfig(path, cluster('demo'));
  addToKubeconfig(path, { ...cluster('demo'), endpoint: 'https://other' });
  const config = parse(readFileSync(path, 'utf8'));
  assert.deepEqual(
    config.clusters.map((one: any) => [one.name, one.cluster.server]),
    [
      ['mine', 'https://mine'],
      [cluster('demo').arn, 'https://other'],
    ],
  );
  assert.equal(config['current-context'], cluster('demo').arn);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  removeFromKubeconfig(path, cluster('demo').arn);
  const left = parse(readFileSync(path, 'utf8'));
  assert.deepEqual(
    left.clusters.map((one: any) => one.name),
    ['mine'],
  );
  assert.equal(left['current-context'], 'mine');
});

test('a file that is no kubeconfig is not overwritten', () => {
  const path = join(folder, 'broken');
  writeFileSync(path, '{');
  assert.throws(() => addToKubeconfig(path, cluster('demo')), /is no kubeconfig/);
  assert.equal(readFileSync(path, 'utf8'), '{');
  removeFromKubeconfig(join(folder, 'missing'), 'arn');
});

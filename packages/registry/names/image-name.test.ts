import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatImageName, parseImageName, repositoryName } from './image-name.ts';

const digest = `sha256:${'a'.repeat(64)}`;

for (const [text, full] of [
  ['nginx', 'docker.io/library/nginx:latest'],
  ['nginx:1.21', 'docker.io/library/nginx:1.21'],
  ['index.docker.io/nginx', 'docker.io/library/nginx:latest'],
  ['bitnami/redis', 'docker.io/bitnami/redis:latest'],
  ['public.ecr.aws/eks-distro/kubernetes/pause:3.9', 'public.ecr.aws/eks-distro/kubernetes/pause:3.9'],
  ['localhost/app', 'localhost/app:latest'],
  ['registry:5000/app', 'registry:5000/app:latest'],
  [`quay.io/a/b@${digest}`, `quay.io/a/b@${digest}`],
  [`quay.io/a/b:v1@${digest}`, `quay.io/a/b:v1@${digest}`],
] as const) {
  test(`${text} is ${full}`, () => {
    assert.equal(formatImageName(parseImageName(text)), full);
  });
}

for (const text of [
  '',
  'Nginx',
  'a b',
  'nginx:',
  'nginx:-x',
  'a//b',
  '/a',
  'a/',
  'nginx@sha256:12',
  'ex ample.com/a',
  `a:${'t'.repeat(129)}`,
  '../a',
  `${'a/'.repeat(200)}b`,
]) {
  test(`${JSON.stringify(text.slice(0, 20))} is no image name`, () => {
    assert.throws(() => parseImageName(text), { code: 'NAME_INVALID' });
  });
}

test('a repository is one whether its registry is in the path or beside it', () => {
  assert.equal(repositoryName('docker.io', 'nginx'), 'docker.io/library/nginx');
  assert.equal(repositoryName('', 'docker.io/library/nginx'), 'docker.io/library/nginx');
  assert.equal(repositoryName('', 'team/app'), 'team/app');
  assert.equal(repositoryName('QUAY.io', 'a/b'), 'quay.io/a/b');
});

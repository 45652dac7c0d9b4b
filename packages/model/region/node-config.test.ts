import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeNodeConfig, encodeNodeConfig } from './node-config.ts';

const config = {
  clusterName: 'demo',
  apiServerEndpoint: 'https://127.0.0.1:6443',
  certificateAuthority: 'Q0E=',
  serviceCidr: '10.100.0.0/16',
  nodeLabels: { 'eks.amazonaws.com/nodegroup': 'workers', team: 'a' },
  taints: [
    { key: 'gpu', value: 'true', effect: 'NoSchedule' },
    { key: 'alone', effect: 'NoExecute' },
  ],
  maxPods: 17,
};

test('a node reads what its node group wrote', () => {
  assert.deepEqual(decodeNodeConfig(encodeNodeConfig(config)), config);
});

test('the NodeConfig is found in a MIME archive beside a shell script', () => {
  const document = Buffer.from(encodeNodeConfig(config), 'base64').toString();
  const archive = [
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary="//"',
    '',
    '--//',
    'Content-Type: text/x-shellscript',
    '',
    '#!/bin/sh',
    '--//',
    'Content-Type: application/node.eks.aws',
    '',
    document,
    '--//--',
  ].join('\n');
  assert.deepEqual(decodeNodeConfig(Buffer.from(archive).toString('base64')), config);
});

test('anything else joins no cluster', () => {
  for (const text of ['', '#!/bin/bash\necho', 'kind: NodeConfig', '{]', 'a: &a [*a]']) {
    assert.equal(decodeNodeConfig(Buffer.from(text).toString('base64')), undefined, text);
  }
});

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { systemWorld } from '@keelson/base';
import { readCertificateRequest } from '@keelson/model';
import { kubeletServingRequest } from '@keelson/model/certificates/testing/certificate-requests.ts';
import { createAuthority } from './certificate.ts';
import { signRequest } from './sign-request.ts';

test('names and usages are as they were asked for', async () => {
  const world = systemWorld();
  const authority = createAuthority(world, 'kubernetes', 86_400_000);
  const usages = ['digital signature', 'key encipherment', 'server auth', 'decipher only'];
  const order = { request: readCertificateRequest(kubeletServingRequest), usages, lifetime: 3_600_000 };
  const leaf = new X509Certificate(signRequest(world, 'kubernetes', authority, order));
  assert.equal(leaf.subjectAltName, 'DNS:n1.internal, IP Address:10.0.0.1, IP Address:FD00:0:0:0:0:0:0:1');
  assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1']);
  assert.equal(leaf.issuer, 'CN=kubernetes');
});

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { connect, createServer } from 'node:tls';
import { systemWorld } from '@keelson/base';
import { createAuthority, issueCertificate } from './certificate.ts';

const world = systemWorld();
const year = 365 * 86_400_000;
const authority = createAuthority(world, 'kubernetes', 10 * year);

test('a leaf carries its names and is verified by its authority alone', () => {
  const pair = issueCertificate(world, 'kubernetes', authority, {
    commonName: 'kube-apiserver',
    organizations: ['system:masters', 'other'],
    dnsNames: ['kubernetes.default.svc', 'localhost'],
    ipAddresses: ['127.0.0.1', '::1'],
    usage: 'serverAndClient',
    lifetime: year,
  });
  const leaf = new X509Certificate(pair.certificate);
  const root = new X509Certificate(authority.certificate);
  assert.equal(leaf.subject, 'O=system:masters\nO=other\nCN=kube-apiserver');
  assert.equal(leaf.issuer, 'CN=kubernetes');
  assert.equal(
    leaf.subjectAltName,
    'DNS:kubernetes.default.svc, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
  );
  assert.equal(leaf.verify(root.publicKey), true);
  assert.equal(leaf.ca, false);
  assert.equal(root.ca, true);
  assert.equal(
    leaf.verify(new X509Certificate(createAuthority(world, 'kubernetes', year).certificate).publicKey),
    false,
  );
});

test('both ends of a TLS connection accept each other', async () => {
  const server = issueCertificate(world, 'kubernetes', authority, {
    commonName: 's',
    ipAddresses: ['127.0.0.1'],
    usage: 'server',
    lifetime: year,
  });
  const client = issueCertificate(world, 'kubernetes', authority, {
    commonName: 'admin',
    usage: 'client',
    lifetime: year,
  });
  const ca = authority.certificate;
  const listener = createServer({
    key: server.key,
    cert: server.certificate,
    ca,
    requestCert: true,
    rejectUnauthorized: true,
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const accepted = once(listener, 'secureConnection');
  const socket = connect({
    host: '127.0.0.1',
    port: (listener.address() as AddressInfo).port,
    ca,
    key: client.key,
    cert: client.certificate,
  });
  await once(socket, 'secureConnect');
  const [peer] = await accepted;
  assert.equal(peer.getPeerCertificate().subject.CN, 'admin');
  assert.equal(socket.authorized, true);
  socket.destroy();
  listener.close();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CertificateRequestError, readCertificateRequest } from './certificate-request.ts';
import { signerNameErrors } from './signer-name.ts';
import {
  ed25519Request,
  kubeletClientRequest,
  kubeletServingRequest,
  mastersRequest,
  rsaRequest,
} from './testing/certificate-requests.ts';

test('a request says who asks, and under which names', () => {
  const client = readCertificateRequest(kubeletClientRequest);
  assert.equal(client.commonName, 'system:node:n1');
  assert.deepEqual(client.organizations, ['system:nodes']);
  assert.equal(client.alternativeNames, undefined);
  assert.equal(client.publicKey.asymmetricKeyType, 'ec');
  assert.deepEqual(readCertificateRequest(kubeletServingRequest).names, {
    dns: ['n1.internal'],
    addresses: ['10.0.0.1', 'fd00:0:0:0:0:0:0:1'],
    emails: [],
    uris: [],
  });
  const masters = readCertificateRequest(mastersRequest);
  assert.deepEqual(masters.organizations, ['system:masters']);
  assert.deepEqual(masters.names, { dns: [], addresses: [], emails: ['a@b.c'], uris: ['https://x.y'] });
  assert.equal(readCertificateRequest(ed25519Request).commonName, 'ed');
  assert.equal(readCertificateRequest(rsaRequest).commonName, 'rsa');
});

const body = (pem: string) => Buffer.from(pem.split('\n').slice(1, -2).join(''), 'base64');
const wrapped = (bytes: Uint8Array) =>
  `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(bytes).toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;

test('what is none is refused, and nothing that is broken gets further', () => {
  const cases: [string, RegExp][] = [
    ['', /^PEM block type must be CERTIFICATE REQUEST$/],
    [kubeletClientRequest.replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE'), /^PEM block type must be/],
    [wrapped(Uint8Array.of(0x30)), /truncated/],
    [wrapped(Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff)), /truncated/],
    [`x${'a'.repeat(65 * 1024)}`, /too long/],
  ];
  for (const [pem, expected] of cases) {
    assert.throws(() => readCertificateRequest(pem), { message: expected });
  }
  const bytes = body(kubeletClientRequest);
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 0x15;
    // Only a signature can tell: ECDSA's own encoding has no slack that would pass.
    assert.throws(() => readCertificateRequest(wrapped(changed)), CertificateRequestError, `octet ${at}`);
    assert.throws(() => readCertificateRequest(wrapped(bytes.subarray(0, at))), CertificateRequestError);
  }
});

test('names of signers', () => {
  const problems = (name: string) => signerNameErrors('s', name).map(({ message }) => message.replace(/ \(e\.g.*/, ''));
  assert.deepEqual(problems('kubernetes.io/kube-apiserver-client'), []);
  assert.deepEqual(problems(''), ['Required value']);
  assert.deepEqual(problems('a'), [
    'Invalid value: "a": must be a fully qualified domain and path of the form \'example.com/signer-name\'',
  ]);
  assert.deepEqual(problems('a/b'), [
    'Invalid value: "a": should be a domain with at least two segments separated by dots',
  ]);
  assert.deepEqual(problems('A.b/c'), [
    'Invalid value: "A.b": validating label "A": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or \'-\', and must start and end with an alphanumeric character',
  ]);
});

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { isNotFound, kubernetesResources } from '@keelson/client';
import { readCertificateRequest } from '@keelson/model';
import {
  kubeletClientRequest,
  kubeletServingRequest,
  mastersRequest,
  userRequest,
} from '@keelson/model/certificates/testing/certificate-requests.ts';
import type { CertificateSigningRequest } from '@keelson/model/generated/types/certificates-v1.ts';
import { controlPlaneInProcess } from '@keelson/testkit/control-plane-in-process.ts';
import { isOver } from './cleaner.ts';
import { signers, signingProblem } from './kubelet-requests.ts';

const { certificateSigningRequests, clusterRoleBindings, configMaps } = kubernetesResources;
const clientUsages = ['client auth', 'digital signature'];
const csr = (name: string, pem: string, signerName: string, usages: string[], more: object = {}) =>
  ({
    metadata: { name },
    spec: { request: Buffer.from(pem).toString('base64'), signerName, usages, ...more },
  }) as unknown as CertificateSigningRequest;

test('what each signer signs', () => {
  const problem = (signer: string, pem: string, usages: string[]) =>
    signingProblem(signer, readCertificateRequest(pem), usages);
  const cases: [string, string, string[], string | undefined][] = [
    [signers.client, userRequest, clientUsages, undefined],
    [signers.client, userRequest, ['server auth'], 'invalid usage for client certificate: server auth'],
    [signers.client, userRequest, ['digital signature'], 'missing required usage for client certificate: client auth'],
    [signers.kubeletClient, kubeletClientRequest, [...clientUsages, 'key encipherment'], undefined],
    [signers.kubeletClient, userRequest, clientUsages, 'subject organization is not system:nodes'],
    [signers.kubeletClient, kubeletServingRequest, clientUsages, 'DNS subjectAltNames are not allowed'],
    [
      signers.kubeletClient,
      kubeletClientRequest,
      ['client auth'],
      'usages did not match [client auth digital signature key encipherment]',
    ],
    [signers.kubeletServing, kubeletServingRequest, ['digital signature', 'server auth'], undefined],
    [
      signers.kubeletServing,
      kubeletClientRequest,
      ['digital signature', 'server auth'],
      'DNS or IP subjectAltName is required',
    ],
    [signers.legacy, mastersRequest, ['any'], undefined],
  ];
  for (const [signer, pem, usages, expected] of cases) assert.equal(problem(signer, pem, usages), expected);
});

test('a person is approved by a person, and can prove who they are', async () => {
  const { plane, clock, log } = await controlPlaneInProcess('certificates');
  const admin = plane.clientAs('admin', ['system:masters']);
  const requests = admin.resource(certificateSigningRequests);
  await requests.create(csr('jane', userRequest, signers.client, clientUsages, { expirationSeconds: 3600 }));
  await clock.advance(5000);
  const asked = await requests.get('jane');
  assert.equal(asked.status?.certificate, undefined);
  assert.equal(asked.spec.username, 'admin');
  const approved = { type: 'Approved', status: 'True', reason: 'Known', message: 'She works here.' };
  await requests.updateSubresource('jane', undefined, 'approval', { ...asked, status: { conditions: [approved] } });
  await clock.advance(5000);
  const { status } = await requests.get('jane');
  const leaf = new X509Certificate(Buffer.from(String(status!.certificate), 'base64'));
  assert.equal(leaf.subject, 'O=developers\nCN=jane');
  assert.equal(leaf.ca, false);
  assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.2']);
  const root = await admin.resource(configMaps).get('kube-root-ca.crt', 'default');
  assert.equal(leaf.verify(new X509Certificate(root.data!['ca.crt']!).publicKey), true);
  const hours = (Date.parse(leaf.validTo) - clock.now()) / 3_600_000;
  assert.ok(hours > 0.9 && hours <= 1, String(hours));
  await clock.advance(3 * 3_600_000);
  await assert.rejects(requests.get('jane'), isNotFound);
  assert.deepEqual(
    log.filter(({ fields }) => /forbidden/.test(String(fields['error']))),
    [],
  );
  await plane.stop();
});

test('a kubelet that may is approved by nobody, and one that may not waits', async () => {
  const { plane, clock } = await controlPlaneInProcess('kubelets');
  const admin = plane.clientAs('admin', ['system:masters']);
  const requests = admin.resource(certificateSigningRequests);
  const kubelet = plane.clientAs('system:node:n1', ['system:nodes']).resource(certificateSigningRequests);
  await kubelet.create(csr('n1', kubeletClientRequest, signers.kubeletClient, clientUsages));
  await clock.advance(5000);
  assert.equal((await requests.get('n1')).status?.conditions, undefined);
  await admin.resource(clusterRoleBindings).create({
    metadata: { name: 'nodes' },
    roleRef: {
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'ClusterRole',
      name: 'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
    },
    subjects: [{ kind: 'Group', name: 'system:nodes' }],
  });
  await clock.advance(90_000);
  const { status } = await requests.get('n1');
  assert.equal(status?.conditions?.[0]?.reason, 'AutoApproved');
  assert.ok(status?.certificate);
  await plane.stop();
});

test('what is approved and cannot be signed has failed', async () => {
  const { plane, clock } = await controlPlaneInProcess('failed');
  const requests = plane.clientAs('admin', ['system:masters']).resource(certificateSigningRequests);
  const made = await requests.create(csr('s', kubeletClientRequest, signers.kubeletServing, ['server auth']));
  const approved = { type: 'Approved', status: 'True', reason: 'Test' };
  await requests.updateSubresource('s', undefined, 'approval', { ...made, status: { conditions: [approved] } });
  await clock.advance(5000);
  const { status } = await requests.get('s');
  assert.deepEqual(
    status?.conditions?.map(({ type, reason, message }) => [type, reason, message]),
    [
      ['Approved', 'Test', undefined],
      ['Failed', 'SignerValidationFailure', 'DNS or IP subjectAltName is required'],
    ],
  );
  await plane.stop();
});

test('requests that are of no use any more', () => {
  const now = Date.parse('2026-01-02T12:00:00Z');
  const of = (creationTimestamp: string, conditions: object[] = [], certificate = '') =>
    isOver({ metadata: { creationTimestamp }, status: { conditions, certificate } } as never, now);
  const condition = (type: string, lastUpdateTime: string) => ({ type, status: 'True', lastUpdateTime });
  assert.equal(of('2026-01-01T11:00:00Z'), true);
  assert.equal(of('2026-01-02T11:00:00Z'), false);
  assert.equal(of('2026-01-01T00:00:00Z', [condition('Denied', '2026-01-02T10:00:00Z')]), true);
  assert.equal(of('2026-01-01T00:00:00Z', [condition('Approved', '2026-01-02T10:00:00Z')]), false);
  assert.equal(of('2026-01-01T00:00:00Z', [condition('Approved', '2026-01-02T10:00:00Z')], 'eA=='), true);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject } from '@keelson/model';
import { kubeletClientRequest, mastersRequest } from '@keelson/model/certificates/testing/certificate-requests.ts';
import type { Attributes } from '../authorization/contract.ts';
import { CertificateApproval, CertificateSigning, CertificateSubjectRestriction } from './certificates.ts';
import { DefaultIngressClass, DefaultStorageClass } from './default-classes.ts';
import { MemoryReader } from './memory-reader.ts';
import { PersistentVolumeClaimResize } from './persistent-volume-claim-resize.ts';
import { mergeTolerations, RuntimeClass } from './runtime-class.ts';
import { StorageObjectInUseProtection } from './storage-object-in-use-protection.ts';
import { refusalOf, writeRequest } from './test-requests.ts';

const claim = (spec: object = {}, more: object = {}): ApiObject => ({
  metadata: { name: 'data', namespace: 'shop' },
  spec,
  ...more,
});
const marked = (name: string, mark: string, creationTimestamp: string): ApiObject => ({
  metadata: { name, creationTimestamp, annotations: { [mark]: 'true' } },
});

test('a claim without a class gets the newest default class', async () => {
  const reader = new MemoryReader();
  const mark = 'storageclass.kubernetes.io/is-default-class';
  const admit = async (object: ApiObject) => {
    await new DefaultStorageClass(reader).mutate(writeRequest('CREATE persistentvolumeclaims', { object }));
    return object['spec'].storageClassName;
  };
  assert.equal(await admit(claim()), undefined);
  reader.put('storage.k8s.io', 'storageclasses', marked('old', mark, '2026-01-01T00:00:00Z'));
  reader.put('storage.k8s.io', 'storageclasses', marked('b', mark, '2026-02-01T00:00:00Z'));
  reader.put('storage.k8s.io', 'storageclasses', marked('a', mark, '2026-02-01T00:00:00Z'));
  reader.put('storage.k8s.io', 'storageclasses', { metadata: { name: 'none' } });
  assert.equal(await admit(claim()), 'a');
  assert.equal(await admit(claim({ storageClassName: '' })), '');
});

test('an ingress without a class gets the default class', async () => {
  const reader = new MemoryReader();
  const mark = 'ingressclass.kubernetes.io/is-default-class';
  reader.put('networking.k8s.io', 'ingressclasses', marked('alb', mark, '2026-01-01T00:00:00Z'));
  const object = { metadata: { name: 'web', namespace: 'shop' }, spec: {} as Record<string, unknown> };
  await new DefaultIngressClass(reader).mutate(writeRequest('CREATE ingresses.networking.k8s.io', { object }));
  assert.equal(object.spec['ingressClassName'], 'alb');
});

test('new volumes and claims are protected, and nothing else', async () => {
  const plugin = new StorageObjectInUseProtection();
  const finalizers = async (what: string) => {
    const object: ApiObject = { metadata: { name: 'a', finalizers: ['x/y'] } };
    await plugin.mutate(writeRequest(what, { object }));
    return object.metadata!.finalizers;
  };
  assert.deepEqual(await finalizers('CREATE persistentvolumes'), ['x/y', 'kubernetes.io/pv-protection']);
  assert.deepEqual(await finalizers('CREATE persistentvolumeclaims'), ['x/y', 'kubernetes.io/pvc-protection']);
  assert.deepEqual(await finalizers('UPDATE persistentvolumes'), ['x/y']);
  assert.deepEqual(await finalizers('CREATE pods'), ['x/y']);
});

test('only a bound claim of a class that allows it grows', async () => {
  const reader = new MemoryReader();
  reader.put('storage.k8s.io', 'storageclasses', { metadata: { name: 'gp2' }, allowVolumeExpansion: true });
  reader.put('storage.k8s.io', 'storageclasses', { metadata: { name: 'fixed' } });
  const grow = async (phase: string, storageClassName: string, storage = '2Gi') => {
    const sized = (size: string) =>
      claim({ storageClassName, resources: { requests: { storage: size } } }, { status: { phase } });
    const request = writeRequest('UPDATE persistentvolumeclaims', { object: sized(storage), previous: sized('1Gi') });
    return (await refusalOf(new PersistentVolumeClaimResize(reader), request))?.message;
  };
  const refused = 'persistentvolumeclaims "data" is forbidden: ';
  assert.equal(await grow('Bound', 'gp2'), undefined);
  assert.equal(await grow('Pending', 'gp2', '1024Mi'), undefined);
  assert.equal(await grow('Pending', 'gp2'), `${refused}Only bound persistent volume claims can be expanded`);
  const text = `${refused}only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize`;
  assert.equal(await grow('Bound', 'fixed'), text);
  assert.equal(await grow('Bound', 'gone'), text);
});

test('a pod gets the overhead and the place of its runtime class', async () => {
  const reader = new MemoryReader();
  reader.put('node.k8s.io', 'runtimeclasses', {
    metadata: { name: 'gvisor' },
    overhead: { podFixed: { cpu: '100m' } },
    scheduling: { nodeSelector: { sandbox: 'yes' }, tolerations: [{ key: 'sandbox', operator: 'Exists' }] },
  });
  const admit = async (spec: Record<string, unknown>) => {
    const object: ApiObject = { metadata: { name: 'web', namespace: 'shop' }, spec };
    const refusal = await refusalOf(new RuntimeClass(reader), writeRequest('CREATE pods', { object }));
    return refusal?.message.replace('pods "web" is forbidden: ', '') ?? object['spec'];
  };
  assert.deepEqual(await admit({ runtimeClassName: 'gvisor', nodeSelector: { zone: 'a' } }), {
    runtimeClassName: 'gvisor',
    nodeSelector: { zone: 'a', sandbox: 'yes' },
    tolerations: [{ key: 'sandbox', operator: 'Exists' }],
    overhead: { cpu: '100m' },
  });
  assert.equal(await admit({ runtimeClassName: 'kata' }), 'pod rejected: RuntimeClass "kata" not found');
  assert.equal(
    await admit({ runtimeClassName: 'gvisor', nodeSelector: { sandbox: 'no' } }),
    'conflict: runtimeClass.scheduling.nodeSelector[sandbox] = yes; pod.spec.nodeSelector[sandbox] = no',
  );
  assert.equal(
    await admit({ runtimeClassName: 'gvisor', overhead: { cpu: '1' } }),
    "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
  );
  assert.equal(
    await admit({ overhead: { cpu: '1' } }),
    'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
  );
});

test('tolerations that others cover are left out', () => {
  const any = { operator: 'Exists' };
  const one = { key: 'a', operator: 'Equal', value: 'b', effect: 'NoSchedule' };
  assert.deepEqual(mergeTolerations([one], [any]), [any]);
  assert.deepEqual(mergeTolerations([one], [one]), [one]);
  const short = { key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 1 };
  const long = { ...short, tolerationSeconds: 9 };
  assert.deepEqual(mergeTolerations([short], [long]), [long]);
});

/** Allows what stands in `allowed`: `approve kubernetes.io/*`. */
const allowing = (...allowed: string[]) => ({
  authorize: async ({ verb, name, resource }: Attributes) =>
    resource === 'signers' && allowed.includes(`${verb} ${name}`)
      ? ({ decision: 'allow', reason: '' } as const)
      : ({ decision: 'noOpinion', reason: '' } as const),
});

test('who approves and signs needs the right for the signer', async () => {
  const signer = 'kubernetes.io/kube-apiserver-client';
  const csr = (status: object = {}): ApiObject => ({ metadata: { name: 'a' }, spec: { signerName: signer }, status });
  const decided = { object: csr({ conditions: [{ type: 'Approved' }] }), previous: csr() };
  const what = 'UPDATE certificatesigningrequests.certificates.k8s.io';
  const approve = async (...allowed: string[]) =>
    (await refusalOf(new CertificateApproval(allowing(...allowed)), writeRequest(`${what}/approval`, decided)))
      ?.message;
  assert.equal(await approve(`approve ${signer}`), undefined);
  assert.equal(await approve('approve kubernetes.io/*'), undefined);
  assert.equal(
    await approve(`sign ${signer}`),
    `certificatesigningrequests.certificates.k8s.io "a" is forbidden: user not permitted to approve requests with signerName "${signer}"`,
  );
  const sign = async (object: ApiObject, ...allowed: string[]) => {
    const request = writeRequest(`${what}/status`, { object, previous: csr() });
    return (await refusalOf(new CertificateSigning(allowing(...allowed)), request))?.message;
  };
  assert.equal(await sign(csr()), undefined);
  assert.equal(await sign(csr({ certificate: 'eA==' }), `sign ${signer}`), undefined);
  assert.match((await sign(csr({ certificate: 'eA==' }))) ?? '', /user not permitted to sign requests with signerName/);
});

test('nobody gets into system:masters by a certificate', async () => {
  const create = async (signerName: string, pem: string) => {
    const object = { metadata: { name: 'a' }, spec: { signerName, request: Buffer.from(pem).toString('base64') } };
    const request = writeRequest('CREATE certificatesigningrequests.certificates.k8s.io', { object });
    return (await refusalOf(new CertificateSubjectRestriction(), request))?.message;
  };
  const signer = 'kubernetes.io/kube-apiserver-client';
  assert.equal(await create(signer, kubeletClientRequest), undefined);
  assert.equal(await create('example.com/own', mastersRequest), undefined);
  assert.equal(
    await create(signer, mastersRequest),
    `certificatesigningrequests.certificates.k8s.io "a" is forbidden: use of ${signer} signer with system:masters group is not allowed`,
  );
});

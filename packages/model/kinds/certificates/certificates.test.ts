import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kubeletClientRequest } from '../../certificates/testing/certificate-requests.ts';
import type { ApiObject } from '../../object.ts';
import { tableOf } from '../../table/table.ts';
import { changeRefusals, created, facts, lines, refusals, statusRefusals } from '../testing/refusals.ts';
import { certificateSigningRequest as kind } from './certificate-signing-request/index.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const csr = (spec: object = {}): ApiObject => ({
  metadata: { name: 'n1' },
  spec: {
    request: base64(kubeletClientRequest),
    signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
    usages: ['client auth', 'digital signature'],
    ...spec,
  },
});

test('who asks is written down by the server', () => {
  const made = created(kind, {
    ...csr({ username: 'root', groups: ['system:masters'], extra: { a: ['b'] } }),
    status: {},
  });
  assert.equal(made['spec'].username, 'jane');
  assert.equal(made['spec'].uid, '7');
  assert.deepEqual(made['spec'].groups, ['developers', 'system:authenticated']);
  assert.equal(made['spec'].extra, undefined);
  assert.deepEqual(made['status'], {});
});

test('requests are refused in the words of upstream', () => {
  const cases: [object, string[]][] = [
    [{}, []],
    [
      { request: base64('x') },
      [`spec.request: Invalid value: "${base64('x')}": PEM block type must be CERTIFICATE REQUEST`],
    ],
    [{ usages: [] }, ['spec.usages: Required value']],
    [{ usages: ['client auth', 'client auth'] }, ['spec.usages[1]: Duplicate value: "client auth"']],
    [
      { signerName: 'kubernetes.io/legacy-unknown', expirationSeconds: 599 },
      [
        'spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version',
        'spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)',
      ],
    ],
  ];
  for (const [spec, expected] of cases) assert.deepEqual(refusals(kind, csr(spec)), expected);
});

const approved = { type: 'Approved', status: 'True', reason: 'Test' };
const approval = kind.subresourceUpdates!['approval']!;

function throughApproval(previous: ApiObject, change: (status: any) => void): { object: ApiObject; refused: string[] } {
  const object = structuredClone(previous);
  change((object['status'] ??= {}));
  approval.prepare(object, previous, facts);
  return { object, refused: lines(approval.validate(object, previous)) };
}

test('only /approval decides, and a decision stays', () => {
  const set = (object: any) => {
    object.status.conditions = [approved];
  };
  assert.deepEqual(statusRefusals(kind, csr(), set), [
    'status.conditions: Forbidden: updates may not add a condition of type "Approved"',
  ]);
  assert.deepEqual(changeRefusals(kind, csr(), set), []);
  const { object, refused } = throughApproval(created(kind, csr()), (status) => {
    status.conditions = [{ ...approved }];
    status.certificate = 'eA==';
  });
  assert.deepEqual(refused, []);
  assert.deepEqual(object['status'], {
    conditions: [{ ...approved, lastUpdateTime: facts.now, lastTransitionTime: facts.now }],
  });
  const both = throughApproval(object, (status) => {
    status.conditions = [approved, { type: 'Denied', status: 'True' }];
  });
  assert.deepEqual(both.refused, [
    'status.conditions[1].type: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
  ]);
  const gone = throughApproval(object, (status) => {
    status.conditions = [];
  });
  assert.deepEqual(gone.refused, [
    'status.conditions: Forbidden: updates may not remove a condition of type "Approved"',
  ]);
});

test('a certificate is a certificate, and is written once', () => {
  const set = (text: string) => (object: any) => {
    object.status.certificate = base64(text);
  };
  assert.deepEqual(statusRefusals(kind, csr(), set('x')), [
    'status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block',
  ]);
  assert.deepEqual(statusRefusals(kind, csr(), set(kubeletClientRequest)), [
    'status.certificate: Invalid value: "<certificate data>": only CERTIFICATE PEM blocks are allowed, found "CERTIFICATE REQUEST"',
  ]);
});

test('what kubectl shows', () => {
  const shown = created(kind, csr({ expirationSeconds: 3600 }));
  shown['status'] = { conditions: [approved], certificate: 'eA==' };
  const [row] = tableOf({ strategy: kind }, [shown], { now: 0 }).rows;
  assert.deepEqual(row!.cells, [
    'n1',
    '<unknown>',
    'kubernetes.io/kube-apiserver-client-kubelet',
    'jane',
    '60m',
    'Approved,Issued',
  ]);
});

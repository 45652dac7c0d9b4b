import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject } from '@keelson/model';
import type { Attributes, Authorizer } from '../authorization/contract.ts';
import { MemoryReader } from './memory-reader.ts';
import { NodeRestriction } from './node-restriction.ts';
import { refusalOf, writeRequest } from './test-requests.ts';

const user = { name: 'system:node:n1', groups: ['system:nodes'] };
const authorizer: Authorizer = {
  async authorize({ verb, resource }: Attributes) {
    const allowed = verb === 'request-serviceaccounts-token-audience' && resource === 'granted';
    return { decision: allowed ? 'allow' : 'noOpinion', reason: '' };
  },
};

function pod(node: string, more: ApiObject = {}): ApiObject {
  return {
    ...more,
    metadata: { name: `on-${node}`, namespace: 'shop', uid: `uid-${node}`, ...more.metadata },
    spec: { nodeName: node, ...more['spec'] },
  };
}

function cluster(): NodeRestriction {
  const reader = new MemoryReader();
  reader.put('', 'nodes', { metadata: { name: 'n1', uid: 'node-1' } });
  const volumes = [
    {
      name: 'a',
      projected: { sources: [{ serviceAccountToken: {} }, { serviceAccountToken: { audience: 'vault' } }] },
    },
    { name: 'b', csi: { driver: 'efs' } },
  ];
  reader.put('', 'pods', pod('n1', { spec: { volumes } }));
  reader.put('', 'pods', pod('n2'));
  reader.put('storage.k8s.io', 'csidrivers', {
    metadata: { name: 'efs' },
    spec: { tokenRequests: [{ audience: 'sts' }] },
  });
  return new NodeRestriction(reader, authorizer);
}

const owner = { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'node-1', controller: true };
const mirror = (spec: Record<string, unknown> = {}, owners: unknown[] = [owner]): ApiObject => ({
  metadata: {
    name: 'on-n1',
    namespace: 'shop',
    annotations: { 'kubernetes.io/config.mirror': 'x' },
    ownerReferences: owners as any,
  },
  spec: { nodeName: 'n1', ...spec },
});
const node = (labels: Record<string, string> = {}, spec: Record<string, unknown> = {}): ApiObject => ({
  metadata: { name: 'n1', labels },
  spec,
});
const token = (bound?: Record<string, unknown>, audiences?: string[]) => ({
  namespace: 'shop',
  name: 'web',
  object: { metadata: {}, spec: { boundObjectRef: bound, audiences } },
});
const toPod = { apiVersion: 'v1', kind: 'Pod', name: 'on-n1', uid: 'uid-n1' };
const lease = (name: string, namespace = 'kube-node-lease') => ({ metadata: { name, namespace } });
const own = pod('n1');

type Case = readonly [string, Parameters<typeof writeRequest>[1], string | undefined];
const cases: readonly Case[] = [
  ['CREATE pods', { object: mirror() }, undefined],
  [
    'CREATE pods',
    { object: own },
    'pods "on-n1" is forbidden: pod does not have "kubernetes.io/config.mirror" annotation, node "n1" can only create mirror pods',
  ],
  [
    'CREATE pods',
    { object: mirror({ nodeName: 'n2' }) },
    'pods "on-n1" is forbidden: node "n1" can only create pods with spec.nodeName set to itself',
  ],
  [
    'CREATE pods',
    { object: mirror({}, []) },
    'pods "on-n1" is forbidden: node "n1" can only create pods with an owner reference set to itself',
  ],
  [
    'CREATE pods',
    { object: mirror({}, [owner, owner]) },
    'pods "on-n1" is forbidden: node "n1" can only create pods with a single owner reference set to itself',
  ],
  [
    'CREATE pods',
    { object: mirror({}, [{ ...owner, controller: false }]) },
    'pods "on-n1" is forbidden: node "n1" can only create pods with a controller owner reference set to itself',
  ],
  [
    'CREATE pods',
    { object: mirror({}, [{ ...owner, blockOwnerDeletion: true }]) },
    'pods "on-n1" is forbidden: node "n1" must not set blockOwnerDeletion on an owner reference',
  ],
  [
    'CREATE pods',
    { object: mirror({}, [{ ...owner, uid: 'node-0' }]) },
    'pods "on-n1" is forbidden: node n1 UID mismatch: expected node-0 got node-1',
  ],
  [
    'CREATE pods',
    { object: mirror({ serviceAccountName: 'web' }) },
    'pods "on-n1" is forbidden: node "n1" can not create pods that reference a service account',
  ],
  [
    'CREATE pods',
    { object: mirror({ imagePullSecrets: [{ name: 's' }] }) },
    'pods "on-n1" is forbidden: node "n1" can not create pods that reference secrets',
  ],
  [
    'CREATE pods',
    { object: mirror({ volumes: [{ name: 'v', configMap: { name: 'c' } }] }) },
    'pods "on-n1" is forbidden: node "n1" can not create pods that reference configmaps',
  ],
  [
    'CREATE pods',
    { object: mirror({ volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] }) },
    'pods "on-n1" is forbidden: node "n1" can not create pods that reference persistentvolumeclaims',
  ],
  [
    'UPDATE pods',
    { object: own, previous: own },
    'pods "on-n1" is forbidden: unexpected operation "UPDATE", node "n1" can only create and delete mirror pods',
  ],
  ['DELETE pods', { previous: own }, undefined],
  [
    'DELETE pods',
    { previous: pod('n2') },
    'pods "on-n2" is forbidden: node "n1" can only delete pods with spec.nodeName set to itself',
  ],
  ['DELETE pods', { namespace: 'shop', name: 'gone' }, 'pod "gone" not found'],
  ['UPDATE pods/status', { object: { ...own, status: { phase: 'Running' } }, previous: own }, undefined],
  [
    'UPDATE pods/status',
    { object: pod('n2'), previous: pod('n2') },
    'pods "on-n2" is forbidden: node "n1" can only update pod status for pods with spec.nodeName set to itself',
  ],
  [
    'UPDATE pods/status',
    { object: pod('n1', { metadata: { labels: { a: 'b' } } }), previous: own },
    'pods "on-n1" is forbidden: node "n1" cannot update labels through pod status',
  ],
  ['CREATE pods/eviction', { namespace: 'shop', name: 'on-n1', object: {} }, undefined],
  [
    'CREATE pods/eviction',
    { namespace: 'shop', name: 'on-n2', object: {} },
    'pods "on-n2" is forbidden: node n1 can only evict pods with spec.nodeName set to itself',
  ],
  [
    'CREATE pods/binding',
    { object: own },
    'pods "on-n1" is forbidden: unexpected pod subresource "binding", only \'status\' and \'eviction\' are allowed',
  ],
  [
    'CREATE nodes',
    {
      object: node({
        'kubernetes.io/hostname': 'x',
        'topology.kubernetes.io/zone': 'a',
        'eks.amazonaws.com/nodegroup': 'g',
        'node.kubernetes.io/anything': 'y',
        'kubelet.kubernetes.io/x': 'z',
        mine: 'w',
      }),
    },
    undefined,
  ],
  [
    'CREATE nodes',
    {
      object: node({ 'node-restriction.kubernetes.io/a': 'x', 'node-role.kubernetes.io/master': '', 'x.k8s.io/b': '' }),
    },
    'nodes "n1" is forbidden: node "n1" is not allowed to set the following labels: node-restriction.kubernetes.io/a, node-role.kubernetes.io/master, x.k8s.io/b',
  ],
  [
    'CREATE nodes',
    { object: { metadata: { name: 'n2' } } },
    'nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2"',
  ],
  ['UPDATE nodes/status', { object: node(), previous: node() }, undefined],
  [
    'UPDATE nodes',
    { object: node({ 'node-restriction.kubernetes.io/a': 'x' }), previous: node() },
    'nodes "n1" is forbidden: is not allowed to modify labels: node-restriction.kubernetes.io/a',
  ],
  [
    'UPDATE nodes',
    { object: node(), previous: node({ 'node-restriction.kubernetes.io/a': 'x' }) },
    'nodes "n1" is forbidden: is not allowed to modify labels: node-restriction.kubernetes.io/a',
  ],
  [
    'UPDATE nodes',
    { object: node({}, { taints: [] }), previous: node({}, { taints: [{ key: 'a', effect: 'NoSchedule' }] }) },
    'nodes "n1" is forbidden: node "n1" is not allowed to modify taints',
  ],
  [
    'UPDATE nodes',
    {
      object: { metadata: { name: 'n1', ownerReferences: [{ ...owner, kind: 'Pod' }] } },
      previous: node(),
    },
    'nodes "n1" is forbidden: node "n1" is not allowed to modify ownerReferences',
  ],
  ['CREATE leases.coordination.k8s.io', { object: lease('n1') }, undefined],
  [
    'CREATE leases.coordination.k8s.io',
    { object: lease('n2') },
    'leases.coordination.k8s.io "n2" is forbidden: can only access node lease with the same name as the requesting node',
  ],
  [
    'UPDATE leases.coordination.k8s.io',
    { object: lease('n1', 'shop') },
    'leases.coordination.k8s.io "n1" is forbidden: can only access leases in the "kube-node-lease" system namespace',
  ],
  [
    'CREATE csinodes.storage.k8s.io',
    { object: { metadata: { name: 'n2' } } },
    'csinodes.storage.k8s.io "n2" is forbidden: can only access CSINode with the same name as the requesting node',
  ],
  [
    'UPDATE persistentvolumeclaims',
    { object: { metadata: { name: 'c' } } },
    'persistentvolumeclaims "c" is forbidden: may only update PVC status',
  ],
  [
    'UPDATE persistentvolumeclaims/status',
    {
      object: { metadata: { name: 'c' }, status: { capacity: { storage: '2' } } },
      previous: { metadata: { name: 'c' }, status: { capacity: { storage: '1' } } },
    },
    undefined,
  ],
  [
    'UPDATE persistentvolumeclaims/status',
    {
      object: { metadata: { name: 'c', labels: { a: 'b' } } },
      previous: { metadata: { name: 'c' } },
    },
    'persistentvolumeclaims "c" is forbidden: node "n1" is not allowed to update fields other than status.quantity and status.conditions',
  ],
  ['CREATE serviceaccounts/token', token(toPod), undefined],
  ['CREATE serviceaccounts/token', token(toPod, ['vault']), undefined],
  ['CREATE serviceaccounts/token', token(toPod, ['sts']), undefined],
  ['CREATE serviceaccounts/token', token(toPod, ['granted']), undefined],
  [
    'CREATE serviceaccounts/token',
    token(toPod, ['other']),
    'serviceaccounts "web" is forbidden: audience "other" not found in pod spec volume, system:node:n1 is not authorized to request tokens for this audience',
  ],
  [
    'CREATE serviceaccounts/token',
    token(toPod, ['a', 'b']),
    'serviceaccounts "web" is forbidden: node may only request 0 or 1 audiences',
  ],
  [
    'CREATE serviceaccounts/token',
    token(),
    'serviceaccounts "web" is forbidden: node requested token not bound to a pod',
  ],
  [
    'CREATE serviceaccounts/token',
    token({ ...toPod, uid: '' }),
    'serviceaccounts "web" is forbidden: node requested token with a pod binding without a uid',
  ],
  [
    'CREATE serviceaccounts/token',
    token({ ...toPod, uid: 'old' }),
    'serviceaccounts "web" is forbidden: the UID in the bound object reference (old) does not match the UID in record. The object might have been deleted and then recreated',
  ],
  [
    'CREATE serviceaccounts/token',
    token({ ...toPod, name: 'on-n2', uid: 'uid-n2' }),
    'serviceaccounts "web" is forbidden: node requested token bound to a pod scheduled on a different node',
  ],
  ['CREATE events', { object: { metadata: { name: 'e' } } }, undefined],
];

for (const [what, given, expected] of cases) {
  test(`NodeRestriction: ${what}: ${expected ?? 'admitted'}`, async () => {
    const refusal = await refusalOf(cluster(), writeRequest(what, { user, ...given }));
    assert.equal(refusal?.message, expected);
    if (refusal !== undefined) assert.equal(refusal.code, expected!.endsWith('not found') ? 404 : 403);
  });
}

test('NodeRestriction is about nodes alone, and they must say which they are', async () => {
  const foreign = writeRequest('UPDATE nodes', { object: node({ 'x.k8s.io/a': '' }), previous: node() });
  assert.equal(await refusalOf(cluster(), foreign), undefined);
  const nameless = writeRequest('CREATE pods', {
    user: { name: 'system:node:', groups: ['system:nodes'] },
    object: own,
  });
  assert.equal(
    (await refusalOf(cluster(), nameless))?.message,
    'pods "on-n1" is forbidden: could not determine node from user "system:node:"',
  );
});

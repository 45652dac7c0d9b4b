import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject } from '@keelson/model';
import { MemoryReader } from '../admission/memory-reader.ts';
import type { Attributes } from './contract.ts';
import { NodeAuthorizer } from './node-authorizer.ts';

const n1 = { name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] };

function pod(name: string, node: string, spec: Record<string, unknown>, more: ApiObject = {}): ApiObject {
  return {
    ...more,
    metadata: { ...more.metadata, name, namespace: 'shop', uid: name },
    spec: { nodeName: node, serviceAccountName: 'web', ...spec },
  };
}

function cluster(minor = 36) {
  const reader = new MemoryReader();
  reader.put(
    '',
    'pods',
    pod('web', 'n1', {
      imagePullSecrets: [{ name: 'pull' }],
      initContainers: [{ name: 'i', envFrom: [{ configMapRef: { name: 'from-env' } }] }],
      containers: [{ name: 'c', env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 'env', key: 'k' } } }] }],
      volumes: [
        { name: 'a', secret: { secretName: 'volume' } },
        { name: 'b', projected: { sources: [{ configMap: { name: 'kube-root-ca.crt' } }] } },
        { name: 'c', persistentVolumeClaim: { claimName: 'data' } },
        { name: 'd', ephemeral: {} },
      ],
    }),
  );
  reader.put('', 'pods', pod('api', 'n2', { serviceAccountName: 'api', imagePullSecrets: [{ name: 'theirs' }] }));
  reader.put('', 'pods', pod('waiting', '', { imagePullSecrets: [{ name: 'waiting' }] }));
  reader.put(
    '',
    'pods',
    pod(
      'static',
      'n1',
      { imagePullSecrets: [{ name: 'stolen' }] },
      {
        metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' } },
      },
    ),
  );
  reader.put('', 'persistentvolumeclaims', {
    metadata: { name: 'data', namespace: 'shop' },
    spec: { volumeName: 'pv-1' },
  });
  reader.put('', 'persistentvolumes', {
    metadata: { name: 'pv-1' },
    spec: {
      claimRef: { namespace: 'shop', name: 'data' },
      csi: { driver: 'd', nodeStageSecretRef: { name: 'stage', namespace: 'storage' } },
    },
  });
  reader.put('storage.k8s.io', 'volumeattachments', { metadata: { name: 'va-1' }, spec: { nodeName: 'n1' } });
  return { reader, authorizer: new NodeAuthorizer(reader, minor) };
}

/** `get secrets shop/web`, `create serviceaccounts/token shop/web`, `list pods spec.nodeName=n1`, `get leases.coordination.k8s.io x/y`. */
function ask(text: string, user = n1): Attributes {
  const [verb = '', what = '', where = ''] = text.split(' ');
  const [full = '', subresource = ''] = what.split('/');
  const [resource = '', ...rest] = full.split('.');
  const selector = where.includes('=');
  const [namespace = '', name = ''] = selector ? [] : where.includes('/') ? where.split('/') : ['', where];
  const base = { user, verb, resourceRequest: true, resource, subresource, apiGroup: rest.join('.'), apiVersion: 'v1' };
  return { ...base, namespace, name, path: '', ...(selector ? { fieldSelector: where } : {}) };
}

const unrelated = "no relationship found between node 'n1' and this object";
const cases: readonly [string, string | undefined][] = [
  ['get secrets shop/pull', undefined],
  ['get secrets shop/env', undefined],
  ['list secrets shop/volume', undefined],
  ['watch secrets shop/volume', undefined],
  ['get secrets storage/stage', undefined],
  ['get secrets shop/stage', unrelated],
  ['get secrets shop/theirs', unrelated],
  ['get secrets shop/waiting', unrelated],
  ['get secrets shop/stolen', unrelated],
  ['get secrets other/pull', unrelated],
  ['list secrets shop/', 'No Object name found'],
  ['list secrets', 'can only read namespaced object of this type'],
  ['update secrets shop/pull', 'can only read resources of this type'],
  ['get configmaps shop/from-env', undefined],
  ['get configmaps shop/kube-root-ca.crt', undefined],
  ['get configmaps shop/other', unrelated],
  ['get persistentvolumeclaims shop/data', undefined],
  ['get persistentvolumeclaims shop/web-d', undefined],
  ['patch persistentvolumeclaims/status shop/data', undefined],
  ['list persistentvolumeclaims shop/data', 'can only get individual resources of this type'],
  ['get persistentvolumes pv-1', undefined],
  ['get persistentvolumes pv-2', unrelated],
  ['get volumeattachments.storage.k8s.io va-1', undefined],
  ['create serviceaccounts/token shop/web', undefined],
  ['create serviceaccounts/token shop/api', unrelated],
  ['create serviceaccounts shop/web', 'can only create token subresource of serviceaccount'],
  ['list serviceaccounts shop/', 'can only create tokens for individual service accounts'],
  ['get serviceaccounts shop/web', undefined],
  ['get serviceaccounts shop/api', unrelated],
  ['get leases.coordination.k8s.io kube-node-lease/n1', undefined],
  ['create leases.coordination.k8s.io kube-node-lease/', undefined],
  [
    'update leases.coordination.k8s.io kube-node-lease/n2',
    'can only access node lease with the same name as the requesting node',
  ],
  ['get leases.coordination.k8s.io shop/n1', 'can only access leases in the "kube-node-lease" system namespace'],
  ['list leases.coordination.k8s.io kube-node-lease/', 'can only get, create, update, patch, or delete a node lease'],
  ['get csinodes.storage.k8s.io n1', undefined],
  ['get csinodes.storage.k8s.io n2', 'can only access CSINode with the same name as the requesting node'],
  ['get nodes n1', undefined],
  ['watch nodes metadata.name=n1', undefined],
  ['watch nodes metadata.name!=n1', "node 'n1' cannot read all nodes, only its own Node object"],
  ['list nodes', "node 'n1' cannot read all nodes, only its own Node object"],
  ['get nodes n2', "node 'n1' cannot read 'n2', only its own Node object"],
  ['create nodes', undefined],
  ['patch nodes/status n1', undefined],
  ['delete nodes n1', ''],
  ['get pods shop/web', undefined],
  ['get pods shop/api', unrelated],
  ['list pods spec.nodeName=n1', undefined],
  ['watch pods status.phase!=Failed,spec.nodeName==n1', undefined],
  ['list pods spec.nodeName=n2', 'can only list/watch pods with spec.nodeName field selector'],
  ['list pods spec.nodeName!=n1', 'can only list/watch pods with spec.nodeName field selector'],
  ['list pods', 'can only list/watch pods with spec.nodeName field selector'],
  ['create pods/eviction shop/web', undefined],
  ['update pods shop/web', ''],
  ['list services', undefined],
  ['create tokenreviews.authentication.k8s.io', undefined],
  ['create subjectaccessreviews.authorization.k8s.io', undefined],
  ['list deployments.apps', ''],
  [
    'list resourceslices.resource.k8s.io',
    'can only list/watch/deletecollection resourceslices with nodeName field selector',
  ],
  ['deletecollection resourceslices.resource.k8s.io spec.nodeName=n1', undefined],
];

const shared = cluster().authorizer;
for (const [asked, reason] of cases) {
  test(`node n1 ${reason === undefined ? 'may' : 'may not'} ${asked}`, async () => {
    assert.deepEqual(await shared.authorize(ask(asked)), {
      decision: reason === undefined ? 'allow' : 'noOpinion',
      reason: reason ?? '',
    });
  });
}

test('who is no node has none of it, and who does not say which has none either', async () => {
  const silent = { decision: 'noOpinion', reason: '' };
  assert.deepEqual(await shared.authorize(ask('list services', { name: 'system:node:n1', groups: [] })), silent);
  assert.deepEqual(await shared.authorize(ask('list services', { name: 'jane', groups: ['system:nodes'] })), silent);
  assert.equal(
    (await shared.authorize(ask('list services', { name: 'system:node:', groups: ['system:nodes'] }))).reason,
    'unknown node for user "system:node:"',
  );
  assert.equal((await shared.rulesFor(n1)).incomplete, true);
});

test('the rights go where the pods go', async () => {
  const { reader, authorizer } = cluster(33);
  const may = async (asked: string) => (await authorizer.authorize(ask(asked))).decision === 'allow';
  assert.equal(await may('get serviceaccounts shop/web'), false);
  const waiting = reader.get('', 'pods', 'shop', 'waiting')!;
  reader.put('', 'pods', { ...waiting, spec: { ...waiting['spec'], nodeName: 'n1' } });
  assert.equal(await may('get secrets shop/waiting'), true);
  const bound = reader.get('', 'pods', 'shop', 'waiting')!;
  const debugger_ = { name: 'd', envFrom: [{ secretRef: { name: 'debug' } }] };
  reader.put('', 'pods', { ...bound, spec: { ...bound['spec'], ephemeralContainers: [debugger_] } });
  assert.equal(await may('get secrets shop/debug'), true);
  reader.remove('', 'pods', 'shop', 'web');
  assert.equal(await may('get secrets shop/pull'), false);
  assert.equal(await may('create serviceaccounts/token shop/web'), true);
  reader.remove('', 'pods', 'shop', 'waiting');
  assert.equal(await may('get secrets shop/waiting'), false);
  assert.equal(await may('get secrets shop/debug'), false);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalogueFor } from '@keelson/model';
import type { Attributes } from '../authorization/contract.ts';
import { AlwaysPullImages } from './always-pull-images.ts';
import { MemoryReader } from './memory-reader.ts';
import { OwnerReferencesPermissionEnforcement } from './owner-references-permission.ts';
import { PodTopologyLabels } from './pod-topology-labels.ts';
import { refusalOf, writeRequest } from './test-requests.ts';

test('images are always pulled, of what is new', () => {
  const plugin = new AlwaysPullImages();
  const pod = (image: string) => ({
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', image, imagePullPolicy: 'IfNotPresent' }], volumes: [{ name: 'v', image: {} }] },
  });
  const created = writeRequest('CREATE pods', { object: pod('a') });
  plugin.mutate(created);
  assert.equal(created.object!['spec'].containers[0].imagePullPolicy, 'Always');
  assert.equal(created.object!['spec'].volumes[0].image.pullPolicy, 'Always');
  const touched = writeRequest('UPDATE pods', { object: pod('a'), previous: pod('a') });
  plugin.mutate(touched);
  assert.equal(touched.object!['spec'].containers[0].imagePullPolicy, 'IfNotPresent');
});

test('owners are changed by who may delete, and blocked by who may set their finalizers', async () => {
  const allowed = new Set<string>();
  const asked: Attributes[] = [];
  const authorizer = {
    authorize: async (attributes: Attributes) => {
      asked.push(attributes);
      const { verb, resource, subresource } = attributes;
      return {
        decision: allowed.has(`${verb} ${resource}/${subresource}`) ? 'allow' : 'noOpinion',
        reason: '',
      } as const;
    },
  };
  const plugin = new OwnerReferencesPermissionEnforcement(authorizer, catalogueFor(35));
  const owned = (more: object = {}, kind = 'Deployment') => ({
    metadata: {
      name: 'm',
      namespace: 'team',
      ownerReferences: [{ apiVersion: 'apps/v1', kind, name: 'd', uid: '1', ...more }],
    },
  });
  const free = { metadata: { name: 'm', namespace: 'team' } };
  const ask = (what: string, object: object, previous?: object) =>
    refusalOf(plugin, writeRequest(what, { object, ...(previous ? { previous } : {}) }));
  assert.equal(await ask('CREATE configmaps', owned()), undefined, 'a new object is its maker’s');
  assert.equal(
    (await ask('UPDATE configmaps', owned(), free))?.message,
    'configmaps "m" is forbidden: cannot set an ownerRef on a resource you can\'t delete: , <nil>',
  );
  assert.equal(await ask('UPDATE configmaps', owned(), owned()), undefined, 'nothing has changed');
  const blocking = { blockOwnerDeletion: true };
  assert.match(
    (await ask('CREATE configmaps', owned(blocking)))!.message,
    /cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: , <nil>$/,
  );
  assert.equal(asked.at(-1)!.namespace, 'team');
  assert.match(
    (await ask('CREATE configmaps', owned(blocking, 'Nothing')))!.message,
    /cannot find RESTMapping for APIVersion apps\/v1 Kind Nothing/,
  );
  allowed.add('update deployments/finalizers').add('delete configmaps/');
  assert.equal(await ask('UPDATE configmaps', owned(blocking), free), undefined);
});

test('a binding brings the labels of where the node is', () => {
  const reader = new MemoryReader();
  const zone = { 'topology.kubernetes.io/zone': 'a', 'topology.kubernetes.io/region': 'r', other: 'x' };
  reader.put('', 'nodes', { metadata: { name: 'n', labels: zone } });
  const plugin = new PodTopologyLabels(reader);
  const request = writeRequest('CREATE pods/binding', {
    object: { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } },
  });
  plugin.mutate(request);
  const { other: _, ...expected } = zone;
  assert.deepEqual(request.object!.metadata!.labels, expected);
});

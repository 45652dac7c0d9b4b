import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '@keelson/base';
import { catalogueFor } from '@keelson/model';
import { RbacAuthorizer } from '../authorization/rbac-authorizer.ts';
import { RbacIndex } from '../authorization/rbac-index.ts';
import { everything } from '../testing/test-server.ts';
import { WebhookClient } from '../webhook/index.ts';
import { defaultPlugins } from './default-plugins.ts';
import { MemoryReader } from './memory-reader.ts';

test('the plug-ins stand in the order of kube-apiserver', () => {
  const world = virtualWorld(1);
  const reader = new MemoryReader();
  const webhooks = new WebhookClient({ world, reader });
  const index = new RbacIndex(reader);
  const rbac = new RbacAuthorizer(index);
  const plugins = defaultPlugins({
    world,
    reader,
    catalogue: catalogueFor(35),
    webhooks,
    minor: 35,
    authorizer: everything,
    rbac,
    index,
  });
  assert.deepEqual(
    plugins.map(({ name }) => name),
    [
      'NamespaceLifecycle',
      'LimitRanger',
      'ServiceAccount',
      'NodeRestriction',
      'TaintNodesByCondition',
      'PodSecurity',
      'Priority',
      'DefaultTolerationSeconds',
      'DefaultStorageClass',
      'StorageObjectInUseProtection',
      'PersistentVolumeClaimResize',
      'RuntimeClass',
      'CertificateApproval',
      'CertificateSigning',
      'CertificateSubjectRestriction',
      'DefaultIngressClass',
      'PodTopologyLabels',
      'MutatingAdmissionPolicy',
      'MutatingAdmissionWebhook',
      'RBACEscalationCheck',
      'ValidatingAdmissionPolicy',
      'ValidatingAdmissionWebhook',
      'ResourceQuota',
    ],
  );
});

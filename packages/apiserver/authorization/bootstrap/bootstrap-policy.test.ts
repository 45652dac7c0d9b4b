import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject, Strategy } from '@keelson/model';
import { clusterRole } from '@keelson/model/kinds/rbac/cluster-role/index.ts';
import { clusterRoleBinding } from '@keelson/model/kinds/rbac/cluster-role-binding/index.ts';
import { role } from '@keelson/model/kinds/rbac/role/index.ts';
import { roleBinding } from '@keelson/model/kinds/rbac/role-binding/index.ts';
import type { PolicyRule } from '../policy-rule.ts';
import { bootstrapPolicy, nodeRules } from './bootstrap-policy.ts';
import { readRoles } from './policy-notation.ts';
import { reconcilePolicy } from './reconcile-policy.ts';

const policy = bootstrapPolicy(36);
const named = (kind: string, name: string, namespace?: string): ApiObject =>
  policy.find(
    ({ kind: own, metadata }) => own === kind && metadata?.name === name && metadata.namespace === namespace,
  )!;

test('the notation reads verbs, groups, names, paths and versions', () => {
  const text = `
one
  read core,apps pods,deployments a
  get url /b,/a
two since=34
  events
`;
  assert.deepEqual(readRoles(text, 33), [
    {
      name: 'one',
      rules: [
        {
          apiGroups: ['', 'apps'],
          resourceNames: ['a'],
          resources: ['deployments', 'pods'],
          verbs: ['get', 'list', 'watch'],
        },
        { nonResourceURLs: ['/a', '/b'], verbs: ['get'] },
      ],
    },
  ]);
  assert.deepEqual(readRoles(text, 34)[1]!.rules, [
    { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'patch', 'update'] },
  ]);
});

test('every object has the metadata of a default, a name of its own, and a role that exists', () => {
  const keys = new Set<string>();
  for (const object of policy) {
    const { name, namespace = '', labels, annotations } = object.metadata!;
    keys.add(`${object.kind}/${namespace}/${name}`);
    assert.equal(object.apiVersion, 'rbac.authorization.k8s.io/v1');
    assert.equal(labels?.['kubernetes.io/bootstrapping'], 'rbac-defaults');
    assert.equal(annotations?.['rbac.authorization.kubernetes.io/autoupdate'], 'true');
  }
  assert.equal(keys.size, policy.length);
  for (const { roleRef, metadata } of policy.filter((object) => object['roleRef'])) {
    const home = roleRef.kind === 'Role' ? (metadata?.namespace ?? '') : '';
    assert.ok(keys.has(`${roleRef.kind}/${home}/${roleRef.name}`), `${metadata?.name} refers to ${roleRef.name}`);
  }
});

test('the kinds accept every object as it is', () => {
  const kinds: readonly Strategy[] = [role, clusterRole, roleBinding, clusterRoleBinding];
  for (const object of policy) {
    const strategy = kinds.find(({ kind }) => kind === object.kind);
    assert.deepEqual(strategy!.validate!(object), [], object.metadata!.name);
  }
});

test('admin holds edit, edit holds view, and their own parts', () => {
  const texts = (name: string) => named('ClusterRole', name)['rules'].map((rule: PolicyRule) => JSON.stringify(rule));
  const [admin, edit, view] = [texts('admin'), texts('edit'), texts('view')];
  assert.ok(view.length > 8);
  assert.ok(view.every((rule: string) => edit.includes(rule)));
  assert.ok(edit.every((rule: string) => admin.includes(rule)));
  assert.ok(admin.some((rule: string) => rule.includes('rolebindings')));
  assert.ok(!edit.some((rule: string) => rule.includes('rolebindings')));
  assert.ok(!view.some((rule: string) => rule.includes('"secrets"')));
  assert.deepEqual(named('ClusterRole', 'edit').metadata!.labels, {
    'kubernetes.io/bootstrapping': 'rbac-defaults',
    'rbac.authorization.k8s.io/aggregate-to-admin': 'true',
  });
});

test('what came with 1.34 is not in 1.33', () => {
  const names = (minor: number) => bootstrapPolicy(minor).map(({ metadata }) => metadata!.name);
  assert.ok(!names(33).includes('system:controller:resource-claim-controller'));
  assert.ok(names(34).includes('system:controller:resource-claim-controller'));
  const claims = (minor: number) => nodeRules(minor).some((rule) => rule.resources?.includes('resourceclaims'));
  assert.deepEqual([claims(33), claims(34)], [false, true]);
});

test('nodes and controllers are bound as upstream binds them', () => {
  assert.equal(named('ClusterRoleBinding', 'system:node')['subjects'], undefined);
  assert.deepEqual(named('ClusterRoleBinding', 'system:controller:deployment-controller')['subjects'], [
    { kind: 'ServiceAccount', name: 'deployment-controller', namespace: 'kube-system' },
  ]);
  assert.deepEqual(
    named('RoleBinding', 'system::extension-apiserver-authentication-reader', 'kube-system')['roleRef'],
    {
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'Role',
      name: 'extension-apiserver-authentication-reader',
    },
  );
  assert.deepEqual(
    named('ClusterRoleBinding', 'eks:node-bootstrapper')['subjects'].map((subject: { name: string }) => subject.name),
    ['system:bootstrappers', 'system:nodes'],
  );
});

test('reconciling creates what is missing and then has nothing to do', () => {
  const steps = reconcilePolicy([], policy);
  assert.equal(steps.length, policy.length);
  assert.ok(steps.every((step) => step.action === 'create'));
  const stored = policy.map((object) => ({
    ...structuredClone(object),
    metadata: { ...object.metadata, uid: 'u', resourceVersion: '7' },
  }));
  assert.deepEqual(reconcilePolicy(stored, policy), []);
});

test('reconciling adds what is lacking, keeps what was added, and leaves alone what is protected', () => {
  const wanted = named('ClusterRole', 'system:basic-user');
  const [first, second] = wanted['rules'];
  const extra = { apiGroups: [''], resources: ['pods'], verbs: ['get'] };
  const stored: ApiObject = {
    ...wanted,
    metadata: { name: 'system:basic-user', resourceVersion: '7', labels: { mine: 'yes' } },
    rules: [first, extra],
  };
  const [step] = reconcilePolicy([stored], [wanted]);
  assert.equal(step?.action, 'update');
  assert.deepEqual(step.object['rules'], [first, extra, second]);
  assert.deepEqual(step.object.metadata, {
    name: 'system:basic-user',
    resourceVersion: '7',
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', mine: 'yes' },
    annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
  });
  assert.deepEqual(stored['rules'], [first, extra]);
  const locked = {
    ...stored,
    metadata: { ...stored.metadata, annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' } },
  };
  assert.deepEqual(reconcilePolicy([locked], [wanted]), []);
});

test('reconciling adds subjects, and makes a binding anew when its role is another', () => {
  const wanted = named('ClusterRoleBinding', 'system:public-info-viewer');
  const jane = { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'jane' };
  const [step] = reconcilePolicy([{ ...wanted, subjects: [jane, wanted['subjects'][0]] }], [wanted]);
  assert.equal(step?.action, 'update');
  assert.deepEqual(step.object['subjects'], [jane, wanted['subjects'][0], wanted['subjects'][1]]);
  const other = { ...wanted, roleRef: { ...wanted['roleRef'], name: 'view' } };
  const [again] = reconcilePolicy([other], [wanted]);
  assert.equal(again?.action, 'recreate');
  assert.equal(again.previous, other);
  assert.deepEqual(again.object, wanted);
});

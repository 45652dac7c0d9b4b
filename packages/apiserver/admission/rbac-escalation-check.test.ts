import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject } from '@keelson/model';
import type { UserInfo } from '../authentication/contract.ts';
import { AuthorizerChain, MastersAuthorizer } from '../authorization/authorizer-chain.ts';
import { RbacAuthorizer } from '../authorization/rbac-authorizer.ts';
import { RbacIndex } from '../authorization/rbac-index.ts';
import { MemoryReader } from './memory-reader.ts';
import { RbacEscalationCheck } from './rbac-escalation-check.ts';
import { refusalOf, writeRequest } from './test-requests.ts';

const group = 'rbac.authorization.k8s.io';
const jane: UserInfo = { name: 'jane', groups: ['devs', 'system:authenticated'] };
const root: UserInfo = { name: 'root', groups: ['system:masters'] };
const held = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods', 'secrets'] };

function gates() {
  const reader = new MemoryReader();
  const clusterRole = (name: string, ...rules: unknown[]) =>
    reader.put(group, 'clusterroles', { metadata: { name }, rules });
  const bind = (name: string, user: string, namespace?: string) =>
    reader.put(group, namespace === undefined ? 'clusterrolebindings' : 'rolebindings', {
      metadata: { name: `${name}-${user}`, ...(namespace !== undefined ? { namespace } : {}) },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name },
      subjects: [{ kind: 'User', name: user }],
    });
  clusterRole('held', held);
  clusterRole('more', held, { verbs: ['delete'], apiGroups: [''], resources: ['pods'] });
  clusterRole('all', { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, { verbs: ['*'], nonResourceURLs: ['*'] });
  const grants = (verb: string, resource: string) => ({ verbs: [verb], apiGroups: [group], resources: [resource] });
  clusterRole('escalating', grants('escalate', 'roles'));
  clusterRole('binding', { ...grants('bind', 'clusterroles'), resourceNames: ['more'] });
  bind('held', 'jane', 'shop');
  bind('all', 'admin');
  bind('escalating', 'escalator', 'shop');
  bind('binding', 'binder', 'shop');
  const index = new RbacIndex(reader);
  const rbac = new RbacAuthorizer(index);
  const authorizer = new AuthorizerChain([new MastersAuthorizer(), rbac]);
  return { reader, index, rbac, authorizer, plugin: new RbacEscalationCheck(authorizer, rbac, index) };
}

const role = (...rules: unknown[]): ApiObject => ({ metadata: { name: 'new', namespace: 'shop' }, rules });
const binding = (name: string, kind = 'ClusterRole'): ApiObject => ({
  metadata: { name: 'new', namespace: 'shop' },
  roleRef: { apiGroup: group, kind, name },
});
const user = (name: string): UserInfo => ({ name, groups: [] });
const grabbing =
  'user "jane" (groups=["devs" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n';
const aggregating: ApiObject = {
  metadata: { name: 'new' },
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] },
};

type Case = readonly [string, string, ApiObject, UserInfo, string | undefined];
const cases: readonly Case[] = [
  ['what one holds', 'CREATE roles', role({ ...held, verbs: ['get'] }), jane, undefined],
  ['one object of what one holds', 'CREATE roles', role({ ...held, resourceNames: ['a'] }), jane, undefined],
  [
    'more than one holds',
    'CREATE roles',
    role({ verbs: ['get', 'delete', 'create'], apiGroups: [''], resources: ['pods', 'nodes'] }),
    jane,
    `roles.${group} "new" is forbidden: ${grabbing}{APIGroups:[""], Resources:["nodes"], Verbs:["get" "delete" "create"]}\n{APIGroups:[""], Resources:["pods"], Verbs:["delete" "create"]}`,
  ],
  [
    'everything',
    'CREATE roles',
    role({ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, { verbs: ['get'], nonResourceURLs: ['/x'] }),
    jane,
    `roles.${group} "new" is forbidden: ${grabbing}{APIGroups:["*"], Resources:["*"], Verbs:["*"]}\n{NonResourceURLs:["/x"], Verbs:["get"]}`,
  ],
  [
    'everything, as an administrator',
    'CREATE roles',
    role({ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }),
    user('admin'),
    undefined,
  ],
  [
    'everything, as system:masters',
    'CREATE roles',
    role({ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }),
    root,
    undefined,
  ],
  [
    'anything, with the verb escalate',
    'UPDATE roles',
    role({ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }),
    user('escalator'),
    undefined,
  ],
  ['a binding to what one holds', 'CREATE rolebindings', binding('held'), jane, undefined],
  [
    'a binding to more',
    'CREATE rolebindings',
    binding('more'),
    jane,
    `rolebindings.${group} "new" is forbidden: ${grabbing}{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}`,
  ],
  ['a binding to more, with the verb bind', 'CREATE rolebindings', binding('more'), user('binder'), undefined],
  [
    'a binding to another role than the verb bind is for',
    'CREATE rolebindings',
    binding('held'),
    user('binder'),
    `rolebindings.${group} "new" is forbidden: user "binder" (groups=[]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}\n{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}`,
  ],
  ['a binding to nothing', 'CREATE rolebindings', binding('gone'), jane, `clusterrole.${group} "gone" not found`],
  ['a binding to nothing here', 'CREATE rolebindings', binding('gone', 'Role'), jane, `role.${group} "gone" not found`],
  ['an aggregated role', 'CREATE clusterroles', aggregating, user('admin'), undefined],
  [
    'an aggregated role, without holding everything',
    'CREATE clusterroles',
    aggregating,
    jane,
    `clusterroles.${group} "new" is forbidden: must have cluster-admin privileges to use an aggregationRule`,
  ],
];

for (const [name, what, object, who, expected] of cases) {
  test(`granting ${name}`, async () => {
    const refusal = await refusalOf(gates().plugin, writeRequest(`${what}.${group}`, { object, user: who }));
    assert.equal(refusal?.message, expected);
    if (refusal !== undefined) assert.equal(refusal.code, expected!.endsWith('not found') ? 404 : 403);
  });
}

test('the garbage collector may release what it could not grant', async () => {
  const previous: ApiObject = {
    ...binding('more'),
    metadata: { name: 'new', namespace: 'shop', resourceVersion: '3', finalizers: ['x'] },
  };
  const released: ApiObject = {
    ...binding('more'),
    metadata: { name: 'new', namespace: 'shop', resourceVersion: '3' },
  };
  const update = (object: ApiObject) => writeRequest(`UPDATE rolebindings.${group}`, { object, previous, user: jane });
  assert.equal(await refusalOf(gates().plugin, update(released)), undefined);
  const changed = { ...released, subjects: [{ kind: 'User', name: 'jane' }] };
  assert.equal((await refusalOf(gates().plugin, update(changed)))?.code, 403);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject } from '@keelson/model';
import { MemoryReader } from '../admission/memory-reader.ts';
import type { UserInfo } from '../authentication/contract.ts';
import { bootstrapPolicy } from './bootstrap/index.ts';
import { effectiveRules } from './cluster-role-aggregation.ts';
import type { Attributes } from './contract.ts';
import { RbacAuthorizer } from './rbac-authorizer.ts';
import { RbacIndex } from './rbac-index.ts';

const group = 'rbac.authorization.k8s.io';
const resourceOf: Readonly<Record<string, string>> = {
  Role: 'roles',
  ClusterRole: 'clusterroles',
  RoleBinding: 'rolebindings',
  ClusterRoleBinding: 'clusterrolebindings',
};

function put(reader: MemoryReader, ...objects: readonly ApiObject[]): void {
  for (const object of objects) reader.put(group, resourceOf[object.kind!]!, object);
}

function setUp(...objects: readonly ApiObject[]) {
  const reader = new MemoryReader();
  put(reader, ...objects);
  const index = new RbacIndex(reader);
  return { reader, index, authorizer: new RbacAuthorizer(index) };
}

/** `get pods`, `get core/pods/log in shop`, `get apps/deployments/scale in shop named web`, `get /metrics`. */
function ask(user: UserInfo, text: string): Attributes {
  const match = /^(\S+) (\S+)(?: in (\S+))?(?: named (\S+))?$/.exec(text)!;
  const [, verb = '', what = '', namespace = '', name = ''] = match;
  const empty = { apiVersion: 'v1', apiGroup: '', resource: '', subresource: '', path: '' };
  if (what.startsWith('/')) {
    return { ...empty, user, verb, resourceRequest: false, namespace: '', name: '', path: what };
  }
  const [first = '', resource = '', subresource = ''] = what.includes('/') ? what.split('/') : ['core', what];
  const apiGroup = first === 'core' ? '' : first;
  return { ...empty, user, verb, resourceRequest: true, apiGroup, resource, subresource, namespace, name };
}

const role = (name: string, rules: unknown[], namespace?: string): ApiObject => ({
  kind: namespace === undefined ? 'ClusterRole' : 'Role',
  metadata: { name, ...(namespace !== undefined ? { namespace } : {}) },
  rules,
});

function bind(
  name: string,
  roleName: string,
  subjects: unknown[],
  namespace?: string,
  kind = 'ClusterRole',
): ApiObject {
  return {
    kind: namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding',
    metadata: { name, ...(namespace !== undefined ? { namespace } : {}) },
    roleRef: { apiGroup: group, kind, name: roleName },
    subjects,
  };
}

const jane: UserInfo = { name: 'jane', groups: ['devs', 'system:authenticated'] };

const rules: readonly [unknown, string, boolean][] = [
  [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }, 'get pods in a', true],
  [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }, 'list pods in a', false],
  [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }, 'get core/pods/log in a', false],
  [{ verbs: ['get'], apiGroups: [''], resources: ['pods/log'] }, 'get core/pods/log in a', true],
  [{ verbs: ['*'], apiGroups: ['apps'], resources: ['deployments/scale'] }, 'update apps/deployments/scale in a', true],
  [{ verbs: ['*'], apiGroups: ['apps'], resources: ['*/scale'] }, 'update apps/deployments/scale in a', true],
  [{ verbs: ['*'], apiGroups: ['apps'], resources: ['*/scale'] }, 'update apps/deployments in a', false],
  [{ verbs: ['*'], apiGroups: ['apps'], resources: ['*/scale'] }, 'update apps/deployments/status in a', false],
  [{ verbs: ['*'], apiGroups: ['apps'], resources: ['deployments/*'] }, 'get apps/deployments/scale in a', false],
  [{ verbs: ['*'], apiGroups: ['apps'], resources: ['deployments'] }, 'get apps/deployments/scale in a', false],
  [{ verbs: ['get'], apiGroups: ['*'], resources: ['*'] }, 'get apps/deployments/scale', true],
  [{ verbs: ['get'], apiGroups: ['apps'], resources: ['*'] }, 'get pods', false],
  [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['x'] }, 'get pods in a named x', true],
  [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['x'] }, 'get pods in a named y', false],
  [{ verbs: ['list'], apiGroups: [''], resources: ['pods'], resourceNames: ['x'] }, 'list pods in a', false],
  [{ verbs: ['get'], nonResourceURLs: ['/metrics'] }, 'get /metrics', true],
  [{ verbs: ['get'], nonResourceURLs: ['/api/*'] }, 'get /api/v1', true],
  [{ verbs: ['get'], nonResourceURLs: ['/api/*'] }, 'get /apis', false],
  [{ verbs: ['get'], nonResourceURLs: ['*'] }, 'get /anything', true],
  [{ verbs: ['get'], nonResourceURLs: ['*'] }, 'get pods', false],
];

for (const [rule, asked, expected] of rules) {
  test(`a rule ${JSON.stringify(rule)} ${expected ? 'allows' : 'does not allow'} ${asked}`, async () => {
    const { authorizer } = setUp(role('r', [rule]), bind('b', 'r', [{ kind: 'User', name: 'jane' }]));
    assert.equal((await authorizer.authorize(ask(jane, asked))).decision, expected ? 'allow' : 'noOpinion');
  });
}

const readPods = [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }];
const account: UserInfo = { name: 'system:serviceaccount:shop:web', groups: ['system:serviceaccounts'] };

const bindings: readonly [string, ApiObject, UserInfo, string, string][] = [
  [
    'a user everywhere',
    bind('all', 'reader', [{ kind: 'User', name: 'jane' }]),
    jane,
    'get pods in any',
    'RBAC: allowed by ClusterRoleBinding "all" of ClusterRole "reader" to User "jane"',
  ],
  [
    'a group in its namespace',
    bind('devs', 'reader', [{ kind: 'Group', name: 'devs' }], 'shop'),
    jane,
    'get pods in shop',
    'RBAC: allowed by RoleBinding "devs/shop" of ClusterRole "reader" to Group "devs"',
  ],
  [
    'but not in another one',
    bind('devs', 'reader', [{ kind: 'Group', name: 'devs' }], 'shop'),
    jane,
    'get pods in a',
    '',
  ],
  ['nor in all', bind('devs', 'reader', [{ kind: 'Group', name: 'devs' }], 'shop'), jane, 'get pods', ''],
  [
    'a service account',
    bind('sa', 'reader', [{ kind: 'ServiceAccount', name: 'web', namespace: 'shop' }]),
    account,
    'get pods in a',
    'RBAC: allowed by ClusterRoleBinding "sa" of ClusterRole "reader" to ServiceAccount "web/shop"',
  ],
  [
    'a service account of the namespace of the binding',
    bind('sa', 'local', [{ kind: 'ServiceAccount', name: 'web' }], 'shop', 'Role'),
    account,
    'get pods in shop',
    'RBAC: allowed by RoleBinding "sa/shop" of Role "local" to ServiceAccount "web/shop"',
  ],
  [
    'a role that is not there',
    bind('lost', 'nothing', [{ kind: 'User', name: 'jane' }]),
    jane,
    'get pods',
    'RBAC: clusterrole.rbac.authorization.k8s.io "nothing" not found',
  ],
  [
    'a role of another namespace',
    bind('lost', 'local', [{ kind: 'User', name: 'jane' }], 'a', 'Role'),
    jane,
    'get pods in a',
    'RBAC: role.rbac.authorization.k8s.io "local" not found',
  ],
  ['a user by a group name', bind('x', 'reader', [{ kind: 'User', name: 'devs' }]), jane, 'get pods', ''],
];

for (const [name, binding, user, asked, reason] of bindings) {
  test(`a binding for ${name}`, async () => {
    const { authorizer } = setUp(role('reader', readPods), role('local', readPods, 'shop'), binding);
    const decision = reason.startsWith('RBAC: allowed') ? 'allow' : 'noOpinion';
    assert.deepEqual(await authorizer.authorize(ask(user, asked)), { decision, reason });
  });
}

test('a decision follows every change at once', async () => {
  const { reader, index, authorizer } = setUp(bind('b', 'r', [{ kind: 'User', name: 'jane' }]));
  const may = async () => (await authorizer.authorize(ask(jane, 'get pods'))).decision === 'allow';
  assert.equal(await may(), false);
  put(reader, role('r', readPods));
  assert.equal(await may(), true);
  put(reader, bind('b', 'r', [{ kind: 'User', name: 'joe' }]));
  assert.equal(await may(), false);
  put(reader, bind('b', 'r', [{ kind: 'Group', name: 'devs' }]));
  assert.equal(await may(), true);
  put(reader, role('r', []));
  assert.equal(await may(), false);
  put(reader, role('r', readPods));
  reader.remove(group, 'clusterrolebindings', '', 'b');
  assert.equal(await may(), false);
  index.close();
  put(reader, bind('b', 'r', [{ kind: 'User', name: 'jane' }]));
  assert.equal(await may(), false);
});

test('an aggregated role has the rules of what it selects, through others and in spite of circles', async () => {
  const rule = (resource: string) => ({ verbs: ['get'], apiGroups: [''], resources: [resource] });
  const gathered = (name: string, from: string, into?: string): ApiObject => ({
    kind: 'ClusterRole',
    metadata: { name, ...(into !== undefined ? { labels: { [into]: 'true' } } : {}) },
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [from]: 'true' } }] },
    rules: [rule('stale')],
  });
  const labelled = (name: string, label: string, resource: string) => ({
    ...role(name, [rule(resource)]),
    metadata: { name, labels: { [label]: 'true' } },
  });
  const objects = [
    gathered('top', 'to-top', 'to-middle'),
    gathered('middle', 'to-middle', 'to-top'),
    labelled('b', 'to-middle', 'pods'),
    labelled('a', 'to-top', 'secrets'),
    labelled('c', 'to-top', 'secrets'),
  ];
  const all = new Map(objects.map((object) => [object.metadata!.name!, object]));
  assert.deepEqual(effectiveRules(all.get('top')!, all), [rule('secrets'), rule('pods')]);
  const { reader, authorizer } = setUp(...objects, bind('x', 'top', [{ kind: 'User', name: 'jane' }]));
  const may = async (asked: string) => (await authorizer.authorize(ask(jane, asked))).decision === 'allow';
  assert.deepEqual(await Promise.all(['get pods', 'get secrets', 'get stale', 'get nodes'].map(may)), [
    true,
    true,
    false,
    false,
  ]);
  put(reader, labelled('d', 'to-middle', 'nodes'));
  assert.equal(await may('get nodes'), true);
});

test('the rules of a user are listed as SelfSubjectRulesReview shows them', async () => {
  const { authorizer } = setUp(
    role('r', [...readPods, { verbs: ['get'], nonResourceURLs: ['/api'] }]),
    bind('b', 'r', [{ kind: 'User', name: 'jane' }]),
    bind('c', 'gone', [{ kind: 'User', name: 'jane' }], 'shop'),
  );
  assert.deepEqual(await authorizer.rulesFor(jane, 'shop'), {
    resourceRules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/api'] }],
    incomplete: false,
    evaluationError: 'clusterrole.rbac.authorization.k8s.io "gone" not found',
  });
});

test('a decision among two thousand bindings looks at those of the user alone', async () => {
  const { authorizer, index } = setUp(
    ...bootstrapPolicy(36),
    ...Array.from({ length: 2000 }, (_, number) =>
      bind(`b${number}`, 'edit', [{ kind: 'User', name: `user-${number}` }], `ns-${number % 50}`),
    ),
  );
  let looked = 0;
  const user = { name: 'user-7', groups: ['system:authenticated'] };
  index.visitRules(user, 'ns-7', () => {
    looked++;
    return true;
  });
  assert.equal(looked, 4);
  assert.equal((await authorizer.authorize(ask(user, 'create apps/deployments in ns-7'))).decision, 'allow');
});

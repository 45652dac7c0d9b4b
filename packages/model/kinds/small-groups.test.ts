import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject } from '../object.ts';
import type { Strategy } from '../strategy.ts';
import { tableOf } from '../table/table.ts';
import { tokenRequest } from './authentication/token-request/index.ts';
import { localSubjectAccessReview } from './authorization/local-subject-access-review/index.ts';
import { subjectAccessReview } from './authorization/subject-access-review/index.ts';
import { lease } from './coordination/lease/index.ts';
import { event } from './core/event/index.ts';
import { eventsEvent } from './events/event/index.ts';
import { allStrategies } from './index.ts';
import { podDisruptionBudget } from './policy/pod-disruption-budget/index.ts';
import { clusterRole } from './rbac/cluster-role/index.ts';
import { clusterRoleBinding } from './rbac/cluster-role-binding/index.ts';
import { role } from './rbac/role/index.ts';
import { roleBinding } from './rbac/role-binding/index.ts';
import { priorityClass } from './scheduling/priority-class/index.ts';
import { changeRefusals, created, refusals } from './testing/refusals.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const cells = (strategy: Strategy, object: ApiObject) => tableOf({ strategy }, [object], { now }).rows[0]!.cells;

test('no kind is listed twice', () => {
  const names = allStrategies.map((strategy) => `${strategy.apiVersion} ${strategy.kind}`);
  assert.equal(new Set(names).size, names.length);
});

test('no kind breaks on an object that has nothing but a name', () => {
  for (const strategy of allStrategies) {
    const bare = { apiVersion: strategy.apiVersion, kind: strategy.kind, metadata: { name: 'a', namespace: 'b' } };
    const object = created(strategy, bare);
    const again = structuredClone(object);
    strategy.defaults?.(again);
    strategy.prepareForUpdate?.(again, object);
    strategy.validate?.(object);
    strategy.validateUpdate?.(again, object);
    strategy.validateStatusUpdate?.(again, object);
    strategy.warnings?.(object);
    for (const read of Object.values(strategy.selectableFields ?? {})) assert.equal(typeof read(object), 'string');
    assert.equal(cells(strategy, object).length > 0, true, strategy.kind);
  }
});

test('roles', () => {
  const rules = [
    { verbs: [] },
    { verbs: ['get'], nonResourceURLs: ['/healthz'], resources: ['pods'] },
    { verbs: ['get'], apiGroups: [''], resources: ['pods'] },
  ];
  const shared = [
    'rules[0].verbs: Required value: verbs must contain at least one value',
    'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
    'rules[0].resources: Required value: resource rules must supply at least one resource',
  ];
  const both = 'Invalid value: ["/healthz"]: rules cannot apply to both regular resources and non-resource URLs';
  assert.deepEqual(refusals(clusterRole, { rules }), [...shared, `rules[1].nonResourceURLs: ${both}`]);
  assert.deepEqual(refusals(role, { rules }), [
    ...shared,
    'rules[1].nonResourceURLs: Invalid value: ["/healthz"]: namespaced rules cannot apply to non-resource URLs',
    `rules[1].nonResourceURLs: ${both}`,
  ]);
  assert.deepEqual(refusals(clusterRole, { aggregationRule: {} }), [
    'aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil',
  ]);
  assert.deepEqual(cells(role, { metadata: { name: 'a', creationTimestamp: '2026-01-01T00:00:00Z' } }), [
    'a',
    '2026-01-01T00:00:00Z',
  ]);
});

test('role bindings', () => {
  const bound = { roleRef: { kind: 'Role', name: 'r' }, subjects: [{ kind: 'User', name: 'u' }] };
  assert.deepEqual(refusals(roleBinding, bound), []);
  assert.deepEqual(refusals(clusterRoleBinding, bound), [
    'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
  ]);
  const odd = {
    roleRef: { kind: 'ClusterRole', name: '' },
    subjects: [{ kind: 'ServiceAccount' }, { kind: 'Robot', name: 'x' }],
  };
  assert.deepEqual(refusals(clusterRoleBinding, odd), [
    'roleRef.name: Required value',
    'subjects[0].name: Required value',
    'subjects[0].namespace: Required value',
    'subjects[1].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"',
  ]);
  const change = (next: any) => {
    next.roleRef.name = 'other';
  };
  assert.deepEqual(changeRefusals(roleBinding, bound, change), [
    'roleRef: Invalid value: {"kind":"Role","name":"other","apiGroup":"rbac.authorization.k8s.io"}: cannot change roleRef',
  ]);
  const subjects = [...bound.subjects, { kind: 'ServiceAccount', namespace: 'n', name: 's' }];
  assert.deepEqual(cells(roleBinding, { metadata: { name: 'b' }, ...bound, subjects }), [
    'b',
    'Role/r',
    '<unknown>',
    'u',
    '',
    'n/s',
  ]);
});

test('leases', () => {
  const spec = { leaseDurationSeconds: 0, leaseTransitions: -1, preferredHolder: 'x' };
  assert.deepEqual(refusals(lease, { spec }), [
    'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
    'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
    'spec.preferredHolder: Forbidden: may only be specified if `strategy` is defined',
  ]);
  assert.deepEqual(refusals(lease, { spec: { strategy: 'Mine' } }), [
    'spec.strategy.strategy: Unsupported value: "Mine": supported values: "OldestEmulationVersion"',
  ]);
});

test('priority classes', () => {
  const system = (name: string, value: number) => refusals(priorityClass, { metadata: { name }, value });
  const reserved =
    "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: ";
  assert.deepEqual(system('system-mine', 1), [`${reserved}system-mine is not a known system priority class`]);
  assert.deepEqual(system('system-node-critical', 1), [
    `${reserved}value of system-node-critical PriorityClass must be 2000001000`,
  ]);
  assert.deepEqual(system('system-node-critical', 2_000_001_000), []);
  assert.deepEqual(system('mine', 1_000_000_001), [
    'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
  ]);
  const change = (next: any) => {
    next.value = 2;
  };
  assert.deepEqual(changeRefusals(priorityClass, { value: 1 }, change), [
    'value: Forbidden: may not be changed in an update.',
  ]);
});

test('disruption budgets', () => {
  assert.deepEqual(refusals(podDisruptionBudget, { spec: { minAvailable: 1, maxUnavailable: '200%' } }), [
    'spec: Invalid value: {"minAvailable":1,"maxUnavailable":"200%"}: minAvailable and maxUnavailable cannot be both set',
    'spec.maxUnavailable: Invalid value: "200%": must not be greater than 100%',
  ]);
  assert.deepEqual(cells(podDisruptionBudget, { metadata: { name: 'p' }, spec: { minAvailable: 0 } }), [
    'p',
    '0',
    'N/A',
    0,
    '<unknown>',
  ]);
});

test('access reviews ask about somebody and something', () => {
  assert.deepEqual(refusals(subjectAccessReview, { spec: {} }), [
    'spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
    'spec.user: Invalid value: "": at least one of user or group must be specified',
  ]);
  const local = { metadata: { namespace: 'a' }, spec: { user: 'u', resourceAttributes: { namespace: 'b' } } };
  assert.deepEqual(refusals(localSubjectAccessReview, local), [
    'spec.resourceAttributes.namespace: Invalid value: "b": must match metadata.namespace',
  ]);
  assert.deepEqual(refusals(subjectAccessReview, local), ['metadata: Invalid value: {"namespace":"a"}: must be empty']);
});

test('token requests last an hour unless they say otherwise, and ten minutes at least', () => {
  assert.equal(created(tokenRequest, {})['spec'].expirationSeconds, 3600);
  assert.deepEqual(refusals(tokenRequest, { spec: { expirationSeconds: 599 } }), [
    'spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
  ]);
});

const observed = {
  metadata: { name: 'e', namespace: 'shop' },
  regarding: { kind: 'Pod', name: 'web', namespace: 'shop', fieldPath: 'spec.containers{app}' },
  note: 'Pulled it ',
  reason: 'Pulled',
  type: 'Normal',
  action: 'Pulling',
  eventTime: '2026-01-01T00:58:00.000000Z',
  reportingController: 'kubelet',
  reportingInstance: 'n1',
};

test('the two forms of an event are one stored object', () => {
  const form = eventsEvent.storedAs!;
  const given = { apiVersion: 'events.k8s.io/v1', kind: 'Event', ...observed };
  const stored = form.toStored(given);
  assert.equal(stored.apiVersion, 'v1');
  assert.equal(stored['message'], 'Pulled it ');
  assert.equal(stored['reportingComponent'], 'kubelet');
  assert.deepEqual(form.fromStored(stored), given);
  const expected = [
    '2m',
    'Normal',
    'Pulled',
    'pod/web',
    'spec.containers{app}',
    'kubelet, n1',
    'Pulled it',
    '2m',
    1,
    'e',
  ];
  assert.deepEqual(cells(event, stored), expected);
  assert.deepEqual(cells(eventsEvent, given), expected);
});

test('events', () => {
  assert.deepEqual(refusals(eventsEvent, observed), []);
  const { eventTime: _, type: __, ...incomplete } = observed;
  assert.deepEqual(refusals(eventsEvent, { ...incomplete, deprecatedCount: 2 }), [
    'eventTime: Required value',
    'type: Invalid value: "": has invalid value: ',
    'count: Invalid value: "": needs to be unset',
  ]);
  const change = (next: any) => {
    next.note = 'other';
    next.series = { count: 1 };
  };
  assert.deepEqual(changeRefusals(eventsEvent, observed, change), [
    'series.count: Invalid value: "": should be at least 2',
    'series.lastObservedTime: Required value',
    'message: Invalid value: "other": field is immutable',
  ]);
  const elsewhere = { metadata: { name: 'e', namespace: 'shop' }, involvedObject: { namespace: 'b' } };
  assert.deepEqual(refusals(event, elsewhere), [
    'involvedObject.namespace: Invalid value: "b": does not match event.namespace',
  ]);
  const counted = { involvedObject: { kind: 'Node', name: 'n' }, count: 7, lastTimestamp: '2026-01-01T00:59:30Z' };
  const row = cells(event, {
    ...counted,
    firstTimestamp: '2026-01-01T00:00:00Z',
    source: { component: 'k', host: 'h' },
  });
  assert.deepEqual([row[0], row[5], row[7], row[8]], ['30s', 'k, h', '60m', 7]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeRefusals, created, refusals, statusRefusals } from '../../testing/refusals.ts';
import { limitRange } from '../limit-range/index.ts';
import { resourceQuota } from './index.ts';

const quota = (spec: object) => ({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' }, spec });
const range = (...limits: object[]) => ({
  apiVersion: 'v1',
  kind: 'LimitRange',
  metadata: { name: 'l' },
  spec: { limits },
});

const quotas: [string, object, string[]][] = [
  [
    'every form of a name',
    {
      hard: {
        cpu: '1',
        'limits.memory': '1Gi',
        'requests.nvidia.com/gpu': '4',
        'count/deployments.apps': '3',
        'gold.storageclass.storage.k8s.io/requests.storage': '10Gi',
        'services.loadbalancers': '1',
        'requests.hugepages-2Mi': '4Mi',
      },
    },
    [],
  ],
  [
    'an unknown name',
    { hard: { apples: '1' } },
    [
      'spec.hard[apples]: Invalid value: "apples": must be a standard resource type or fully qualified',
      'spec.hard[apples]: Invalid value: "apples": must be a standard resource for quota',
    ],
  ],
  [
    'storage',
    { hard: { storage: '1' } },
    ['spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota'],
  ],
  ['half a pod', { hard: { pods: '500m' } }, ['spec.hard[pods]: Invalid value: "500m": must be an integer']],
  [
    'less than none',
    { hard: { cpu: '-1' } },
    ['spec.hard[cpu]: Invalid value: "-1": must be greater than or equal to 0'],
  ],
  [
    'a scope that does not count it',
    { hard: { cpu: '1' }, scopes: ['BestEffort'] },
    ['spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource'],
  ],
  [
    'scopes that exclude each other',
    { hard: { pods: '1' }, scopes: ['Terminating', 'NotTerminating'] },
    ['spec.scopes: Invalid value: ["Terminating","NotTerminating"]: conflicting scopes'],
  ],
  ['an unknown scope', { scopes: ['Nice'] }, ['spec.scopes: Invalid value: ["Nice"]: unsupported scope']],
  [
    'a selector without values',
    { hard: { pods: '1' }, scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In' }] } },
    [
      "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
    ],
  ],
  [
    'a selector that compares what only is or is not',
    { scopeSelector: { matchExpressions: [{ scopeName: 'BestEffort', operator: 'In', values: ['a'] }] } },
    [
      'spec.scopeSelector.matchExpressions.operator: Invalid value: "In": must be \'Exist\' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity',
    ],
  ],
];

for (const [title, spec, expected] of quotas)
  test(`quota: ${title}`, () => assert.deepEqual(refusals(resourceQuota, quota(spec)), expected));

test('a quota keeps its scopes, and its status is its own sub-resource', () => {
  const present = quota({ hard: { pods: '1' }, scopes: ['BestEffort'] });
  assert.deepEqual(
    changeRefusals(resourceQuota, present, (object) => {
      object.spec.scopes = [];
      object.status = { hard: { pods: '9' } };
    }),
    ['spec.scopes: Invalid value: []: field is immutable'],
  );
  assert.deepEqual(
    statusRefusals(resourceQuota, present, (object) => {
      object.status = { used: { pods: '-1' } };
    }),
    ['status.used[pods]: Invalid value: "-1": must be greater than or equal to 0'],
  );
});

test('a quota is shown as what is used of what is allowed', () => {
  const hard = { 'limits.cpu': '2', cpu: '1', pods: '10' };
  const object = { ...quota({ hard }), status: { hard, used: { cpu: '500m', pods: '3' } } };
  const cells = resourceQuota.columns!.slice(0, 2).map((column) => column.cell(object, 0));
  assert.deepEqual(cells, ['cpu: 500m/1, pods: 3/10', 'limits.cpu: 0/2']);
});

const ranges: [string, object, string[]][] = [
  ['nothing wrong', { type: 'Container', max: { cpu: '2' }, min: { cpu: '100m' } }, []],
  [
    'an unknown type',
    { type: 'Node' },
    ['spec.limits[0].type: Invalid value: "Node": must be a standard limit type or fully qualified'],
  ],
  [
    'more at least than at most',
    { type: 'Pod', max: { cpu: '1' }, min: { cpu: '2' } },
    ['spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1'],
  ],
  [
    'defaults of a pod',
    { type: 'Pod', default: { cpu: '1' } },
    ["spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'"],
  ],
  [
    'a claim without bounds',
    { type: 'PersistentVolumeClaim' },
    [
      'spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided',
    ],
  ],
  [
    'a ratio below one',
    { type: 'Container', maxLimitRequestRatio: { cpu: '500m' } },
    ['spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1'],
  ],
  [
    'a ratio that bounds exclude',
    { type: 'Container', min: { cpu: '1' }, max: { cpu: '2' }, maxLimitRequestRatio: { cpu: '3' } },
    ['spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000'],
  ],
  [
    'storage of a container',
    { type: 'Container', max: { storage: '1' } },
    [
      'spec.limits[0].max[storage]: Invalid value: "storage": must be a standard resource for containers',
      'spec.limits[0].default[storage]: Invalid value: "storage": must be a standard resource for containers',
      'spec.limits[0].defaultRequest[storage]: Invalid value: "storage": must be a standard resource for containers',
    ],
  ],
  [
    'defaults out of order',
    { type: 'Container', default: { cpu: '1' }, defaultRequest: { cpu: '2' } },
    [
      'spec.limits[0].defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than default limit value 1',
    ],
  ],
];

for (const [title, limit, expected] of ranges)
  test(`limit range: ${title}`, () => assert.deepEqual(refusals(limitRange, range(limit)), expected));

test('what a limit range leaves out follows from what it says', () => {
  const object = created(limitRange, range({ type: 'Container', max: { cpu: '2000m' }, min: { memory: '64Mi' } }));
  assert.deepEqual(object['spec'].limits[0], {
    type: 'Container',
    max: { cpu: '2' },
    min: { memory: '64Mi' },
    default: { cpu: '2' },
    defaultRequest: { cpu: '2', memory: '64Mi' },
  });
  const twice = range({ type: 'Container' }, { type: 'Container' });
  assert.deepEqual(refusals(limitRange, twice), ['spec.limits[1].type: Duplicate value: "Container"']);
});

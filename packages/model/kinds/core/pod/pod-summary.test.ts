import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tableOf } from '../../../table/table.ts';
import { pod } from './index.ts';
import { podSummary } from './pod-summary.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const two = { containers: [{ name: 'a' }, { name: 'b' }] };
const runs = (name: string, more: object = {}) => ({
  name,
  ready: true,
  restartCount: 0,
  state: { running: {} },
  ...more,
});
const waits = (reason: string) => ({ name: 'a', ready: false, restartCount: 0, state: { waiting: { reason } } });
const ended = (terminated: object, name = 'a') => ({ name, ready: false, restartCount: 0, state: { terminated } });

const cases: [string, object, [string, string, string]][] = [
  ['pending', { spec: two, status: { phase: 'Pending' } }, ['0/2', 'Pending', '0']],
  [
    'running',
    { spec: two, status: { phase: 'Running', containerStatuses: [runs('a'), runs('b')] } },
    ['2/2', 'Running', '0'],
  ],
  [
    'crashing',
    {
      spec: { containers: [{ name: 'a' }] },
      status: {
        phase: 'Running',
        containerStatuses: [
          {
            ...waits('CrashLoopBackOff'),
            restartCount: 4,
            lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:55:00Z' } },
          },
        ],
      },
    },
    ['0/1', 'CrashLoopBackOff', '4 (5m ago)'],
  ],
  [
    'initialising',
    {
      spec: { initContainers: [{ name: 'i' }, { name: 'j' }], ...two },
      status: {
        phase: 'Pending',
        initContainerStatuses: [
          ended({ exitCode: 0, reason: 'Completed' }, 'i'),
          { name: 'j', state: { running: {} } },
        ],
        containerStatuses: [waits('PodInitializing')],
      },
    },
    ['0/2', 'Init:1/2', '0'],
  ],
  [
    'failed to initialise',
    {
      spec: { initContainers: [{ name: 'i' }], ...two },
      status: { phase: 'Pending', initContainerStatuses: [{ ...ended({ exitCode: 3 }, 'i'), restartCount: 2 }] },
    },
    ['0/2', 'Init:ExitCode:3', '2'],
  ],
  [
    'waiting for an image of an init container',
    {
      spec: { initContainers: [{ name: 'i' }], ...two },
      status: { phase: 'Pending', initContainerStatuses: [{ ...waits('ImagePullBackOff'), name: 'i' }] },
    },
    ['0/2', 'Init:ImagePullBackOff', '0'],
  ],
  [
    'with a sidecar',
    {
      spec: { initContainers: [{ name: 's', restartPolicy: 'Always' }], containers: [{ name: 'a' }] },
      status: {
        phase: 'Running',
        initContainerStatuses: [runs('s', { started: true, restartCount: 1 })],
        containerStatuses: [runs('a')],
      },
    },
    ['2/2', 'Running', '1'],
  ],
  [
    'completed',
    {
      spec: { containers: [{ name: 'a' }] },
      status: { phase: 'Succeeded', containerStatuses: [ended({ exitCode: 0, reason: 'Completed' })] },
    },
    ['0/1', 'Completed', '0'],
  ],
  [
    'one completed, one running',
    {
      spec: two,
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'False' }],
        containerStatuses: [ended({ exitCode: 0, reason: 'Completed' }), runs('b')],
      },
    },
    ['1/2', 'NotReady', '0'],
  ],
  [
    'failed',
    {
      spec: { containers: [{ name: 'a' }] },
      status: { phase: 'Failed', containerStatuses: [ended({ exitCode: 1, reason: 'Error' })] },
    },
    ['0/1', 'Error', '0'],
  ],
  [
    'killed by a signal',
    { spec: { containers: [{ name: 'a' }] }, status: { containerStatuses: [ended({ exitCode: 137, signal: 9 })] } },
    ['0/1', 'Signal:9', '0'],
  ],
  ['evicted', { spec: two, status: { phase: 'Failed', reason: 'Evicted' } }, ['0/2', 'Evicted', '0']],
  [
    'gated',
    {
      spec: two,
      status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] },
    },
    ['0/2', 'SchedulingGated', '0'],
  ],
  [
    'being deleted',
    {
      metadata: { deletionTimestamp: '2026-01-01T00:59:00Z' },
      spec: two,
      status: { phase: 'Running', containerStatuses: [runs('a'), runs('b')] },
    },
    ['2/2', 'Terminating', '0'],
  ],
  [
    'on a lost node',
    {
      metadata: { deletionTimestamp: '2026-01-01T00:59:00Z' },
      spec: two,
      status: { phase: 'Running', reason: 'NodeLost' },
    },
    ['0/2', 'Unknown', '0'],
  ],
];
for (const [name, object, [ready, status, restarts]] of cases) {
  test(`what kubectl says of a pod that is ${name}`, () => {
    assert.deepEqual(podSummary(object, now), { ready, status, restarts });
  });
}

test('the table of pods has the columns of kubectl', () => {
  const object = {
    metadata: { name: 'web', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { ...two, nodeName: 'n1', readinessGates: [{ conditionType: 'x' }] },
    status: { phase: 'Succeeded', podIPs: [{ ip: '10.0.0.9' }], conditions: [{ type: 'x', status: 'True' }] },
  };
  const table = tableOf({ strategy: pod }, [object], { now });
  assert.deepEqual(
    table.columnDefinitions.map((column) => `${column.name}${column.priority}`),
    ['Name0', 'Ready0', 'Status0', 'Restarts0', 'Age0', 'IP1', 'Node1', 'Nominated Node1', 'Readiness Gates1'],
  );
  assert.deepEqual(table.rows[0]!.cells, ['web', '0/2', 'Succeeded', '0', '60m', '10.0.0.9', 'n1', '<none>', '1/1']);
  assert.equal(table.rows[0]!.conditions?.[0]?.message, 'The pod has completed successfully.');
  assert.equal(table.rows[0]!.object?.kind, 'PartialObjectMetadata');
});

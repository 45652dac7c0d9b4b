import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject } from '../../object.ts';
import type { Strategy } from '../../strategy.ts';
import { tableOf } from '../../table/table.ts';
import { changeRefusals, created, refusals, statusRefusals } from '../testing/refusals.ts';
import { cronJob } from './cron-job/index.ts';
import { job } from './job/index.ts';

const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'work:1' }] } };
const jobOf = (spec: object = {}): ApiObject => ({
  metadata: { name: 'work', namespace: 'shop', uid: 'u-1' },
  spec: { template, ...spec },
});
const cronJobOf = (spec: object = {}): ApiObject => ({
  metadata: { name: 'nightly', namespace: 'shop', uid: 'u-2' },
  spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template } }, ...spec },
});

test('a job gets a selector of its own, and its pods the labels to match', () => {
  const { metadata, spec, status } = created(job, jobOf()) as Required<ApiObject>;
  assert.deepEqual(spec.selector, { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u-1' } });
  assert.deepEqual(spec.template.metadata.labels, {
    'job-name': 'work',
    'batch.kubernetes.io/job-name': 'work',
    'controller-uid': 'u-1',
    'batch.kubernetes.io/controller-uid': 'u-1',
  });
  const { template: _, selector: __, ...rest } = spec;
  assert.deepEqual(rest, {
    completions: 1,
    parallelism: 1,
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: 'TerminatingOrFailed',
  });
  assert.deepEqual([metadata.labels, status], [undefined, {}]);
});

const rule = (more: object) => ({ podFailurePolicy: { rules: [{ action: 'Ignore', ...more }] } });
const indexed = { completionMode: 'Indexed', completions: 3 };
const jobs: [string, object, string[]][] = [
  ['that is plain', {}, []],
  [
    'without a restart policy',
    { template: { spec: { ...template.spec, restartPolicy: 'Always' } } },
    ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
  ],
  [
    'with fewer than none',
    { backoffLimit: -1 },
    ['spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0'],
  ],
  [
    'with indexes and no completions',
    { completionMode: 'Indexed', parallelism: 2 },
    ['spec.completions: Required value: when completion mode is Indexed'],
  ],
  [
    'with limits for indexes that it has not',
    { backoffLimitPerIndex: 1 },
    ['spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode'],
  ],
  [
    'with more failed indexes than there are',
    { ...indexed, backoffLimitPerIndex: 1, maxFailedIndexes: 4 },
    ['spec.maxFailedIndexes: Invalid value: 4: must be less than or equal to completions'],
  ],
  [
    'with a policy that decides nothing',
    rule({}),
    ['spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required'],
  ],
  [
    'with a policy for codes that are none',
    rule({ onExitCodes: { containerName: 'x', operator: 'In', values: [3, 0, 3] } }),
    [
      'spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: "x": must be one of the container or initContainer names in the pod template',
      'spec.podFailurePolicy.rules[0].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator',
      'spec.podFailurePolicy.rules[0].onExitCodes.values[2]: Duplicate value: 3',
      'spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [3,0,3]: must be ordered',
    ],
  ],
  [
    'that fails indexes without a limit for them',
    rule({ action: 'FailIndex', onPodConditions: [{ type: 'DisruptionTarget' }] }),
    ['spec.podFailurePolicy.rules[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set'],
  ],
  [
    'that replaces pods too early for its policy',
    { ...rule({ onPodConditions: [{ type: 'DisruptionTarget' }] }), podReplacementPolicy: 'TerminatingOrFailed' },
    ['spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"'],
  ],
  [
    'that succeeds by what there is not',
    {
      ...indexed,
      successPolicy: { rules: [{ succeededIndexes: '0-7' }, { succeededIndexes: '0,2', succeededCount: 3 }, {}] },
    },
    [
      'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "0-7": error parsing succeededIndexes: too large index: "7"',
      'spec.successPolicy.rules[1].succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)',
      'spec.successPolicy.rules[2]: Required value: at least one of succeededCount or succeededIndexes must be specified',
    ],
  ],
  [
    'that nobody manages',
    { managedBy: 'me' },
    ['spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")'],
  ],
  [
    'with labels of another',
    {
      template: { ...template, metadata: { labels: { 'batch.kubernetes.io/job-name': 'other', 'job-name': 'work' } } },
    },
    [
      'spec.template.metadata.labels[batch.kubernetes.io/job-name]: Invalid value: {"batch.kubernetes.io/job-name":"other","job-name":"work","controller-uid":"u-1","batch.kubernetes.io/controller-uid":"u-1"}: must be \'work\'',
      'spec.selector: Invalid value',
    ],
  ],
];
for (const [name, spec, expected] of jobs.slice(0, -1)) {
  test(`a job ${name}`, () => assert.deepEqual(refusals(job, jobOf(spec)), expected));
}

test('a job with labels of another', () => {
  const [, spec, expected] = jobs.at(-1)!;
  assert.deepEqual(refusals(job, jobOf(spec)), expected.slice(0, 1));
});

test('of a job only few things change, and more while it is suspended', () => {
  const image = (object: any) => (object.spec.template.spec.containers[0].image = 'work:2');
  const place = (object: any) => (object.spec.template.spec.nodeSelector = { disk: 'ssd' });
  const size = (object: any) => (object.spec.template.spec.containers[0].resources = { requests: { cpu: '1' } });
  const fields = (spec: object, change: (object: any) => void) =>
    changeRefusals(job, jobOf(spec), change).map((line) => line.split(':')[0]);
  assert.deepEqual(fields({}, place), ['spec.template']);
  assert.deepEqual(fields({ suspend: true }, image), ['spec.template']);
  assert.deepEqual(fields({ suspend: true }, place), []);
  assert.deepEqual(fields({ suspend: true }, size), []);
  assert.deepEqual(
    fields({}, (object) => (object.spec.parallelism = 5)),
    [],
  );
  assert.deepEqual(
    fields({}, (object) => (object.spec.completions = 5)),
    ['spec.completions'],
  );
  const grow = (parallelism: number) => (object: any) => Object.assign(object.spec, { completions: 5, parallelism });
  assert.deepEqual(fields(indexed, grow(5)), []);
  assert.deepEqual(fields(indexed, grow(4)), ['spec.completions']);
});

const now = '2026-01-01T00:00:00Z';
const condition = (type: string) => ({ type, status: 'True' });
const reports: [string, object, object, string[]][] = [
  ['a start', {}, { startTime: now, active: 1, ready: 1 }, []],
  [
    'more ready than active',
    {},
    { active: 1, ready: 2 },
    ['status.ready: Invalid value: 2: cannot set more ready pods than active'],
  ],
  [
    'an end out of the blue',
    {},
    { conditions: [condition('Complete')] },
    [
      'status.completionTime: Required value: completionTime is required for Complete jobs',
      'status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
      'status.startTime: Required value: startTime is required for finished job',
    ],
  ],
  [
    'an end',
    {},
    { startTime: now, completionTime: now, conditions: [condition('SuccessCriteriaMet'), condition('Complete')] },
    [],
  ],
  [
    'indexes twice',
    { ...indexed, backoffLimitPerIndex: 1 },
    { completedIndexes: '0-1', failedIndexes: '1,2' },
    ['status.failedIndexes: Invalid value: "1,2": failedIndexes and completedIndexes overlap at index: 1'],
  ],
  [
    'indexes of a job without',
    {},
    { completedIndexes: '0' },
    [
      'status.completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when non-indexed completion mode',
    ],
  ],
];
for (const [name, spec, status, expected] of reports) {
  test(`a report of ${name}`, () => {
    const report = (object: any) => (object.status = status);
    assert.deepEqual(statusRefusals(job, jobOf(spec), report), expected);
  });
}

const cronJobs: [object, string[]][] = [
  [{}, []],
  [{ timeZone: 'Asia/Seoul', concurrencyPolicy: 'Replace' }, []],
  [{ schedule: '' }, ['spec.schedule: Required value']],
  [{ schedule: '0 3 * *' }, ['spec.schedule: Invalid value: "0 3 * *": expected exactly 5 fields, found 4: [0 3 * *]']],
  [
    { schedule: 'TZ=UTC 0 3 * * *' },
    [
      'spec.schedule: Invalid value: "TZ=UTC 0 3 * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
    ],
  ],
  [{ timeZone: 'Mars/Base' }, ['spec.timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base']],
  [{ timeZone: '' }, ['spec.timeZone: Invalid value: "": timeZone must be nil or non-empty string']],
  [
    { timeZone: 'Local' },
    [
      'spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
    ],
  ],
  [
    { concurrencyPolicy: 'Maybe' },
    ['spec.concurrencyPolicy: Unsupported value: "Maybe": supported values: "Allow", "Forbid", "Replace"'],
  ],
  [
    { jobTemplate: { spec: { template, selector: { matchLabels: { a: 'b' } }, manualSelector: true } } },
    [
      'spec.jobTemplate.spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: `selector` will be auto-generated',
      'spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"',
    ],
  ],
];
for (const [spec, expected] of cronJobs) {
  test(`a cron job with ${JSON.stringify(spec)}`, () => assert.deepEqual(refusals(cronJob, cronJobOf(spec)), expected));
}

test('names of cron jobs leave room for what their jobs are called', () => {
  const object = cronJobOf();
  object.metadata!.name = 'x'.repeat(53);
  assert.deepEqual(refusals(cronJob, object), [
    `metadata.name: Invalid value: "${'x'.repeat(53)}": must be no more than 52 characters`,
  ]);
});

test('jobs in a table', () => {
  const at = Date.parse('2026-01-01T00:10:00Z');
  const cells = (strategy: Strategy, object: ApiObject, status: object) => {
    const shown = created(strategy, object);
    shown.metadata!.creationTimestamp = now;
    return tableOf({ strategy }, [{ ...shown, status }], { now: at }).rows[0]!.cells;
  };
  const selector = 'batch.kubernetes.io/controller-uid=u-1';
  const done = {
    startTime: now,
    completionTime: '2026-01-01T00:00:07Z',
    succeeded: 1,
    conditions: [condition('Complete')],
  };
  assert.deepEqual(cells(job, jobOf(), done), ['work', 'Complete', '1/1', '7s', '10m', 'c', 'work:1', selector]);
  assert.deepEqual(cells(job, jobOf({ parallelism: 3 }), { startTime: now }).slice(1, 4), [
    'Running',
    '0/1 of 3',
    '10m',
  ]);
  assert.deepEqual(cells(cronJob, cronJobOf(), { active: [{}], lastScheduleTime: now }), [
    'nightly',
    '0 3 * * *',
    '<none>',
    'False',
    1,
    '10m',
    '10m',
    'c',
    'work:1',
    '<none>',
  ]);
});

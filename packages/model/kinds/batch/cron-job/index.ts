import type { ApiObject } from '../../../object.ts';
import { selectorText } from '../../../selectors/label-selector.ts';
import type { Column, Strategy } from '../../../strategy.ts';
import { ageOf } from '../../../table/human-duration.ts';
import { ageColumn } from '../../../table/table.ts';
import { templateColumns } from '../../apps/workload-columns.ts';
import { podNameWarnings } from '../../apps/workload-warnings.ts';
import type { Fields } from '../../core/pod/fields.ts';
import { podSpecWarnings } from '../../core/pod/warnings.ts';
import { defaultJobTemplate } from '../job-defaults.ts';
import { validate, validateUpdate } from './validation.ts';

function defaults(object: ApiObject): void {
  const spec: Fields = (object['spec'] ??= {});
  if ((spec['concurrencyPolicy'] ?? '') === '') spec['concurrencyPolicy'] = 'Allow';
  spec['suspend'] ??= false;
  spec['successfulJobsHistoryLimit'] ??= 3;
  spec['failedJobsHistoryLimit'] ??= 1;
  if (spec['jobTemplate'] !== undefined) defaultJobTemplate((spec['jobTemplate'].spec ??= {}));
}

function warnings(object: Readonly<ApiObject>, previous?: Readonly<ApiObject>): string[] {
  const spec: Fields = object['spec'] ?? {};
  const template: Fields = spec['jobTemplate']?.spec?.template ?? {};
  const zone =
    'CRON_TZ or TZ used in spec.spec.schedule is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details';
  return [
    ...(previous === undefined ? podNameWarnings(object) : []),
    ...podSpecWarnings(template['spec'] ?? {}, 'spec.jobTemplate.spec.template.spec', template['metadata']),
    ...(String(spec['schedule'] ?? '').includes('TZ') ? [zone] : []),
  ];
}

function suspended(object: Readonly<ApiObject>): string {
  const suspend = object['spec']?.suspend;
  if (suspend === undefined) return '<unset>';
  return suspend ? 'True' : 'False';
}

function lastSchedule(object: Readonly<ApiObject>, now: number): string {
  const time = object['status']?.lastScheduleTime;
  return time === undefined ? '<none>' : ageOf(time, now);
}

/** The column of a workload, looked up in the Job that would be made. */
function ofJob(column: Column): Column {
  return { ...column, cell: (object, now) => column.cell(object['spec']?.jobTemplate ?? {}, now) };
}

const plain = { type: 'string', priority: 0 } as const;

export const cronJob: Strategy = {
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  generation: true,
  defaults,
  prepareForCreate(object) {
    object['status'] = {};
  },
  prepareForUpdate(object, previous) {
    object['status'] = previous['status'];
  },
  prepareForStatusUpdate(object, previous) {
    object['spec'] = previous['spec'];
  },
  validate,
  validateUpdate,
  warnings,
  columns: [
    { name: 'Schedule', ...plain, description: 'When it is due.', cell: (object) => object['spec']?.schedule ?? '' },
    {
      name: 'Timezone',
      ...plain,
      description: 'The zone whose clocks the schedule means.',
      cell: (object) => object['spec']?.timeZone ?? '<none>',
    },
    { name: 'Suspend', ...plain, type: 'boolean', description: 'Whether it makes no Jobs for now.', cell: suspended },
    {
      name: 'Active',
      ...plain,
      type: 'integer',
      description: 'How many of its Jobs run.',
      cell: (object) => (object['status']?.active ?? []).length,
    },
    { name: 'Last Schedule', ...plain, description: 'The time since it last made a Job.', cell: lastSchedule },
    ageColumn,
    ...templateColumns.map(ofJob),
    {
      name: 'Selector',
      type: 'string',
      priority: 1,
      description: 'The labels by which its Jobs find their pods.',
      cell: (object) => selectorText(object['spec']?.jobTemplate?.spec?.selector),
    },
  ],
};

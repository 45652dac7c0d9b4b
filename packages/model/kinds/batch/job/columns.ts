import type { ApiObject } from '../../../object.ts';
import type { Column } from '../../../strategy.ts';
import { humanDuration } from '../../../table/human-duration.ts';
import { ageColumn } from '../../../table/table.ts';
import { selectorColumn, templateColumns } from '../../apps/workload-columns.ts';
import type { Fields } from '../../core/pod/fields.ts';

function state(object: Readonly<ApiObject>): string {
  const conditions: Fields[] = object['status']?.conditions ?? [];
  const has = (type: string) => conditions.some((one) => one['type'] === type && one['status'] === 'True');
  if (has('Complete')) return 'Complete';
  if (has('Failed')) return 'Failed';
  if (object.metadata?.deletionTimestamp !== undefined) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(has) ?? 'Running';
}

function completions(object: Readonly<ApiObject>): string {
  const { completions: wanted, parallelism = 0 } = object['spec'] ?? {};
  const succeeded = object['status']?.succeeded ?? 0;
  if (wanted !== undefined) return `${succeeded}/${wanted}`;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function duration(object: Readonly<ApiObject>, now: number): string {
  const { startTime, completionTime } = object['status'] ?? {};
  if (startTime === undefined) return '';
  return humanDuration((completionTime === undefined ? now : Date.parse(completionTime)) - Date.parse(startTime));
}

const plain = { type: 'string', priority: 0 } as const;

export const columns: readonly Column[] = [
  { name: 'Status', ...plain, description: 'How far it has come.', cell: state },
  { name: 'Completions', ...plain, description: 'How many pods succeeded, of how many.', cell: completions },
  { name: 'Duration', ...plain, description: 'How long it took, or has run by now.', cell: duration },
  ageColumn,
  ...templateColumns,
  selectorColumn,
];

import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { podNameWarnings, templateWarnings } from '../../apps/workload-warnings.ts';
import type { Fields } from '../../core/pod/fields.ts';
import { defaultJobTemplate } from '../job-defaults.ts';
import { columns } from './columns.ts';
import { generateSelector } from './selector.ts';
import { validateStatusUpdate } from './status-validation.ts';
import { validate, validateUpdate } from './validation.ts';

const BACKOFF_LIMIT = 6;
/** With a limit for each index the whole Job has none, unless it says so. */
const NO_LIMIT = 2 ** 31 - 1;
const MANY_COMPLETIONS = 100_000;
const MUCH_PARALLELISM = 10_000;

function defaults(object: ApiObject): void {
  const spec: Fields = (object['spec'] ??= {});
  if (spec['parallelism'] === undefined) {
    spec['completions'] ??= 1;
    spec['parallelism'] = 1;
  }
  spec['backoffLimit'] ??= spec['backoffLimitPerIndex'] === undefined ? BACKOFF_LIMIT : NO_LIMIT;
  const labels = spec['template']?.metadata?.labels;
  if (labels !== undefined && Object.keys(object.metadata?.labels ?? {}).length === 0) {
    object.metadata = { ...object.metadata, labels: { ...labels } };
  }
  spec['completionMode'] ??= 'NonIndexed';
  spec['suspend'] ??= false;
  spec['podReplacementPolicy'] ??= spec['podFailurePolicy'] === undefined ? 'TerminatingOrFailed' : 'Failed';
  defaultJobTemplate(spec);
}

function warnings(object: Readonly<ApiObject>, previous?: Readonly<ApiObject>): string[] {
  const { completionMode, completions, parallelism } = object['spec'] ?? {};
  const large = completions > MANY_COMPLETIONS && parallelism > MUCH_PARALLELISM;
  const text =
    'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail';
  return [
    ...(previous === undefined ? podNameWarnings(object) : []),
    ...templateWarnings(object),
    ...(completionMode === 'Indexed' && large ? [text] : []),
  ];
}

export const job: Strategy = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  generation: true,
  // As it was before there was a garbage collector.
  defaultPropagation: 'Orphan',
  orphanWarning:
    'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
  defaults,
  prepareForCreate(object) {
    generateSelector(object);
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
  validateStatusUpdate,
  warnings,
  selectableFields: { 'status.successful': (object) => String(object['status']?.succeeded ?? 0) },
  columns,
};

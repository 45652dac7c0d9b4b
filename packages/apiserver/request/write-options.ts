import { type FieldError, fieldManagerErrors, forbidden, notSupported } from '@keelson/model';
import { invalid } from './status-error.ts';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

/** The query of a create, update or patch (meta/v1 CreateOptions, UpdateOptions, PatchOptions). */
export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
  readonly fieldManager: string;
  /** What was given, as an object of meta/v1 with apiVersion and kind. */
  readonly given?: Readonly<Record<string, unknown>>;
}

/** Problems of a dryRun list: only `All` is known. */
export function dryRunProblems(values: readonly string[]): FieldError[] {
  return values.filter((value) => value !== 'All').map((value) => notSupported('dryRun', value, ['All']));
}

/** Reads the query; `kind` names the options in the message. @throws StatusError 422 */
export function writeOptions(
  query: URLSearchParams,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
): WriteOptions {
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  const fieldValidation = query.get('fieldValidation') ?? '';
  const fieldManager = query.get('fieldManager') ?? '';
  const problems = [...dryRunProblems(dryRun), ...fieldManagerErrors('fieldManager', fieldManager)];
  if (!['', 'Ignore', 'Warn', 'Strict'].includes(fieldValidation))
    problems.push(notSupported('fieldValidation', fieldValidation, ['Ignore', 'Strict', 'Warn']));
  if (kind === 'PatchOptions' && query.get('force') !== null)
    problems.push(forbidden('force', 'may not be specified for non-apply patch'));
  if (problems.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', problems);
  return {
    dryRun: dryRun.length > 0,
    fieldValidation: fieldValidation === '' ? 'Warn' : (fieldValidation as FieldValidation),
    fieldManager,
    given: {
      kind,
      apiVersion: 'meta.k8s.io/v1',
      ...(dryRun.length > 0 ? { dryRun } : {}),
      ...(fieldManager === '' ? {} : { fieldManager }),
      ...(fieldValidation === '' ? {} : { fieldValidation }),
    },
  };
}

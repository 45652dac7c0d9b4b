import { type FieldError, fieldManagerErrors, forbidden, notSupported, required } from '@keelson/model';
import { invalid } from './status-error.ts';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

/** The query of a create, update or patch (meta/v1 CreateOptions, UpdateOptions, PatchOptions). */
export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
  readonly fieldManager: string;
  /** An apply takes fields from other managers. */
  readonly force: boolean;
  /** What was given, as an object of meta/v1 with apiVersion and kind. */
  readonly given?: Readonly<Record<string, unknown>>;
}

/** Problems of a dryRun list: only `All` is known. */
export function dryRunProblems(values: readonly string[]): FieldError[] {
  return values.filter((value) => value !== 'All').map((value) => notSupported('dryRun', value, ['All']));
}

function isTrue(value: string | null): boolean {
  return value !== null && value.toLowerCase() !== 'false' && value !== '0';
}

/**
 * Reads the query; `kind` names the options in the message.
 * @param apply the patch is an applied configuration @throws StatusError 422
 */
export function writeOptions(
  query: URLSearchParams,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
  apply = false,
): WriteOptions {
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  const fieldValidation = query.get('fieldValidation') ?? '';
  const fieldManager = query.get('fieldManager') ?? '';
  const problems: FieldError[] = [];
  if (apply && fieldManager === '') problems.push(required('fieldManager', 'is required for apply patch'));
  if (kind === 'PatchOptions' && !apply && query.get('force') !== null)
    problems.push(forbidden('force', 'may not be specified for non-apply patch'));
  problems.push(...fieldManagerErrors('fieldManager', fieldManager), ...dryRunProblems(dryRun));
  if (!['', 'Ignore', 'Warn', 'Strict'].includes(fieldValidation))
    problems.push(notSupported('fieldValidation', fieldValidation, ['Ignore', 'Strict', 'Warn']));
  if (problems.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', problems);
  const force = apply && isTrue(query.get('force'));
  return {
    dryRun: dryRun.length > 0,
    fieldValidation: fieldValidation === '' ? 'Warn' : (fieldValidation as FieldValidation),
    fieldManager,
    force,
    given: {
      kind,
      apiVersion: 'meta.k8s.io/v1',
      ...(dryRun.length > 0 ? { dryRun } : {}),
      ...(force ? { force } : {}),
      ...(fieldManager === '' ? {} : { fieldManager }),
      ...(fieldValidation === '' ? {} : { fieldValidation }),
    },
  };
}

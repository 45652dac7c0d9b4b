import { type FieldError, invalid as fieldInvalid, forbidden, notSupported } from '@keelson/model';
import { decodeTyped } from './decode-body.ts';
import { booleanParameter, integerParameter } from './list-options.ts';
import { invalid } from './status-error.ts';
import { dryRunProblems } from './write-options.ts';

/** Who deletes, how, and under which conditions (meta/v1 DeleteOptions). */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun: boolean;
  /** What was given, as an object of meta/v1 with apiVersion and kind. */
  readonly given?: Readonly<Record<string, unknown>>;
}

interface RawOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: string;
  readonly orphanDependents?: boolean;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun?: readonly string[];
}

/** Reads the body, or the query when there is none. @throws StatusError 400, 415 or 422 */
export function deleteOptions(
  body: Uint8Array,
  contentType: string | undefined,
  query: URLSearchParams,
): DeleteOptions {
  const raw =
    body.length > 0 ? decodeTyped('meta/v1.DeleteOptions', 'DeleteOptions', body, contentType) : fromQuery(query);
  return checkDeleteOptions(raw as RawOptions);
}

function fromQuery(query: URLSearchParams): RawOptions {
  const grace = integerParameter(query, 'gracePeriodSeconds');
  const orphan = booleanParameter(query, 'orphanDependents');
  const policy = query.get('propagationPolicy');
  return {
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
    ...(orphan === undefined ? {} : { orphanDependents: orphan }),
    ...(policy === null ? {} : { propagationPolicy: policy }),
    dryRun: query.getAll('dryRun').filter((value) => value !== ''),
  };
}

/** @throws StatusError 422 */
export function checkDeleteOptions(raw: RawOptions): DeleteOptions {
  const problems: FieldError[] = [];
  const { gracePeriodSeconds, propagationPolicy, orphanDependents, preconditions } = raw;
  if (gracePeriodSeconds !== undefined && gracePeriodSeconds < 0)
    problems.push(fieldInvalid('gracePeriodSeconds', gracePeriodSeconds, 'must be greater than or equal to 0'));
  if (propagationPolicy !== undefined && orphanDependents !== undefined)
    problems.push(
      fieldInvalid(
        'propagationPolicy',
        propagationPolicy,
        'orphanDependents and deletionPropagation cannot be both set',
      ),
    );
  if (propagationPolicy !== undefined && !['Background', 'Foreground', 'Orphan'].includes(propagationPolicy))
    problems.push(notSupported('propagationPolicy', propagationPolicy, ['Background', 'Foreground', 'Orphan']));
  problems.push(...dryRunProblems(raw.dryRun ?? []));
  if (preconditions?.resourceVersion !== undefined && preconditions.resourceVersion === '')
    problems.push(forbidden('preconditions.resourceVersion', 'may not be empty'));
  if (problems.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', problems);
  const policy =
    propagationPolicy ?? (orphanDependents === undefined ? undefined : orphanDependents ? 'Orphan' : 'Background');
  return {
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(policy === undefined ? {} : { propagationPolicy: policy as 'Background' | 'Foreground' | 'Orphan' }),
    ...(preconditions === undefined ? {} : { preconditions }),
    dryRun: (raw.dryRun ?? []).length > 0,
    given: { ...raw, kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1' },
  };
}

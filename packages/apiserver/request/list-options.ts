import {
  type FieldError,
  forbidden as fieldForbidden,
  invalid as fieldInvalid,
  fieldMatcher,
  type LabelSelector,
  notSupported,
  parseFieldSelector,
  parseLabelSelector,
  type Resource,
  SelectorError,
} from '@keelson/model';
import type { Selection } from '../storage/cached-object.ts';
import { isTrue } from './request-info.ts';
import { badRequest, invalid } from './status-error.ts';

/** The query of a list or watch (meta/v1 ListOptions). */
export interface ListOptions {
  readonly selection: Selection;
  /** `''`, `'0'` or a revision. */
  readonly resourceVersion: string;
  readonly match: '' | 'Exact' | 'NotOlderThan';
  readonly limit: number;
  readonly continueToken: string;
  readonly bookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
  /** Seconds; undefined when the client leaves it to the server. */
  readonly timeoutSeconds: number | undefined;
}

/** Reads a query parameter that is a whole number. @throws StatusError 400 */
export function integerParameter(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const value = Number(text);
  if (!/^[-+]?\d+$/.test(text) || !Number.isSafeInteger(value))
    throw badRequest(`unable to decode "${name}": strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return value;
}

/** Reads a query parameter that is true or false; undefined when it is not there. */
export function booleanParameter(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name);
  return text === null ? undefined : isTrue(text);
}

function labelsOf(text: string | null): LabelSelector | undefined {
  if (text === null || text === '') return undefined;
  try {
    const selector = parseLabelSelector(text);
    return selector.empty ? undefined : selector;
  } catch (error) {
    if (error instanceof SelectorError) throw badRequest(`unable to parse requirement: ${error.message}`);
    throw error;
  }
}

/** What `query` selects of `resource` in `namespace` (empty: all). @throws StatusError 400 */
export function selectionOf(resource: Resource, namespace: string, query: URLSearchParams): Selection {
  const labels = labelsOf(query.get('labelSelector'));
  const text = query.get('fieldSelector');
  const selection = { ...(namespace === '' ? {} : { namespace }), ...(labels ? { labels } : {}) };
  if (text === null || text === '') return selection;
  try {
    const fields = parseFieldSelector(text);
    fieldMatcher(resource.strategy, fields);
    return fields.length === 0 ? selection : { ...selection, fields };
  } catch (error) {
    if (error instanceof SelectorError) throw badRequest(error.message);
    throw error;
  }
}

/** Reads and checks the whole query. @throws StatusError 400 or 422 */
export function listOptions(
  resource: Resource,
  namespace: string,
  query: URLSearchParams,
  watch: boolean,
): ListOptions {
  const match = query.get('resourceVersionMatch') ?? '';
  const options: ListOptions = {
    selection: selectionOf(resource, namespace, query),
    resourceVersion: query.get('resourceVersion') ?? '',
    match: match as ListOptions['match'],
    limit: integerParameter(query, 'limit') ?? 0,
    continueToken: query.get('continue') ?? '',
    bookmarks: booleanParameter(query, 'allowWatchBookmarks') ?? false,
    sendInitialEvents: booleanParameter(query, 'sendInitialEvents'),
    timeoutSeconds: integerParameter(query, 'timeoutSeconds'),
  };
  const problems = watch ? watchProblems(options) : listProblems(options);
  if (problems.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', problems);
  return options;
}

function listProblems(options: ListOptions): FieldError[] {
  const problems: FieldError[] = [];
  const path = 'resourceVersionMatch';
  const { match, resourceVersion, continueToken, sendInitialEvents } = options;
  if (match !== '') {
    if (resourceVersion === '')
      problems.push(fieldForbidden(path, 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
    if (continueToken !== '')
      problems.push(fieldForbidden(path, 'resourceVersionMatch is forbidden when continue is provided'));
    if (match !== 'Exact' && match !== 'NotOlderThan')
      problems.push(notSupported(path, match, ['Exact', 'NotOlderThan', '']));
    if (match === 'Exact' && resourceVersion === '0')
      problems.push(fieldForbidden(path, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
  }
  if (sendInitialEvents !== undefined)
    problems.push(fieldForbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  return problems;
}

function watchProblems(options: ListOptions): FieldError[] {
  const problems: FieldError[] = [];
  const path = 'resourceVersionMatch';
  const { match, sendInitialEvents, continueToken } = options;
  if (sendInitialEvents !== undefined && match !== 'NotOlderThan')
    problems.push(fieldForbidden(path, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  if (match === '') return problems;
  if (sendInitialEvents === undefined)
    problems.push(
      fieldForbidden(path, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'),
    );
  if (match !== 'NotOlderThan') problems.push(notSupported(path, match, ['NotOlderThan']));
  if (continueToken !== '')
    problems.push(fieldForbidden(path, 'resourceVersionMatch is forbidden when continue is provided'));
  return problems;
}

/** A resourceVersion as a number; 0 for `''` and `'0'`. @throws StatusError 400 */
export function parseRevision(text: string): number {
  if (text === '') return 0;
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  const detail = `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`;
  const { message } = fieldInvalid('resourceVersion', text, detail);
  throw badRequest(`resourceVersion: ${message}`);
}

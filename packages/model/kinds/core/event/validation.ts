/** The rules of events, which core/v1 and events.k8s.io/v1 share; the second form has further ones. */
import { type FieldError, invalid, required } from '../../../field-error.ts';
import { dnsSubdomainProblems, qualifiedNameProblems } from '../../../metadata/names.ts';
import type { ApiObject } from '../../../object.ts';

const LONGEST_NAME = 128;
const LONGEST_NOTE = 1024;

function isSet(time: unknown): boolean {
  return time !== undefined && time !== null && time !== '';
}

function sized(field: string, value: string, limit: number): FieldError[] {
  return Buffer.byteLength(value) > limit ? [invalid(field, '', `can have at most ${limit} characters`)] : [];
}

function needed(field: string, value: string | undefined): FieldError[] {
  return value === undefined || value === '' ? [required(field)] : sized(field, value, LONGEST_NAME);
}

/** What an event that has an eventTime must tell. */
function newFormErrors(object: Readonly<ApiObject>): FieldError[] {
  const controller: string = object['reportingComponent'] ?? '';
  return [
    ...(controller === '' ? [required('reportingController')] : []),
    ...qualifiedNameProblems(controller).map((problem) => invalid('reportingController', controller, problem)),
    ...needed('reportingInstance', object['reportingInstance']),
    ...needed('action', object['action']),
    ...needed('reason', object['reason']),
    ...sized('message', object['message'] ?? '', LONGEST_NOTE),
  ];
}

/** Everything wrong with an event in core/v1's form. */
export function validate(object: Readonly<ApiObject>): FieldError[] {
  const namespace = object.metadata?.namespace ?? '';
  const about: string = object['involvedObject']?.namespace ?? '';
  const mismatch = [invalid('involvedObject.namespace', about, 'does not match event.namespace')];
  const errors: FieldError[] = [];
  if (!isSet(object['eventTime'])) {
    const allowed = about === '' ? namespace === '' || namespace === 'default' : namespace === about;
    if (!allowed) errors.push(...mismatch);
  } else {
    if (about === '' && namespace !== 'default' && namespace !== 'kube-system') errors.push(...mismatch);
    errors.push(...newFormErrors(object));
  }
  return [...errors, ...dnsSubdomainProblems(namespace).map((problem) => invalid('namespace', namespace, problem))];
}

function seriesErrors(object: Readonly<ApiObject>): FieldError[] {
  const series = object['series'];
  if (series === undefined || series === null) return [];
  return [
    ...((series.count ?? 0) < 2 ? [invalid('series.count', '', 'should be at least 2')] : []),
    ...(isSet(series.lastObservedTime) ? [] : [required('series.lastObservedTime')]),
  ];
}

/** What events.k8s.io/v1 asks of a new event on top, given in core/v1's form. */
export function strictErrors(object: Readonly<ApiObject>): FieldError[] {
  const errors = seriesErrors(object);
  if (!isSet(object['eventTime'])) errors.push(required('eventTime'));
  const type: string = object['type'] ?? '';
  if (type !== 'Normal' && type !== 'Warning') errors.push(invalid('type', '', `has invalid value: ${type}`));
  const { component = '', host = '' } = object['source'] ?? {};
  const old: Record<string, boolean> = {
    firstTimestamp: isSet(object['firstTimestamp']),
    lastTimestamp: isSet(object['lastTimestamp']),
    count: (object['count'] ?? 0) !== 0,
    source: component !== '' || host !== '',
  };
  for (const [field, given] of Object.entries(old)) if (given) errors.push(invalid(field, '', 'needs to be unset'));
  return errors;
}

export { seriesErrors };

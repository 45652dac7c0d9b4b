import { type FieldError, invalid, notSupported, required } from '../../../field-error.ts';
import type { ApiObject } from '../../../object.ts';
import { parseSchedule, ScheduleError } from '../../../schedule/cron-schedule.ts';
import { isTimeZone } from '../../../schedule/time-zone.ts';
import { nonNegative } from '../../apps/workload-validation.ts';
import type { Fields } from '../../core/pod/fields.ts';
import { jobSpecErrors } from '../job-spec-validation.ts';

const POLICIES = ['Allow', 'Forbid', 'Replace'];
/** A Job's name is the CronJob's with eleven characters more, and shall be a label. */
const NAME_LIMIT = 52;
/** A part of a zone's name. */
const ZONE_PART = /^[A-Za-z.\-_0-9+]{1,14}$/;

function scheduleErrors(at: string, schedule: string, zone: string | undefined, mayNameZone: boolean): FieldError[] {
  if (schedule === '') return [required(at)];
  const errors: FieldError[] = [];
  try {
    parseSchedule(schedule);
  } catch (thrown) {
    if (!(thrown instanceof ScheduleError)) throw thrown;
    errors.push(invalid(at, schedule, thrown.message));
  }
  if (!schedule.includes('TZ')) return errors;
  if (!mayNameZone) {
    errors.push(invalid(at, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'));
  } else if (zone !== undefined) {
    errors.push(invalid(at, schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'));
  }
  return errors;
}

function timeZoneErrors(at: string, zone: string | undefined): FieldError[] {
  if (zone === undefined) return [];
  if (zone === '') return [invalid(at, zone, 'timeZone must be nil or non-empty string')];
  const unknown = [invalid(at, zone, `unknown time zone ${zone}`)];
  const isPart = (part: string) => part !== '.' && part !== '..' && !part.startsWith('-') && ZONE_PART.test(part);
  if (!zone.split('/').every(isPart)) return unknown;
  if (zone.toLowerCase() === 'local') {
    const text = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
    return [invalid(at, zone, text), ...(zone === 'Local' ? [] : unknown)];
  }
  return isTimeZone(zone) ? [] : unknown;
}

function concurrencyErrors(at: string, policy: string): FieldError[] {
  if (policy === '') return [required(at)];
  return POLICIES.includes(policy) ? [] : [notSupported(at, policy, POLICIES)];
}

function jobTemplateErrors(at: string, spec: Fields): FieldError[] {
  const errors = jobSpecErrors(at, spec);
  if (spec['selector'] !== undefined) {
    errors.push(invalid(`${at}.selector`, spec['selector'], '`selector` will be auto-generated'));
  }
  if (spec['manualSelector'] === true) errors.push(notSupported(`${at}.manualSelector`, true, ['nil', 'false']));
  return errors;
}

function specErrors(spec: Fields, previous: Fields | undefined): FieldError[] {
  const { schedule = '', timeZone } = spec;
  const mayNameZone = ((previous?.['schedule'] ?? '') as string).includes('TZ');
  return [
    ...scheduleErrors('spec.schedule', schedule, timeZone, mayNameZone),
    ...nonNegative('spec.startingDeadlineSeconds', spec['startingDeadlineSeconds']),
    ...(previous?.['timeZone'] === timeZone ? [] : timeZoneErrors('spec.timeZone', timeZone)),
    ...concurrencyErrors('spec.concurrencyPolicy', spec['concurrencyPolicy'] ?? ''),
    ...jobTemplateErrors('spec.jobTemplate.spec', spec['jobTemplate']?.spec ?? {}),
    ...nonNegative('spec.successfulJobsHistoryLimit', spec['successfulJobsHistoryLimit']),
    ...nonNegative('spec.failedJobsHistoryLimit', spec['failedJobsHistoryLimit']),
  ];
}

export function validate(object: Readonly<ApiObject>): FieldError[] {
  const errors = specErrors(object['spec'] ?? {}, undefined);
  const name = object.metadata?.name ?? '';
  if (name.length > NAME_LIMIT) {
    errors.push(invalid('metadata.name', name, `must be no more than ${NAME_LIMIT} characters`));
  }
  return errors;
}

export function validateUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  return specErrors(object['spec'] ?? {}, previous['spec'] ?? {});
}

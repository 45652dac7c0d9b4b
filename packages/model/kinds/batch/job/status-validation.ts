import { duplicate, type FieldError, invalid, required } from '../../../field-error.ts';
import { sameValue } from '../../../metadata/same-value.ts';
import type { ApiObject } from '../../../object.ts';
import { statusCounts } from '../../apps/workload-validation.ts';
import type { Fields } from '../../core/pod/fields.ts';
import { IndexesError, parseIndexes, readableIndexes, sharedIndex } from './indexes.ts';

const at = (name: string) => `status.${name}`;

/** An error of the conditions as a whole, whose value upstream leaves out of the message. */
function conditionsError(detail: string): FieldError {
  return { type: 'FieldValueInvalid', field: at('conditions'), message: `Invalid value: ${detail}` };
}

function isTrue(status: Fields, type: string): boolean {
  return (status['conditions'] ?? []).some((one: Fields) => one['type'] === type && one['status'] === 'True');
}

function isFinished(status: Fields): boolean {
  return isTrue(status, 'Complete') || isTrue(status, 'Failed');
}

function uncountedErrors(uncounted: Fields): FieldError[] {
  const seen = new Set<string>();
  return ['succeeded', 'failed'].flatMap((list) =>
    ((uncounted[list] ?? []) as string[]).flatMap((uid, position) => {
      const field = `${at('uncountedTerminatedPods')}.${list}[${position}]`;
      if (uid === '') return [invalid(field, uid, 'must not be empty')];
      if (seen.has(uid)) return [duplicate(field, uid)];
      seen.add(uid);
      return [];
    }),
  );
}

function indexesErrors(name: string, text: string | undefined, completions: number | undefined): FieldError[] {
  if (text === undefined || completions === undefined) return [];
  try {
    parseIndexes(text, completions);
    return [];
  } catch (thrown) {
    if (!(thrown instanceof IndexesError)) throw thrown;
    return [invalid(at(name), text, `error parsing ${name}: ${thrown.message}`)];
  }
}

/** The checks of one report. Upstream makes each only when what it looks at has changed, so that old Jobs go on. */
function reportErrors(spec: Fields, status: Fields, old: Fields): FieldError[] {
  const changed = (...names: string[]) => names.some((name) => !sameValue(status[name], old[name]));
  const turned = (...types: string[]) => types.some((type) => isTrue(status, type) !== isTrue(old, type));
  const [complete, failed] = [isTrue(status, 'Complete'), isTrue(status, 'Failed')];
  const { completionTime, startTime, active = 0, terminating = 0, uncountedTerminatedPods: uncounted = {} } = status;
  const errors: FieldError[] = [];
  const check = (applies: boolean, wrong: boolean, error: () => FieldError) => {
    if (applies && wrong) errors.push(error());
  };
  const both = (types: string) => () => conditionsError(`cannot set ${types} conditions`);
  check(turned('Complete', 'Failed'), complete && failed, both('Complete=True and Failed=true'));
  const target = isTrue(status, 'FailureTarget');
  check(turned('Complete', 'FailureTarget'), complete && target, both('Complete=True and FailureTarget=true'));
  const timed = turned('Complete') || changed('completionTime');
  const time = (detail: string) => () => invalid(at('completionTime'), completionTime, detail);
  const untimely = 'cannot set completionTime when there is no Complete=True condition';
  check(timed, completionTime !== undefined && !complete, time(untimely));
  const missing = () => required(at('completionTime'), 'completionTime is required for Complete jobs');
  check(timed, completionTime === undefined && complete, missing);
  const reversed = Date.parse(completionTime) < Date.parse(startTime);
  check(changed('startTime', 'completionTime'), reversed, time('completionTime cannot be set before startTime'));
  const first = (set: string, needed: string) => () =>
    conditionsError(`cannot set ${set}=True condition without the ${needed}=true condition`);
  const met = isTrue(status, 'SuccessCriteriaMet');
  check(turned('Failed', 'FailureTarget'), failed && !target, first('Failed', 'FailureTarget'));
  check(turned('Complete', 'SuccessCriteriaMet'), complete && !met, first('Complete', 'SuccessCriteriaMet'));
  const finished = complete || failed;
  const finishing = finished !== isFinished(old);
  check(finishing, finished && active > 0, () => invalid(at('active'), active, 'active>0 is invalid for finished job'));
  const idle = spec['suspend'] === true && spec['completions'] === 0;
  const started = () => required(at('startTime'), 'startTime is required for finished job');
  check(finishing && !idle, finished && startTime === undefined, started);
  const open = (uncounted.succeeded ?? []).length + (uncounted.failed ?? []).length > 0;
  const counted = 'uncountedTerminatedPods needs to be empty for finished job';
  const uncountedError = () => invalid(at('uncountedTerminatedPods'), uncounted, counted);
  check(finishing || changed('uncountedTerminatedPods'), finished && open, uncountedError);
  const going = () => invalid(at('terminating'), terminating, 'terminating>0 is invalid for finished job');
  check(finishing || changed('terminating'), finished && terminating > 0, going);
  const tooReady = () => invalid(at('ready'), status['ready'], 'cannot set more ready pods than active');
  check(changed('ready', 'active'), status['ready'] > active, tooReady);
  check(true, met && failed, both('SuccessCriteriaMet=True and Failed=true'));
  check(true, met && target, both('SuccessCriteriaMet=True and FailureTarget=true'));
  const policy = 'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True';
  check(spec['successPolicy'] !== undefined, complete && !met, () => conditionsError(policy));
  return errors;
}

function reportedIndexesErrors(spec: Fields, status: Fields, old: Fields): FieldError[] {
  const { completedIndexes = '', failedIndexes } = status;
  const completed = completedIndexes !== (old['completedIndexes'] ?? '');
  const failed = failedIndexes !== old['failedIndexes'];
  const completions: number | undefined = spec['completions'];
  const errors: FieldError[] = [];
  if (completed) errors.push(...indexesErrors('completedIndexes', completedIndexes, completions));
  const limited = spec['backoffLimitPerIndex'] !== undefined;
  if (failed && limited) errors.push(...indexesErrors('failedIndexes', failedIndexes, completions));
  if (completed && completedIndexes !== '' && spec['completionMode'] !== 'Indexed') {
    const text = 'cannot set non-empty completedIndexes when non-indexed completion mode';
    errors.push(invalid(at('completedIndexes'), completedIndexes, text));
  }
  if (failed && !limited && failedIndexes !== undefined) {
    const text = 'cannot set non-null failedIndexes when backoffLimitPerIndex is null';
    errors.push(invalid(at('failedIndexes'), failedIndexes, text));
  }
  if (!(completed || failed) || failedIndexes === undefined || completions === undefined) return errors;
  const shared = sharedIndex(
    readableIndexes(completedIndexes, completions),
    readableIndexes(failedIndexes, completions),
  );
  if (shared !== undefined) {
    const text = `failedIndexes and completedIndexes overlap at index: ${shared}`;
    errors.push(invalid(at('failedIndexes'), failedIndexes, text));
  }
  return errors;
}

/** What a report may not take back. */
function changeErrors(spec: Fields, status: Fields, old: Fields): FieldError[] {
  const errors = ['Failed', 'Complete', 'FailureTarget']
    .filter((type) => isTrue(old, type) && !isTrue(status, type))
    .map((type) => conditionsError(`cannot disable the terminal ${type}=True condition`));
  const fewer = (name: string) => {
    if ((status[name] ?? 0) >= (old[name] ?? 0)) return;
    errors.push(invalid(at(name), status[name] ?? 0, `cannot decrease the ${name} counter`));
  };
  fewer('failed');
  // An indexed Job whose completions and parallelism are one number can be made smaller.
  if (spec['completionMode'] !== 'Indexed' || spec['completions'] !== spec['parallelism']) fewer('succeeded');
  const [now, before] = [status['completionTime'], old['completionTime']];
  if (now !== undefined && before !== undefined && Date.parse(now) !== Date.parse(before)) {
    errors.push(invalid(at('completionTime'), now, 'completionTime cannot be mutated'));
  }
  const start = old['startTime'];
  if (start !== undefined && spec['suspend'] !== true && Date.parse(start) !== Date.parse(status['startTime'])) {
    errors.push(required(at('startTime'), 'startTime cannot be removed for unsuspended job'));
  }
  const [met, wasMet] = [isTrue(status, 'SuccessCriteriaMet'), isTrue(old, 'SuccessCriteriaMet')];
  if (wasMet && !met) errors.push(conditionsError('cannot disable the SuccessCriteriaMet=True condition'));
  if (isTrue(old, 'Complete') && !wasMet && met) {
    const text = 'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions';
    errors.push(conditionsError(text));
  }
  return errors;
}

export function validateStatusUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  const [spec, status, old]: [Fields, Fields, Fields] = [
    object['spec'] ?? {},
    object['status'] ?? {},
    previous['status'] ?? {},
  ];
  return [
    ...statusCounts(status, ['active', 'succeeded', 'failed', 'ready', 'terminating']),
    ...uncountedErrors(status['uncountedTerminatedPods'] ?? {}),
    ...reportErrors(spec, status, old),
    ...reportedIndexesErrors(spec, status, old),
    ...changeErrors(spec, status, old),
  ];
}

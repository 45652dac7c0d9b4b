/** What of a pod may change once it is made. */
import { type FieldError, forbidden, index, invalid, required } from '../../../../field-error.ts';
import { rangeText } from '../../../../metadata/names.ts';
import { sameValue } from '../../../../metadata/same-value.ts';
import type { Fields } from '../fields.ts';
import { imageSpaceErrors } from './containers.ts';
import { tolerationsErrors } from './scheduling.ts';

const CHANGEABLE = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');
const LONGEST_DEADLINE = 2 ** 31 - 1;
/** Of a difference no more lines are shown: the message must stay readable. */
const MOST_DIFFERENCES = 20;

/** Errors of one list of containers; undefined when its length has changed, after which nothing can be compared. */
function listErrors(
  list: string,
  containers: readonly Fields[],
  previous: readonly Fields[],
): FieldError[] | undefined {
  if (containers.length !== previous.length) return undefined;
  return containers.flatMap((container, position) => {
    const at = index(list, position);
    const missing = (container['image'] ?? '') === '' ? [required(`${at}.image`)] : [];
    return [...missing, ...imageSpaceErrors(at, container)];
  });
}

function deadlineErrors(next: number | undefined, previous: number | undefined): FieldError[] {
  const at = 'spec.activeDeadlineSeconds';
  if (next === undefined) {
    return previous === undefined ? [] : [invalid(at, null, 'must not update from a positive integer to nil value')];
  }
  if (next < 0 || next > LONGEST_DEADLINE) return [invalid(at, next, rangeText(0, LONGEST_DEADLINE))];
  return previous !== undefined && previous < next
    ? [invalid(at, next, 'must be less than or equal to previous value')]
    : [];
}

function withoutSeconds(toleration: Fields): Fields {
  const { tolerationSeconds: _, ...rest } = toleration;
  return rest;
}

function tolerationChangeErrors(next: readonly Fields[], previous: readonly Fields[]): FieldError[] {
  const kept = previous.every((old) => next.some((one) => sameValue(withoutSeconds(old), withoutSeconds(one))));
  if (!kept) {
    const text = 'existing toleration can not be modified except its tolerationSeconds';
    return [forbidden('spec.tolerations', text)];
  }
  return tolerationsErrors('spec.tolerations', next);
}

function gateChangeErrors(next: readonly Fields[], previous: readonly Fields[]): FieldError[] {
  const known = new Set(previous.map((gate) => gate['name']));
  return next.flatMap((gate, i) => {
    if (known.has(gate['name'])) return [];
    const text = `only deletion is allowed, but found new scheduling gate '${gate['name']}'`;
    return [forbidden(`${index('spec.schedulingGates', i)}.name`, text)];
  });
}

function withImages(containers: readonly Fields[], previous: readonly Fields[]): Fields[] {
  return containers.map((container, i) => ({ ...container, image: previous[i]?.['image'] }));
}

/** The new spec with everything that may change put back: what still differs may not change. */
function restored(spec: Fields, previous: Fields): Fields {
  const result: Fields = {
    ...spec,
    containers: withImages(spec['containers'] ?? [], previous['containers'] ?? []),
    initContainers: withImages(spec['initContainers'] ?? [], previous['initContainers'] ?? []),
    activeDeadlineSeconds: previous['activeDeadlineSeconds'],
    schedulingGates: previous['schedulingGates'],
    tolerations: previous['tolerations'],
  };
  if (previous['terminationGracePeriodSeconds'] < 0 && spec['terminationGracePeriodSeconds'] === 1) {
    result['terminationGracePeriodSeconds'] = previous['terminationGracePeriodSeconds'];
  }
  if ((previous['schedulingGates'] ?? []).length === 0) return result;
  // While nothing may place the pod yet, its place can be narrowed.
  result['nodeSelector'] = previous['nodeSelector'];
  const affinity = { ...spec['affinity'], nodeAffinity: previous['affinity']?.nodeAffinity };
  const bare = previous['affinity'] === undefined && !affinity.podAffinity && !affinity.podAntiAffinity;
  result['affinity'] = bare ? undefined : affinity;
  return result;
}

function narrowingErrors(spec: Fields, previous: Fields): FieldError[] {
  if ((previous['schedulingGates'] ?? []).length === 0) return [];
  const next: Record<string, string> = spec['nodeSelector'] ?? {};
  const old: Record<string, string> = previous['nodeSelector'] ?? {};
  const kept = Object.entries(old).every(([name, value]) => next[name] === value);
  if (kept) return [];
  return [
    invalid('spec.nodeSelector', next, 'only additions to spec.nodeSelector are allowed (no mutations or deletions)'),
  ];
}

/** The places where two values differ, as `-` and `+` lines. */
function differences(previous: unknown, next: unknown, at: string, into: string[]): void {
  if (into.length >= MOST_DIFFERENCES || sameValue(previous, next)) return;
  const nested = [previous, next].every((value) => typeof value === 'object' && value !== null);
  if (!nested) {
    into.push(`- \t${at}: ${JSON.stringify(previous) ?? 'nil'},`, `+ \t${at}: ${JSON.stringify(next) ?? 'nil'},`);
    return;
  }
  const [one, other] = [previous as Fields, next as Fields];
  for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const place = Array.isArray(one) ? `${at}[${name}]` : at === '' ? name : `${at}.${name}`;
    differences(one[name], other[name], place, into);
  }
}

export function podChangeErrors(spec: Fields, previous: Fields): FieldError[] {
  const errors: FieldError[] = [];
  for (const list of ['containers', 'initContainers']) {
    const found = listErrors(`spec.${list}`, spec[list] ?? [], previous[list] ?? []);
    if (found === undefined) {
      return [...errors, forbidden(`spec.${list}`, 'pod updates may not add or remove containers')];
    }
    errors.push(...found);
  }
  errors.push(...deadlineErrors(spec['activeDeadlineSeconds'], previous['activeDeadlineSeconds']));
  errors.push(...tolerationChangeErrors(spec['tolerations'] ?? [], previous['tolerations'] ?? []));
  errors.push(...gateChangeErrors(spec['schedulingGates'] ?? [], previous['schedulingGates'] ?? []));
  errors.push(...narrowingErrors(spec, previous));
  const rest = restored(spec, previous);
  if (!sameValue(rest, previous)) {
    const lines: string[] = [];
    differences(previous, rest, '', lines);
    const text = `pod updates may not change fields other than ${CHANGEABLE}\n${lines.join('\n')}\n`;
    errors.push(forbidden('spec', text));
  }
  return errors;
}

import { type FieldError, invalid, required } from '../../../field-error.ts';
import { dnsLabelProblems } from '../../../metadata/names.ts';
import { sameValue } from '../../../metadata/same-value.ts';
import { immutable } from '../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../object.ts';
import { selectorFromObject } from '../../../selectors/label-selector.ts';
import { labelSelectorErrors } from '../../../selectors/validate-label-selector.ts';
import { everyContainer, type Fields } from '../../core/pod/fields.ts';
import { jobSpecErrors } from '../job-spec-validation.ts';
import { generatedSelectorErrors } from './selector.ts';

function selectorErrors(spec: Fields): FieldError[] {
  if (spec['selector'] === undefined) return [required('spec.selector')];
  const errors = labelSelectorErrors('spec.selector', spec['selector']);
  try {
    const labels = spec['template']?.metadata?.labels;
    if (!selectorFromObject(spec['selector']).matches(labels)) {
      const text = '`selector` does not match template `labels`';
      errors.push(invalid('spec.template.metadata.labels', labels ?? {}, text));
    }
  } catch {
    // Told by labelSelectorErrors already.
  }
  return errors;
}

function specErrors(spec: Fields): FieldError[] {
  return [...jobSpecErrors('spec', spec), ...selectorErrors(spec)];
}

/** The names of an indexed Job's pods are host names too; the one with the highest index is the longest. */
function hostNameErrors(object: Readonly<ApiObject>): FieldError[] {
  const { completionMode, completions } = object['spec'] ?? {};
  if (completionMode !== 'Indexed' || !(completions > 0)) return [];
  const name = object.metadata?.name ?? '';
  const longest = `${name}-${completions - 1}`;
  if (dnsLabelProblems(longest).length === 0) return [];
  return [invalid('metadata.name', name, `will not able to create pod with invalid DNS label: ${longest}`)];
}

export function validate(object: Readonly<ApiObject>): FieldError[] {
  return [...generatedSelectorErrors(object), ...specErrors(object['spec'] ?? {}), ...hostNameErrors(object)];
}

/** Completions change only together with parallelism, and only when they are indexed. */
function completionsErrors(spec: Fields, previous: Fields): FieldError[] {
  const at = 'spec.completions';
  if (spec['completionMode'] !== 'Indexed') return immutable(at, spec['completions'], previous['completions']);
  const { completions } = spec;
  if (completions === undefined || completions === previous['completions']) return [];
  if (completions === spec['parallelism']) return [];
  return [invalid(at, completions, 'can only be modified in tandem with spec.parallelism')];
}

/** True while nothing of the Job runs, so that whoever queues Jobs may still decide where and how large. */
function maySchedule(previous: Readonly<ApiObject>): boolean {
  if (previous['spec']?.suspend !== true) return false;
  const { startTime, active, conditions = [] } = previous['status'] ?? {};
  if (startTime === undefined) return true;
  return (
    (active ?? 0) === 0 && conditions.some((one: Fields) => one['type'] === 'Suspended' && one['status'] === 'True')
  );
}

/** `previous` with everything that may differ taken from `template`. */
function withDirectives(previous: Fields, template: Fields): Fields {
  const [spec, now]: [Fields, Fields] = [{ ...previous['spec'] }, template['spec'] ?? {}];
  for (const name of ['nodeSelector', 'tolerations', 'schedulingGates']) spec[name] = now[name];
  const nodeAffinity = now['affinity']?.nodeAffinity;
  const affinity = { ...spec['affinity'], nodeAffinity };
  spec['affinity'] = now['affinity'] === undefined && sameValue(affinity, {}) ? undefined : affinity;
  const resources = new Map(
    everyContainer(now).map(({ list, container }) => [`${list}/${container['name']}`, container['resources']]),
  );
  for (const list of ['containers', 'initContainers']) {
    const containers: Fields[] | undefined = spec[list];
    if (containers === undefined) continue;
    spec[list] = containers.map((container) => ({
      ...container,
      resources: resources.get(`${list}/${container['name']}`),
    }));
  }
  const { labels, annotations } = template['metadata'] ?? {};
  return { ...previous, metadata: { ...previous['metadata'], labels, annotations }, spec };
}

export function validateUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  const [spec, old]: [Fields, Fields] = [object['spec'] ?? {}, previous['spec'] ?? {}];
  const template: Fields = spec['template'] ?? {};
  const before = maySchedule(previous) ? withDirectives(old['template'] ?? {}, template) : old['template'];
  const fixed = (name: string) => immutable(`spec.${name}`, spec[name], old[name]);
  return [
    ...specErrors(spec),
    ...completionsErrors(spec, old),
    ...fixed('selector'),
    ...immutable('spec.template', template, before),
    ...['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'].flatMap(fixed),
  ];
}

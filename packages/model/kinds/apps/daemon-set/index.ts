import { sameValue } from '../../../metadata/same-value.ts';
import type { ApiObject } from '../../../object.ts';
import { selectorFromLabels } from '../../../selectors/label-selector.ts';
import type { Strategy } from '../../../strategy.ts';
import { ageColumn } from '../../../table/table.ts';
import { defaultPodTemplate } from '../../core/pod/pod-spec-defaults.ts';
import { countColumn, selectorColumn, templateColumns } from '../workload-columns.ts';
import { templateWarnings } from '../workload-warnings.ts';
import { validate, validateStatusUpdate, validateUpdate } from './validation.ts';

/** How often the template has changed. Kept in an annotation since the field left the API. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';

function defaults(object: ApiObject): void {
  const spec = (object['spec'] ??= {});
  const strategy = (spec.updateStrategy ??= {});
  if ((strategy.type ?? '') === '') strategy.type = 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {};
    strategy.rollingUpdate.maxUnavailable ??= 1;
    strategy.rollingUpdate.maxSurge ??= 0;
  }
  spec.revisionHistoryLimit ??= 10;
  defaultPodTemplate(spec.template);
}

function setTemplateGeneration(object: ApiObject, generation: number): void {
  object.metadata ??= {};
  object.metadata.annotations = { ...object.metadata.annotations, [TEMPLATE_GENERATION]: String(generation) };
}

export const daemonSet: Strategy = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  generation: true,
  defaults,
  prepareForCreate(object) {
    object['status'] = {
      currentNumberScheduled: 0,
      numberMisscheduled: 0,
      desiredNumberScheduled: 0,
      numberReady: 0,
    };
    setTemplateGeneration(object, 1);
  },
  prepareForUpdate(object, previous) {
    object['status'] = previous['status'];
    const before = Number(previous.metadata?.annotations?.[TEMPLATE_GENERATION] ?? 1);
    const changed = !sameValue(object['spec']?.template, previous['spec']?.template);
    setTemplateGeneration(object, changed ? before + 1 : before);
  },
  prepareForStatusUpdate(object, previous) {
    object['spec'] = previous['spec'];
  },
  validate,
  validateUpdate,
  validateStatusUpdate,
  warnings: templateWarnings,
  columns: [
    countColumn('Desired', 'desiredNumberScheduled', 'How many nodes should run the pod.'),
    countColumn('Current', 'currentNumberScheduled', 'How many of those nodes run it.'),
    countColumn('Ready', 'numberReady', 'How many of them have it ready.'),
    countColumn('Up-to-date', 'updatedNumberScheduled', 'How many of them run the newest template.'),
    countColumn('Available', 'numberAvailable', 'How many have had it ready for at least minReadySeconds.'),
    {
      name: 'Node Selector',
      type: 'string',
      priority: 0,
      description: 'The labels of the nodes that it is for.',
      cell: (object) => {
        const text = selectorFromLabels(object['spec']?.template?.spec?.nodeSelector).toString();
        return text === '' ? '<none>' : text;
      },
    },
    ageColumn,
    ...templateColumns,
    selectorColumn,
  ],
};

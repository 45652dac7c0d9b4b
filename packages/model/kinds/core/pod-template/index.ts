import type { ApiObject } from '../../../object.ts';
import { selectorFromLabels } from '../../../selectors/label-selector.ts';
import type { Strategy } from '../../../strategy.ts';
import { nameColumn } from '../../../table/table.ts';
import { templateColumns } from '../../apps/workload-columns.ts';
import { defaultPodTemplate } from '../pod/pod-spec-defaults.ts';
import { podTemplateErrors } from '../pod/validation/pod-template.ts';
import { podSpecWarnings } from '../pod/warnings.ts';

const validate = (object: Readonly<ApiObject>) => podTemplateErrors('template', object['template'] ?? {});

export const podTemplate: Strategy = {
  apiVersion: 'v1',
  kind: 'PodTemplate',
  generation: true,
  defaults: (object) => defaultPodTemplate((object['template'] ??= {})),
  validate,
  validateUpdate: validate,
  warnings: (object) => podSpecWarnings(object['template']?.spec ?? {}, 'template.spec', object['template']?.metadata),
  columns: [
    nameColumn,
    ...templateColumns.map((column) => ({
      ...column,
      priority: 0 as const,
      // The columns look into a workload's spec for its template.
      cell: (object: Readonly<ApiObject>, now: number) => column.cell({ spec: object }, now),
    })),
    {
      name: 'Pod Labels',
      type: 'string',
      priority: 0,
      description: 'The labels that its pods get.',
      cell: (object) => selectorFromLabels(object['template']?.metadata?.labels).toString() || '<none>',
    },
  ],
};

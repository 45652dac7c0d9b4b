import { type FieldError, required } from '../../../field-error.ts';
import { immutable } from '../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { nonNegative } from '../workload-validation.ts';

function validate(object: Readonly<ApiObject>): FieldError[] {
  const missing = object['data'] === undefined || object['data'] === null;
  return [...(missing ? [required('data', 'data is mandatory')] : []), ...nonNegative('revision', object['revision'])];
}

/** `daemonset.apps/name` of the controller that the revision belongs to. */
function controller(object: Readonly<ApiObject>): string {
  const owner = (object.metadata?.ownerReferences ?? []).find((reference) => reference.controller === true);
  if (owner === undefined) return '<none>';
  const [group, version] = owner.apiVersion.split('/');
  const kind = owner.kind.toLowerCase();
  return `${version === undefined ? kind : `${kind}.${group}`}/${owner.name}`;
}

export const controllerRevision: Strategy = {
  apiVersion: 'apps/v1',
  kind: 'ControllerRevision',
  validate,
  validateUpdate: (object, previous) => [...validate(object), ...immutable('data', object['data'], previous['data'])],
  columns: [
    { name: 'Controller', type: 'string', priority: 0, description: 'Whose history it is part of.', cell: controller },
    {
      name: 'Revision',
      type: 'string',
      priority: 0,
      description: 'Its place in that history; the highest is the newest.',
      cell: (object) => object['revision'] ?? 0,
    },
  ],
};

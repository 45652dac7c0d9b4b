import { storageVersion } from '../../../custom-resources/definition-names.ts';
import type { CustomResourceDefinition } from '../../../generated/types/apiextensions-v1.ts';
import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { createdAtColumn } from '../../../table/table.ts';
import { definitionErrors, definitionUpdateErrors, statusErrors } from './validation.ts';
import { schemaWarnings } from './warnings.ts';

/** Stored versions are those that instances may be stored as: the storage version is one from the start. */
function rememberStorageVersion(object: ApiObject): void {
  const definition = object as CustomResourceDefinition;
  const version = storageVersion(definition.spec);
  const status = (object['status'] ??= {});
  const stored: string[] = status.storedVersions ?? [];
  if (version !== '' && !stored.includes(version))
    object['status'] = { ...status, storedVersions: [...stored, version] };
}

function defaults(object: ApiObject): void {
  object['spec'] = { group: '', ...object['spec'] };
  const { spec } = object as CustomResourceDefinition;
  const names = (spec.names ??= { plural: '', kind: '' });
  spec.versions ??= [];
  if (!names.singular && names.kind) names.singular = names.kind.toLowerCase();
  if (!names.listKind && names.kind) names.listKind = `${names.kind}List`;
  spec.conversion ??= { strategy: 'None' };
  const service = spec.conversion.webhook?.clientConfig?.service;
  if (service !== undefined) service.port ??= 443;
  if (!object['status']?.storedVersions?.length) rememberStorageVersion(object);
}

const emptyStatus = { conditions: null, acceptedNames: { plural: '', kind: '' }, storedVersions: null };

export const customResourceDefinition: Strategy = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  generation: true,
  unconditionalUpdate: false,
  plainFinalizers: true,
  defaults,
  prepareForCreate(object) {
    object['status'] = structuredClone(emptyStatus);
    rememberStorageVersion(object);
  },
  prepareForUpdate(object, previous) {
    object['status'] = structuredClone(previous['status'] ?? emptyStatus);
    rememberStorageVersion(object);
  },
  prepareForStatusUpdate(object, previous) {
    object['spec'] = previous['spec'];
  },
  validate: (object) => definitionErrors(object as CustomResourceDefinition),
  validateUpdate: (object, previous) =>
    definitionUpdateErrors(object as CustomResourceDefinition, previous as CustomResourceDefinition),
  validateStatusUpdate: (object) => statusErrors(object as CustomResourceDefinition),
  warnings: (object, previous) =>
    schemaWarnings(object as CustomResourceDefinition, previous as CustomResourceDefinition | undefined),
  columns: [createdAtColumn],
};

import { isConditionTrue } from '../../../custom-resources/definition-names.ts';
import { hasDefault, schemasIn } from '../../../custom-resources/structural-schema.ts';
import { child, type FieldError, index, invalid, notSupported, required } from '../../../field-error.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
} from '../../../generated/types/apiextensions-v1.ts';
import { dns1035LabelProblems, dnsSubdomainProblems } from '../../../metadata/names.ts';
import { immutable } from '../../../metadata/validate-metadata.ts';
import { approvalErrors } from './api-approval.ts';
import { conversionErrors } from './conversion.ts';
import { namesErrors } from './names.ts';
import { type Hoisted, hoisted, type SchemaOptions, versionParts, versionPartsErrors } from './version.ts';

const nameText = 'must be spec.names.plural+"."+spec.group';

/** Everything wrong with a new definition. */
export function definitionErrors(definition: Readonly<CustomResourceDefinition>): FieldError[] {
  const { metadata, spec } = definition;
  const wrongName = metadata?.name !== `${spec.names.plural}.${spec.group}`;
  return [
    ...(wrongName ? [invalid('metadata.name', metadata?.name ?? '', nameText)] : []),
    ...specErrors(spec, { established: false }),
    ...statusErrors(definition),
    ...storedVersionsErrors(definition),
    ...approvalErrors(definition),
    ...preservesErrors(spec),
  ];
}

/** Everything wrong with a change of a definition. */
export function definitionUpdateErrors(
  definition: Readonly<CustomResourceDefinition>,
  previous: Readonly<CustomResourceDefinition>,
): FieldError[] {
  const { spec } = definition;
  const { spec: old } = previous;
  const established = isConditionTrue(previous, 'Established');
  return [
    ...specErrors(spec, { established, previous: old }),
    ...(established ? immutable('spec.scope', spec.scope, old.scope) : []),
    ...(established ? immutable('spec.names.kind', spec.names.kind, old.names.kind) : []),
    ...immutable('spec.group', spec.group, old.group),
    ...immutable('spec.names.plural', spec.names.plural, old.names.plural),
    ...statusErrors(definition),
    ...storedVersionsErrors(definition),
    ...approvalErrors(definition, previous),
    ...(old.preserveUnknownFields === true ? [] : preservesErrors(spec)),
  ];
}

/** Everything wrong with the status of a definition. */
export function statusErrors({ status }: Readonly<CustomResourceDefinition>): FieldError[] {
  return status?.acceptedNames === undefined ? [] : namesErrors(status.acceptedNames, 'status.acceptedNames');
}

function storedVersionsErrors({ spec, status }: Readonly<CustomResourceDefinition>): FieldError[] {
  const path = 'status.storedVersions';
  const stored = status?.storedVersions ?? [];
  if (stored.length === 0) return [invalid(path, stored, 'must have at least one stored version')];
  const errors: FieldError[] = [];
  for (const { name, storage } of spec.versions)
    if (storage && !stored.includes(name)) errors.push(invalid(path, stored, `must have the storage version ${name}`));
  const known = new Set(spec.versions.map(({ name }) => name));
  stored.forEach((name, position) => {
    if (known.has(name)) return;
    const text = `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`;
    errors.push(invalid(index(path, position), name, text));
  });
  return errors;
}

function preservesErrors({ preserveUnknownFields }: CustomResourceDefinitionSpec): FieldError[] {
  if (preserveUnknownFields !== true) return [];
  const text =
    'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead';
  return [invalid('spec.preserveUnknownFields', true, text)];
}

function specErrors(spec: CustomResourceDefinitionSpec, options: SchemaOptions): FieldError[] {
  const parts = hoisted(spec.versions);
  return [
    ...groupErrors(spec),
    ...missingSchemas(spec),
    ...versionsErrors(spec, parts, options),
    ...requiredNames(spec),
    ...namesErrors(spec.names, 'spec.names'),
    ...versionPartsErrors(parts, 'spec', {
      ...options,
      schemaName: 'validation',
      version: spec.versions[0]?.name ?? '',
      statusEnabled: spec.versions.some((version) => version.subresources?.status !== undefined),
    }),
    ...conversionErrors(spec, options.established),
  ];
}

function groupErrors(spec: CustomResourceDefinitionSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (!spec.group) errors.push(required('spec.group'));
  else {
    const problems = dnsSubdomainProblems(spec.group);
    if (problems.length > 0) errors.push(invalid('spec.group', spec.group, problems.join(',')));
    else if (!spec.group.includes('.'))
      errors.push(invalid('spec.group', spec.group, 'should be a domain with at least one dot'));
  }
  const scopes = ['Cluster', 'Namespaced'];
  if (!spec.scope) errors.push(required('spec.scope'));
  else if (!scopes.includes(spec.scope)) errors.push(notSupported('spec.scope', spec.scope, scopes));
  return errors;
}

function missingSchemas(spec: CustomResourceDefinitionSpec): FieldError[] {
  const errors = spec.versions.flatMap((version, position) =>
    version.schema?.openAPIV3Schema === undefined
      ? [required(child(index('spec.versions', position), 'schema.openAPIV3Schema'))]
      : [],
  );
  const defaulted = spec.versions.some(({ schema }) => schemasIn(schema?.openAPIV3Schema).some(hasDefault));
  if (spec.preserveUnknownFields === true && defaulted)
    errors.push(invalid('spec.preserveUnknownFields', true, 'must be false in order to use defaults in the schema'));
  return errors;
}

function versionsErrors(spec: CustomResourceDefinitionSpec, common: Hoisted, options: SchemaOptions): FieldError[] {
  const errors: FieldError[] = [];
  const path = 'spec.versions';
  spec.versions.forEach((version, position) => {
    const place = index(path, position);
    const problems = dns1035LabelProblems(version.name);
    if (problems.length > 0) errors.push(invalid(child(place, 'name'), version.name, problems.join(',')));
    errors.push(...deprecationErrors(version, child(place, 'deprecationWarning')));
    errors.push(
      ...versionPartsErrors(versionParts(version, common), place, {
        ...options,
        schemaName: 'schema',
        version: version.name,
        statusEnabled: version.subresources?.status !== undefined,
      }),
    );
  });
  if (new Set(spec.versions.map(({ name }) => name)).size < spec.versions.length)
    errors.push(invalid(path, spec.versions, 'must contain unique version names'));
  if (spec.versions.filter(({ storage }) => storage).length !== 1)
    errors.push(invalid(path, spec.versions, 'must have exactly one version marked as storage version'));
  return errors;
}

function deprecationErrors(version: CustomResourceDefinitionVersion, path: string): FieldError[] {
  const { deprecated, deprecationWarning: text } = version;
  if (text === undefined) return [];
  const problems: string[] = [];
  if (deprecated !== true) problems.push('can only be set for deprecated versions');
  else {
    if (Buffer.byteLength(text) > 256) problems.push('must be <= 256 characters long');
    if (text === '') problems.push('must not be an empty string');
    const odd = /[^\P{C}]|[\p{Zl}\p{Zp}]|(?! )\p{Zs}/u.exec(text);
    if (odd !== null) {
      const at = Buffer.byteLength(text.slice(0, odd.index));
      problems.push(`must only contain printable UTF-8 characters; non-printable character found at index ${at}`);
    }
  }
  return problems.map((problem) => invalid(path, text, problem));
}

function requiredNames({ names }: CustomResourceDefinitionSpec): FieldError[] {
  return (['plural', 'singular', 'kind', 'listKind'] as const)
    .filter((name) => !names[name])
    .map((name) => required(child('spec.names', name)));
}

import { sameJsonValue } from '../../../custom-resources/json-equality.ts';
import { child, type FieldError, index, invalid, required } from '../../../field-error.ts';
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
  CustomResourceValidation,
  SelectableField,
} from '../../../generated/types/apiextensions-v1.ts';
import { rootSchemaErrors } from './root-schema.ts';
import { selectableFieldErrors } from './selectable-fields.ts';

/** What a definition says of one version, or of all of them alike. */
export interface Hoisted {
  readonly schema?: CustomResourceValidation | undefined;
  readonly subresources?: CustomResourceSubresources | undefined;
  readonly additionalPrinterColumns?: readonly CustomResourceColumnDefinition[] | undefined;
  readonly selectableFields?: readonly SelectableField[] | undefined;
}

export interface SchemaOptions {
  /** The kind was served already: what instances hang on must not change. */
  readonly established: boolean;
  /** The present spec, when this is a change. */
  readonly previous?: CustomResourceDefinitionSpec;
}

const parts = ['schema', 'subresources', 'additionalPrinterColumns', 'selectableFields'] as const;

/** What is the same in all versions: upstream's internal form has it once, and its errors name that place. */
export function hoisted(versions: readonly CustomResourceDefinitionVersion[]): Hoisted {
  const [first] = versions;
  if (first === undefined) return {};
  return Object.fromEntries(
    parts
      .filter((part) => versions.every((version) => sameJsonValue(version[part], first[part])))
      .map((part) => [part, first[part]]),
  );
}

/** What one version has for itself. */
export function versionParts(version: CustomResourceDefinitionVersion, common: Hoisted): Hoisted {
  return Object.fromEntries(parts.filter((part) => !Object.hasOwn(common, part)).map((part) => [part, version[part]]));
}

export interface PartOptions extends SchemaOptions {
  /** What the schema is called at this place. */
  readonly schemaName: 'schema' | 'validation';
  readonly version: string;
  readonly statusEnabled: boolean;
}

/** Everything wrong with schema, sub-resources, columns and selectable fields. */
export function versionPartsErrors(version: Hoisted, path: string, options: PartOptions): FieldError[] {
  const schema = version.schema?.openAPIV3Schema;
  const errors: FieldError[] = [];
  if (schema !== undefined) errors.push(...rootSchemaErrors(schema, child(path, options.schemaName), options));
  if (version.subresources !== undefined)
    errors.push(...subresourcesErrors(version.subresources, child(path, 'subresources')));
  version.additionalPrinterColumns?.forEach((column, position) => {
    errors.push(...columnErrors(column, index(child(path, 'additionalPrinterColumns'), position)));
  });
  if (version.selectableFields?.length)
    errors.push(...selectableFieldErrors(version.selectableFields, schema, child(path, 'selectableFields')));
  return errors;
}

function simplePathErrors(text: string, path: string): FieldError[] {
  return text.startsWith('.') ? [] : [invalid(path, text, 'must be a simple json path starting with .')];
}

function subresourcesErrors({ scale }: CustomResourceSubresources, path: string): FieldError[] {
  if (scale === undefined) return [];
  const errors: FieldError[] = [];
  const check = (name: string, value: string, prefixes: readonly string[], text: string) => {
    const place = child(path, `scale.${name}`);
    const problems = simplePathErrors(value, place);
    if (problems.length === 0 && !prefixes.some((prefix) => value.startsWith(prefix)))
      problems.push(invalid(place, value, text));
    errors.push(...problems);
  };
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale;
  if (!specReplicasPath) errors.push(required(child(path, 'scale.specReplicasPath')));
  else check('specReplicasPath', specReplicasPath, ['.spec.'], 'should be a json path under .spec');
  if (!statusReplicasPath) errors.push(required(child(path, 'scale.statusReplicasPath')));
  else check('statusReplicasPath', statusReplicasPath, ['.status.'], 'should be a json path under .status');
  if (labelSelectorPath)
    check(
      'labelSelectorPath',
      labelSelectorPath,
      ['.spec.', '.status.'],
      'should be a json path under either .spec or .status',
    );
  return errors;
}

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];

function columnErrors(column: CustomResourceColumnDefinition, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const types = `must be one of ${columnTypes.join(',')}`;
  if (!column.name) errors.push(required(child(path, 'name')));
  if (!column.type) errors.push(required(child(path, 'type'), types));
  else if (!columnTypes.includes(column.type)) errors.push(invalid(child(path, 'type'), column.type, types));
  if (column.format && !columnFormats.includes(column.format))
    errors.push(invalid(child(path, 'format'), column.format, `must be one of ${columnFormats.join(',')}`));
  if (!column.jsonPath) errors.push(required(child(path, 'JSONPath')));
  else errors.push(...simplePathErrors(column.jsonPath, child(path, 'JSONPath')));
  return errors;
}

import { sameJsonValue } from '../../../custom-resources/json-equality.ts';
import { structuralErrors, structuralProblem } from '../../../custom-resources/structural-errors.ts';
import { asResource, structuralSchema } from '../../../custom-resources/structural-schema.ts';
import { child, type FieldError, forbidden, invalid } from '../../../field-error.ts';
import type { JSONSchemaProps } from '../../../generated/types/apiextensions-v1.ts';
import { defaultErrors } from './default-values.ts';
import { expressionErrors, storedExpressions } from './expression-errors.ts';
import { schemaErrors } from './schema-rules.ts';
import type { PartOptions } from './version.ts';

/** Said of the whole object, so that nothing is lost when the schema of the status is used by itself. */
const allowedAtRoot = [
  'Description',
  'Type',
  'Format',
  'Title',
  'Maximum',
  'ExclusiveMaximum',
  'Minimum',
  'ExclusiveMinimum',
  'MaxLength',
  'MinLength',
  'Pattern',
  'MaxItems',
  'MinItems',
  'UniqueItems',
  'MultipleOf',
  'Required',
  'Items',
  'Properties',
  'ExternalDocs',
  'Example',
  'XPreserveUnknownFields',
  'XValidations',
];
const allowedFields: ReadonlySet<string> = new Set(
  allowedAtRoot
    .map((name) => name.charAt(0).toLowerCase() + name.slice(1))
    .concat('x-kubernetes-preserve-unknown-fields', 'x-kubernetes-validations', 'type'),
);

/** Everything wrong with the schema of a kind. @param path of what holds it: `spec.validation`, `spec.versions[0].schema` */
export function rootSchemaErrors(schema: JSONSchemaProps, path: string, options: PartOptions): FieldError[] {
  const place = child(path, 'openAPIV3Schema');
  const errors = options.statusEnabled ? statusErrors(schema, place) : [];
  if (schema.nullable) errors.push(forbidden(child(place, 'nullable'), 'nullable cannot be true at the root'));
  const problem = structuralProblem(schema);
  if (problem === undefined) {
    const structural = structuralErrors(schema, place);
    const found = structural.length > 0 ? structural : defaultErrors(asResource(structuralSchema(schema)), place);
    errors.push(...found);
  }
  errors.push(...schemaErrors(schema, place));
  // What does not fit a structural schema has no types that expressions could be checked by.
  if (errors.length === 0 && problem === undefined) errors.push(...expressionsOf(schema, place, options));
  if (errors.length === 0 && problem !== undefined) errors.push(invalid(place, '', problem));
  return errors;
}

function expressionsOf(schema: JSONSchemaProps, path: string, { previous, version }: PartOptions): FieldError[] {
  const before = previous?.versions.find(({ name }) => name === version)?.schema?.openAPIV3Schema;
  const unchanged = before !== undefined && sameJsonValue(before, schema);
  return expressionErrors(schema, path, { isStored: storedExpressions(previous), unchanged });
}

function statusErrors(schema: JSONSchemaProps, path: string): FieldError[] {
  for (const name of Object.keys(schema)) {
    if (name === 'type') {
      if (schema.type === 'object') continue;
      const text =
        'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
      return [invalid(child(path, 'type'), schema.type, text)];
    }
    if (allowedFields.has(name)) continue;
    const text = `only [${allowedAtRoot.join(' ')}] fields are allowed at the root of the schema if the status subresource is enabled`;
    return [invalid(path, schema, text)];
  }
  return [];
}

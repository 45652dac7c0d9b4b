import { followSchemaPath, type SchemaPlace } from '../../../custom-resources/schema-path.ts';
import { child, duplicate, type FieldError, index, invalid, required, tooMany } from '../../../field-error.ts';
import type { JSONSchemaProps, SelectableField } from '../../../generated/types/apiextensions-v1.ts';

const most = 8;
const scalars = ['string', 'boolean', 'integer'];

/** Everything wrong with the fields that instances can be selected by. */
export function selectableFieldErrors(
  fields: readonly SelectableField[],
  schema: JSONSchemaProps | undefined,
  path: string,
): FieldError[] {
  if (schema === undefined)
    return [invalid(path, '', 'may only be set when `version.schema.openAPIV3Schema` is not included')];
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  fields.forEach(({ jsonPath }, position) => {
    const place = child(index(path, position), 'jsonPath');
    if (!jsonPath) {
      errors.push(required(place));
      return;
    }
    let found: SchemaPlace;
    try {
      found = followSchemaPath(jsonPath, schema, false);
    } catch (error) {
      errors.push(invalid(place, jsonPath, `is an invalid path: ${(error as Error).message}`));
      return;
    }
    if (found.first === 'metadata') errors.push(invalid(place, jsonPath, 'must not point to fields in metadata'));
    if (!scalars.includes(found.schema.type ?? '')) {
      const text =
        'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';
      errors.push(invalid(place, jsonPath, text));
    }
    if (seen.has(found.path)) errors.push(duplicate(place, jsonPath));
    seen.add(found.path);
  });
  if (seen.size > most) errors.push(tooMany(path, seen.size, most));
  return errors;
}

import { type FieldError, invalid } from '../../field-error.ts';
import { sameValue } from '../../metadata/same-value.ts';
import type { ApiObject } from '../../object.ts';

/** The specs of mandatory objects cannot be changed. @param spec what is compared, of `object` */
export function mandatorySpecErrors(
  object: Readonly<ApiObject>,
  mandatory: readonly ApiObject[],
  spec: unknown = object['spec'],
): FieldError[] {
  const name = object.metadata?.name;
  const fixed = mandatory.find((one) => one.metadata!.name === name);
  if (fixed === undefined || sameValue(spec, fixed['spec'])) return [];
  return [invalid('spec', object['spec'], `spec of '${name}' must equal the fixed value`)];
}

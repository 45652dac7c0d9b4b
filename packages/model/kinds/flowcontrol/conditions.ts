import { duplicate, type FieldError, required } from '../../field-error.ts';
import type { ApiObject } from '../../object.ts';

/** The conditions in a status: each has a type, and none the same. */
export function conditionErrors(object: Readonly<ApiObject>): FieldError[] {
  const conditions: readonly { readonly type?: string }[] = object['status']?.conditions ?? [];
  const seen = new Set<string>();
  return conditions.flatMap(({ type = '' }, position) => {
    const field = `status.conditions[${position}].type`;
    const errors = seen.has(type) ? [duplicate(field, type)] : [];
    seen.add(type);
    return type === '' ? [...errors, required(field, 'must not be empty')] : errors;
  });
}

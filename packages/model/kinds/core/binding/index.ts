import { type FieldError, notSupported, required } from '../../../field-error.ts';
import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';

function validate(object: Readonly<ApiObject>): FieldError[] {
  const target = object['target'] ?? {};
  const errors: FieldError[] = [];
  if ((target.kind ?? '') !== '' && target.kind !== 'Node') {
    errors.push(notSupported('target.kind', target.kind, ['Node', '<empty>']));
  }
  if ((target.name ?? '') === '') errors.push(required('target.name'));
  return errors;
}

/** Puts a pod on a node: it is carried out on the pod, and never stored. */
export const binding: Strategy = { apiVersion: 'v1', kind: 'Binding', virtual: true, validate };

import { type FieldError, forbidden, invalid, key, notSupported, required } from '../../../field-error.ts';
import { qualifiedNameProblems } from '../../../metadata/names.ts';
import { sameValue } from '../../../metadata/same-value.ts';
import { immutable } from '../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../object.ts';
import { parseQuantity, quantityOrUndefined } from '../../../quantity/quantity.ts';
import type { Fields } from '../pod/fields.ts';
import { BETA_CLASS } from '../storage-words.ts';
import { claimSpecErrors } from './claim-spec.ts';

const RESIZE_STATES = [
  'ControllerResizeInfeasible',
  'ControllerResizeInProgress',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
];
const ZERO = parseQuantity('0');

export function validate(object: Readonly<ApiObject>): FieldError[] {
  return claimSpecErrors('spec', object['spec'] ?? {});
}

/** What of the spec must not change, with everything that may made the same as before. */
function settledSpec(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): Fields {
  const spec: Fields = structuredClone(object['spec'] ?? {});
  const old: Fields = previous['spec'] ?? {};
  if ((old['volumeName'] ?? '') === '') copy(spec, old, 'volumeName');
  copy(spec, old, 'volumeAttributesClassName');
  const annotated = previous.metadata?.annotations?.[BETA_CLASS];
  const named = spec['storageClassName'] !== undefined && old['storageClassName'] === undefined;
  // A claim without a class may get one, and one that is named by the old annotation the same as a field.
  if (named && (annotated === undefined || annotated === spec['storageClassName'])) copy(spec, old, 'storageClassName');
  if (object['status']?.phase === 'Bound' && spec['resources']?.requests !== undefined) {
    copy(spec['resources'].requests, old['resources']?.requests ?? {}, 'storage');
  }
  return spec;
}

function copy(to: Fields, from: Fields, name: string): void {
  if (from[name] === undefined) delete to[name];
  else to[name] = from[name];
}

function sizeErrors(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  const size = quantityOrUndefined(object['spec']?.resources?.requests?.storage) ?? ZERO;
  const before = quantityOrUndefined(previous['spec']?.resources?.requests?.storage) ?? ZERO;
  const real = quantityOrUndefined(previous['status']?.capacity?.storage) ?? ZERO;
  if (size.compare(before) >= 0 || size.compare(real) > 0) return [];
  return [forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity')];
}

function annotationErrors(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  const now = object.metadata?.annotations?.[BETA_CLASS];
  const before = previous.metadata?.annotations?.[BETA_CLASS];
  const moved =
    before !== undefined &&
    previous['spec']?.storageClassName === undefined &&
    object['spec']?.storageClassName === before;
  if (now === before || (moved && now === undefined)) return [];
  return [invalid(`metadata.annotations.${BETA_CLASS}`, now ?? '', 'field is immutable')];
}

export function validateUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  const spec: Fields = object['spec'] ?? {};
  const old: Fields = previous['spec'] ?? {};
  const errors = [...validate(object), ...annotationErrors(object, previous)];
  if (!sameValue(settledSpec(object, previous), old)) {
    const text =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n';
    errors.push(forbidden('spec', text));
  }
  errors.push(...sizeErrors(object, previous));
  // The path is upstream's, which begins at the spec.
  errors.push(...immutable('volumeMode', spec['volumeMode'], old['volumeMode']));
  const [name, before] = [spec['volumeAttributesClassName'], old['volumeAttributesClassName']];
  if (before !== undefined && before !== '' && (name === undefined || name === '')) {
    const to = name === undefined ? 'nil' : 'an empty string';
    errors.push(forbidden('spec.volumeAttributesClassName', `update from non-nil value to ${to} is forbidden`));
  }
  return errors;
}

function resourceKeyErrors(at: string, name: string): FieldError[] {
  const malformed = qualifiedNameProblems(name).map((problem) => invalid(at, name, problem));
  if (malformed.length > 0) return malformed;
  const native = !name.includes('/') || name.includes('kubernetes.io/');
  return native && name !== 'storage' ? [notSupported(at, name, ['storage'])] : [];
}

function amountErrors(at: string, value: unknown): FieldError[] {
  const quantity = quantityOrUndefined(value);
  if (quantity === undefined || quantity.sign() >= 0) return [];
  return [invalid(at, Number(quantity.value()), 'must be a valid resource quantity')];
}

export function validateStatusUpdate(object: Readonly<ApiObject>): FieldError[] {
  const status: Fields = object['status'] ?? {};
  const errors: FieldError[] = [];
  if ((object['spec']?.accessModes ?? []).length === 0) errors.push(required('Spec.accessModes'));
  for (const [name, value] of Object.entries((status['capacity'] ?? {}) as Fields)) {
    errors.push(...amountErrors(key('status.capacity', name), value));
  }
  for (const [name, state] of Object.entries((status['allocatedResourceStatuses'] ?? {}) as Fields)) {
    errors.push(...resourceKeyErrors('status.allocatedResourceStatus', name));
    if (!RESIZE_STATES.includes(state))
      errors.push(notSupported('status.allocatedResourceStatus', name, RESIZE_STATES));
  }
  for (const [name, value] of Object.entries((status['allocatedResources'] ?? {}) as Fields)) {
    const wrong = resourceKeyErrors('status.allocatedResources', name);
    errors.push(...(wrong.length > 0 ? wrong : amountErrors(key('status.allocatedResources', name), value)));
  }
  return errors;
}

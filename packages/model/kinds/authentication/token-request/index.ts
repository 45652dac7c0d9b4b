import { type FieldError, invalid } from '../../../field-error.ts';
import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';

const SHORTEST_SECONDS = 600;
const LONGEST_SECONDS = 2 ** 32;

function validate(object: Readonly<ApiObject>): FieldError[] {
  const seconds: number = object['spec']?.expirationSeconds ?? 0;
  const field = 'spec.expirationSeconds';
  if (seconds < SHORTEST_SECONDS) return [invalid(field, seconds, 'may not specify a duration less than 10 minutes')];
  if (seconds > LONGEST_SECONDS) {
    return [invalid(field, seconds, 'may not specify a duration larger than 2^32 seconds')];
  }
  return [];
}

/** Asks for a token of a service account; the body of serviceaccounts/token. */
export const tokenRequest: Strategy = {
  apiVersion: 'authentication.k8s.io/v1',
  kind: 'TokenRequest',
  virtual: true,
  defaults(object) {
    object['spec'] ??= {};
    object['spec'].expirationSeconds ??= 3600;
  },
  prepareForCreate(object) {
    object['status'] = {};
  },
  validate,
};

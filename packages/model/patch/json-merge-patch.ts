import { copyOf, getOwn, isProperties, type Properties, setOwn } from '../codec/own-property.ts';
import type { ApiObject } from '../object.ts';
import { PatchError } from './patch-error.ts';

/** A value of the patch that goes in where nothing was to merge it with: its nulls say nothing there. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map((element) => (isProperties(element) || Array.isArray(element) ? withoutNulls(element) : element));
  if (!isProperties(value)) return value;
  const result: Properties = {};
  for (const [name, inner] of Object.entries(value)) {
    if (inner !== null) setOwn(result, name, withoutNulls(inner));
  }
  return result;
}

function merge(original: Properties, patch: Properties): Properties {
  const result = { ...original };
  for (const [name, value] of Object.entries(patch)) {
    const old = getOwn(result, name);
    if (value === null) delete result[name];
    else setOwn(result, name, isProperties(old) && isProperties(value) ? merge(old, value) : withoutNulls(value));
  }
  return result;
}

/**
 * Applies a JSON merge patch (RFC 7386). Neither argument is changed, and the result shares nothing with them.
 * @throws PatchError invalid when the patch is no object
 */
export function jsonMergePatch(original: ApiObject, patch: unknown): ApiObject {
  if (!isProperties(patch)) throw new PatchError('invalid', 'Invalid JSON Patch');
  return merge(copyOf(original), copyOf(patch)) as ApiObject;
}

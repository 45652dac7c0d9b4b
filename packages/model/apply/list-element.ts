import { getOwn, isProperties } from '../codec/own-property.ts';
import type { ApplyListType } from './apply-schema.ts';
import { keyElement, valueElement } from './path-element.ts';

/** An element of a list that cannot be told apart from others. */
export class ListElementError extends Error {
  override readonly name = 'ListElementError';
}

/** The value of one key of an element, with the type's default; undefined when there is none. */
function keyOf(list: ApplyListType, item: Record<string, unknown>, name: string): unknown {
  const own = getOwn(item, name);
  if (own !== undefined) return own;
  return list.element.map?.fields.get(name)?.default;
}

/** How an element of a list of type map or set is found. @throws ListElementError when it has no identity */
export function listElement(list: ApplyListType, item: unknown): string {
  if (list.keys.length === 0) return setElement(item);
  if (item === null) throw new ListElementError('associative list with keys may not have a null element');
  if (!isProperties(item)) throw new ListElementError('associative list with keys may not have non-map elements');
  if (list.keys.length === 1 && typeof item[list.keys[0]!] === 'string')
    return `k:{${quoted(list.keys[0]!)}:${JSON.stringify(item[list.keys[0]!])}}`;
  const keys: Record<string, unknown> = {};
  let found = false;
  for (const name of list.keys) {
    const value = keyOf(list, item, name);
    if (value === undefined) continue;
    keys[name] = value;
    found = true;
  }
  if (!found) {
    const names = `[${list.keys.map((name) => JSON.stringify(name)).join(' ')}]`;
    throw new ListElementError(
      `associative list with keys has an element that omits all key fields ${names} (and doesn't have default values for any key fields)`,
    );
  }
  return keyElement(keys);
}

function setElement(item: unknown): string {
  if (item === null || item === undefined)
    throw new ListElementError("associative list without keys has an element that's an explicit null");
  if (Array.isArray(item)) throw new ListElementError('not supported: associative list with lists as elements');
  if (typeof item === 'object')
    throw new ListElementError("associative list without keys has an element that's a map type");
  return valueElement(item);
}

const quotedNames = new Map<string, string>();

function quoted(name: string): string {
  let text = quotedNames.get(name);
  if (text === undefined) {
    text = JSON.stringify(name);
    if (quotedNames.size < 1024) quotedNames.set(name, text);
  }
  return text;
}

/**
 * Whether two elements surely are the same one, told without making their path elements: their keys are there and equal.
 */
export function surelySame(list: ApplyListType, one: unknown, other: unknown): boolean {
  if (list.keys.length === 0) return one === other && typeof one !== 'object';
  if (!isProperties(one) || !isProperties(other)) return false;
  for (const name of list.keys) {
    const value = one[name];
    if (value === undefined || typeof value === 'object' || value !== other[name]) return false;
  }
  return true;
}

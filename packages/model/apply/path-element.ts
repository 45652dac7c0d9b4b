import { isProperties, type Properties } from '../codec/own-property.ts';
import type { FieldSet } from './field-set.ts';
import { leafField } from './field-set.ts';

/** The element of a path that names a field or a key of a map. */
export function fieldElement(name: string): string {
  return `f:${name}`;
}

/** The element that finds an element of a list by its keys, in the order of their names. */
export function keyElement(keys: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(keys).sort();
  return `k:{${names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(keys[name])}`).join(',')}}`;
}

/** The element that finds an element of a set. */
export function valueElement(value: unknown): string {
  return `v:${JSON.stringify(value)}`;
}

function scalarText(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : JSON.stringify(value);
}

/** An element as messages name it: `.spec`, `[name="web"]`, `[="a"]`, `[3]`. */
export function elementText(element: string): string {
  const content = element.slice(2);
  if (element.startsWith('f:')) return `.${content}`;
  if (element.startsWith('i:')) return `[${content}]`;
  if (element.startsWith('v:')) return `[=${scalarText(JSON.parse(content))}]`;
  const keys = JSON.parse(content) as Properties;
  return `[${Object.keys(keys)
    .sort()
    .map((name) => `${name}=${scalarText(keys[name])}`)
    .join(',')}]`;
}

/** `.spec.template.spec.containers[name="web"].image`. */
export function pathElementsText(path: readonly string[]): string {
  return path.map(elementText).join('');
}

/** A set of fields that cannot be read: what a client sent as FieldsV1. */
export class FieldSetError extends Error {
  override readonly name = 'FieldSetError';
}

/** Deeper sets than this are refused, as the objects that they would describe are. */
const deepestSet = 1000;

/** The one form of an element; undefined for one of a kind that is not known, which is passed over. */
function canonicalElement(text: string): string | undefined {
  if (text.length < 2) throw new FieldSetError('key must be 2 characters long:');
  if (text[1] !== ':') throw new FieldSetError(`missing colon: ${text}`);
  const content = text.slice(2);
  switch (text[0]) {
    case 'f':
      return text;
    case 'i':
      if (!/^[+-]?\d+$/.test(content))
        throw new FieldSetError(`strconv.Atoi: parsing ${JSON.stringify(content)}: invalid syntax`);
      return `i:${Number(content)}`;
    case 'v':
      return valueElement(parsed(content));
    case 'k': {
      const keys = parsed(content);
      if (!isProperties(keys)) throw new FieldSetError(`expected an object of keys in ${JSON.stringify(text)}`);
      return keyElement(keys);
    }
    default:
      return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new FieldSetError(`parsing key as path element: invalid JSON in ${JSON.stringify(text)}`);
  }
}

/**
 * Reads FieldsV1 as a client sent it. Elements of kinds that are not known are left out.
 * @throws FieldSetError when it is no set of fields
 */
export function readFieldSet(value: unknown, depth = 0): FieldSet {
  if (!isProperties(value)) throw new FieldSetError('expected an object of fields');
  if (depth > deepestSet) throw new FieldSetError('exceeded max depth');
  const result: FieldSet = {};
  for (const text of Object.keys(value)) {
    if (text === '.') {
      if (depth > 0) result['.'] = leafField;
      continue;
    }
    const element = canonicalElement(text);
    if (element === undefined) continue;
    result[element] = readFieldSet(value[text], depth + 1);
  }
  return result;
}

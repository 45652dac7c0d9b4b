import { isProperties } from '../codec/own-property.ts';

/** Whether two values are the same JSON; the order of names does not count. */
export function sameJsonValue(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left)) {
    if (!Array.isArray(right) || left.length !== right.length) return false;
    return left.every((element, position) => sameJsonValue(element, right[position]));
  }
  if (!isProperties(left) || !isProperties(right)) return false;
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => Object.hasOwn(right, name) && sameJsonValue(left[name], right[name]));
}

/** A text that is the same for equal values: names are sorted. */
export function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    isProperties(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}

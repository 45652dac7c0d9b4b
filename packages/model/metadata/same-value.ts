/**
 * Whether two values of the API mean the same: absent, null, an empty list, an empty map and (in strings) the empty
 * text are one, as they are to upstream's semantic equality. The order of a map's keys does not count. Quantities are
 * compared as text: they are canonical once they were defaulted.
 */
export function sameValue(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (isEmpty(left) || isEmpty(right)) return isEmpty(left) && isEmpty(right);
  if (typeof left !== 'object' || typeof right !== 'object') return false;
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
    return left.every((item, position) => sameValue(item, right[position]));
  }
  const one = left as Record<string, unknown>;
  const other = right as Record<string, unknown>;
  for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
    if (!sameValue(own(one, name), own(other, name))) return false;
  }
  return true;
}

function own(object: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return Array.isArray(value) && value.length === 0;
}

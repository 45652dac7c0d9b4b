/** Whether two values are the same JSON: the order of keys does not count, and a key without a value is no key. */
export function sameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  if (Array.isArray(left)) {
    const other = right as unknown[];
    return left.length === other.length && left.every((item, position) => sameJson(item, other[position]));
  }
  const one = left as Record<string, unknown>;
  const other = right as Record<string, unknown>;
  for (const name of Object.keys(one)) {
    if (one[name] === undefined ? other[name] !== undefined : !Object.hasOwn(other, name)) return false;
    if (one[name] !== undefined && !sameJson(one[name], other[name])) return false;
  }
  for (const name of Object.keys(other)) if (other[name] !== undefined && !Object.hasOwn(one, name)) return false;
  return true;
}

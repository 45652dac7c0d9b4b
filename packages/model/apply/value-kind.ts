import type { ApplyType } from './apply-schema.ts';

/** As what a value of a type is looked at. */
export type ValueKind = 'map' | 'scalar' | 'list' | 'none';

/** The kind that the value itself shows, when the type allows it; else the first that the type has. */
export function kindOf(type: ApplyType, value: unknown): ValueKind {
  if (value !== null && value !== undefined) {
    if (typeof value !== 'object') {
      if (type.scalar !== undefined) return 'scalar';
    } else if (Array.isArray(value)) {
      if (type.list !== undefined) return 'list';
    } else if (type.map !== undefined) return 'map';
  }
  if (type.map !== undefined) return 'map';
  if (type.scalar !== undefined) return 'scalar';
  return type.list === undefined ? 'none' : 'list';
}

/** Whether a list or map has nothing in it, or is no list or map. */
export function hasNothing(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  for (const _ in value) return false;
  return true;
}

/** Whether two values are the same JSON, lists in the same order, whatever the order of names. */
export function equalValues(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one)) {
    if (!Array.isArray(other) || one.length !== other.length) return false;
    for (let at = 0; at < one.length; at++) if (!equalValues(one[at], other[at])) return false;
    return true;
  }
  if (Array.isArray(other)) return false;
  const left = one as Record<string, unknown>;
  const right = other as Record<string, unknown>;
  let names = 0;
  for (const name in left) {
    names++;
    if (!Object.hasOwn(right, name) || !equalValues(left[name], right[name])) return false;
  }
  for (const _ in right) names--;
  return names === 0;
}

import type { ApplyType } from './apply-schema.ts';
import { type FieldSet, isEmptySet, isLeaf, isMember, leafField } from './field-set.ts';

/** Of values without a schema nothing is known that could have changed. */
function isDeduced(type: ApplyType): boolean {
  return type.map !== undefined && type.map.fields.size === 0 && type.map.element?.scalar === 'untyped';
}

/**
 * A set of fields that was written when the kind's schema may have been another: where a list, map or struct is replaced
 * as a whole now, whoever had fields in it has it as a whole. The same set when nothing is different.
 */
export function reconcileFields(type: ApplyType, set: FieldSet): FieldSet {
  return isDeduced(type) ? set : inside(type, set);
}

/** Goes through what is below a field that is not replaced as a whole. */
function inside(type: ApplyType, set: FieldSet): FieldSet {
  let result: FieldSet | undefined;
  for (const element in set) {
    if (element === '.') continue;
    const node = set[element]!;
    if (isLeaf(node)) continue;
    const inner = typeBelow(type, element);
    if (inner === undefined) continue;
    const now = reconciled(inner, node);
    if (now === node) continue;
    result ??= { ...set };
    result[element] = now;
  }
  return result ?? set;
}

function typeBelow(type: ApplyType, element: string): ApplyType | undefined {
  if (type.map !== undefined) {
    const field = element.startsWith('f:') ? type.map.fields.get(element.slice(2)) : undefined;
    return field?.type ?? type.map.element;
  }
  return type.scalar === undefined ? type.list?.element : undefined;
}

/** A node with something below it. */
function reconciled(type: ApplyType, node: FieldSet): FieldSet {
  if (type.map !== undefined) {
    if (isDeduced(type)) return node;
    if (type.map.atomic) return leafField;
    return inside(type, node);
  }
  if (type.scalar !== undefined) return node;
  if (type.list?.atomic === true) return leafField;
  return isMember(node) && isEmptySet(node) ? node : inside(type, node);
}

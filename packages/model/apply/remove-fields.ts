import { isProperties, type Properties, setOwn } from '../codec/own-property.ts';
import type { ApplyListType, ApplyMapType, ApplyType } from './apply-schema.ts';
import { below, type FieldSet, isEmptySet, isLeaf, isMember } from './field-set.ts';
import { listElement } from './list-element.ts';
import { hasNothing, kindOf } from './value-kind.ts';

/**
 * A value without the fields of a set: members go with everything in them; where only something below is in the set, the
 * rest stays. What becomes empty by that is null, and so is whatever is replaced as a whole and has fields in the set.
 * The value is not changed; the result shares parts with it.
 */
export function removeFields(type: ApplyType, value: unknown, set: FieldSet): unknown {
  const kind = kindOf(type, value);
  if (kind === 'scalar') return value;
  if (hasNothing(value)) return null;
  if (kind === 'map') return isProperties(value) && !type.map!.atomic ? withoutNames(type.map!, value, set) : null;
  if (kind === 'list') return Array.isArray(value) && !type.list!.atomic ? withoutItems(type.list!, value, set) : null;
  return value;
}

function withoutItems(list: ApplyListType, value: readonly unknown[], set: FieldSet): unknown {
  const kept: unknown[] = [];
  for (const item of value) {
    const node = set[listElement(list, item)];
    if (node === undefined) kept.push(item);
    else if (!isMember(node)) kept.push(removeFields(list.element, item, node));
  }
  return kept.length > 0 ? kept : null;
}

function withoutNames(map: ApplyMapType, value: Properties, set: FieldSet): unknown {
  const kept: Properties = {};
  for (const name in value) {
    const node = set[`f:${name}`];
    if (node === undefined) setOwn(kept, name, value[name]);
    else if (!isMember(node)) {
      const type = map.fields.get(name)?.type ?? map.element;
      setOwn(kept, name, type === undefined ? value[name] : removeFields(type, value[name], node));
    }
  }
  return hasNothing(kept) ? null : kept;
}

/** The set with every named field of a struct that has something below it in the set: what removing looks at. */
export function withNamedFields(type: ApplyType | undefined, set: FieldSet): FieldSet {
  const result: FieldSet = {};
  for (const element in set) {
    if (element === '.') continue;
    const node = set[element]!;
    if (isLeaf(node)) {
      result[element] = node;
      continue;
    }
    const map = element.startsWith('f:') ? type?.map : undefined;
    const field = map?.fields.get(element.slice(2));
    let inner = field?.type ?? map?.element;
    if (element.startsWith('k:')) inner = type?.list?.element;
    const deeper = withNamedFields(inner, below(node));
    const member = isMember(node) || field !== undefined;
    if (isEmptySet(deeper)) {
      if (member) result[element] = {};
    } else result[element] = member ? { '.': {}, ...deeper } : deeper;
  }
  return result;
}

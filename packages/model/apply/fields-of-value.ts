import { isProperties } from '../codec/own-property.ts';
import type { ApplyListType, ApplyMapType, ApplyType } from './apply-schema.ts';
import { below, type FieldSet, isEmptySet, leafField } from './field-set.ts';
import { listElement } from './list-element.ts';
import { hasNothing, kindOf } from './value-kind.ts';

/** What is owned of a value: `undefined` nothing, else the node with or without its own membership. */
function nodeOf(type: ApplyType, value: unknown): FieldSet | undefined {
  const kind = kindOf(type, value);
  if (kind === 'scalar') return leafField;
  if (kind === 'map') {
    if (type.map!.atomic) return leafField;
    return isProperties(value) ? mapFields(type.map!, value) : undefined;
  }
  if (kind === 'list') {
    if (type.list!.atomic) return leafField;
    return Array.isArray(value) ? listFields(type.list!, value) : undefined;
  }
  return undefined;
}

/** The same node, a member of its parent too. */
function asMember(node: FieldSet | undefined): FieldSet {
  if (node === undefined || node === leafField || isEmptySet(node)) return leafField;
  return node['.'] === undefined ? { '.': leafField, ...node } : node;
}

function mapFields(map: ApplyMapType, value: Record<string, unknown>): FieldSet | undefined {
  const set: FieldSet = {};
  for (const name in value) {
    const inner = value[name];
    const field = map.fields.get(name);
    const type = field?.type ?? map.element;
    if (type === undefined || inner === undefined) continue;
    const node = nodeOf(type, inner);
    const emptyMap = isProperties(inner) && hasNothing(inner);
    if (inner === null || emptyMap || field === undefined) set[`f:${name}`] = asMember(node);
    else if (node !== undefined) set[`f:${name}`] = node;
  }
  return isEmptySet(set) ? undefined : set;
}

function listFields(list: ApplyListType, value: readonly unknown[]): FieldSet | undefined {
  const set: FieldSet = {};
  for (const item of value) {
    const element = listElement(list, item);
    set[element] = set[element] === undefined ? asMember(nodeOf(list.element, item)) : leafField;
  }
  return isEmptySet(set) ? undefined : set;
}

/**
 * The fields that a configuration sets, and so is the manager of: leaves, elements of lists, keys of maps, and what is
 * replaced as a whole; not the structs on the way to them.
 * @throws ListElementError when an element of a list cannot be told apart from others
 */
export function fieldsOfValue(type: ApplyType, value: unknown): FieldSet {
  const node = nodeOf(type, value);
  return node === undefined || node === leafField ? {} : below(node);
}

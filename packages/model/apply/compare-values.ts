import { getOwn, isProperties, type Properties } from '../codec/own-property.ts';
import type { ApplyListType, ApplyMapType, ApplyType } from './apply-schema.ts';
import { addPath, type FieldSet, isEmptySet, leafField } from './field-set.ts';
import { listElement, surelySame } from './list-element.ts';
import { equalValues, hasNothing, kindOf, type ValueKind } from './value-kind.ts';

/** What makes one object another; no field is in two of the sets. */
export interface Comparison {
  /** Fields that only the first has. */
  readonly removed: FieldSet;
  /** Fields that both have, with different values. */
  readonly modified: FieldSet;
  /** Fields that only the second has. */
  readonly added: FieldSet;
}

export function isSame(comparison: Comparison): boolean {
  return isEmptySet(comparison.removed) && isEmptySet(comparison.modified) && isEmptySet(comparison.added);
}

/** What of a value is there when all of it is new: it and everything in it. */
export function allFields(type: ApplyType, value: unknown): FieldSet {
  const kind = kindOf(type, value);
  if (kind === 'map' && !type.map!.atomic && isProperties(value) && !hasNothing(value)) {
    const { fields, element } = type.map!;
    const set: FieldSet = { '.': leafField };
    for (const name in value) {
      const inner = fields.get(name)?.type ?? element;
      if (inner !== undefined && value[name] !== undefined) set[`f:${name}`] = allFields(inner, value[name]);
    }
    return set;
  }
  if (kind === 'list' && !type.list!.atomic && Array.isArray(value) && value.length > 0)
    return allElements(type.list!, value);
  return leafField;
}

/** Elements that are there twice are one field, with nothing below it. */
function allElements(list: ApplyListType, value: readonly unknown[]): FieldSet {
  const set: FieldSet = { '.': leafField };
  for (const item of value) {
    const element = listElement(list, item);
    set[element] = set[element] === undefined ? allFields(list.element, item) : leafField;
  }
  return set;
}

/** Where a walk is: names, and elements of lists, whose path elements are only made when one is needed. */
type Step = string | { readonly list: ApplyListType; readonly item: unknown };

class CompareWalk implements Comparison {
  readonly removed: FieldSet = {};
  readonly modified: FieldSet = {};
  readonly added: FieldSet = {};
  readonly #steps: Step[] = [];

  /** @param left, @param right `undefined`: it is not there. One of them is. */
  compare(type: ApplyType, left: unknown, right: unknown): void {
    if (left === right) return;
    if (left === undefined) this.#record(this.added, allFields(type, right));
    else if (right === undefined) this.#record(this.removed, allFields(type, left));
    else {
      const one = kindOf(type, left);
      const other = kindOf(type, right);
      const differ = one !== other && left !== null && right !== null;
      if (differ) this.#compareAs(one, type, left, right);
      this.#compareAs(right === null ? one : other, type, left, right);
    }
  }

  #compareAs(kind: ValueKind, type: ApplyType, left: unknown, right: unknown): void {
    if (kind === 'map' && !type.map!.atomic) {
      const one = isProperties(left) ? left : none;
      const other = isProperties(right) ? right : none;
      if (!hasNothing(one) || !hasNothing(other)) {
        this.#maps(type.map!, one, other);
        return;
      }
    } else if (kind === 'list' && !type.list!.atomic) {
      const one = Array.isArray(left) ? left : noElements;
      const other = Array.isArray(right) ? right : noElements;
      if (one.length > 0 || other.length > 0) {
        this.#lists(type.list!, one, other);
        return;
      }
    }
    if (!equalValues(left, right)) this.#record(this.modified, leafField);
  }

  #maps(map: ApplyMapType, left: Properties, right: Properties): void {
    for (const name in right) {
      const now = right[name];
      if (now !== undefined) this.#field(map, name, getOwn(left, name), now);
    }
    for (const name in left) {
      if (left[name] !== undefined && getOwn(right, name) === undefined) this.#field(map, name, left[name], undefined);
    }
  }

  #field(map: ApplyMapType, name: string, left: unknown, right: unknown): void {
    if (left === right) return;
    const type = map.fields.get(name)?.type ?? map.element;
    if (type === undefined) return;
    this.#steps.push(`f:${name}`);
    this.compare(type, left, right);
    this.#steps.pop();
  }

  #lists(list: ApplyListType, left: readonly unknown[], right: readonly unknown[]): void {
    if (left.length > shortList && equalValues(left, right)) return;
    if (this.#inStep(list, left, right)) {
      for (let at = 0; at < left.length; at++) this.#element(list, left[at], right[at]);
      return;
    }
    const before = grouped(list, left);
    const after = grouped(list, right);
    for (const [element, one] of before) this.#group(list, element, one, after.get(element) ?? noElements);
    for (const [element, other] of after) if (!before.has(element)) this.#group(list, element, noElements, other);
  }

  /** Whether short lists have the same elements in the same order, each once. Told without making path elements. */
  #inStep(list: ApplyListType, left: readonly unknown[], right: readonly unknown[]): boolean {
    if (left.length !== right.length || left.length > shortList) return false;
    for (let at = 0; at < left.length; at++) {
      if (!surelySame(list, left[at], right[at])) return false;
      for (let earlier = 0; earlier < at; earlier++) if (surelySame(list, left[earlier], left[at])) return false;
    }
    return true;
  }

  #element(list: ApplyListType, left: unknown, right: unknown): void {
    if (left === right) return;
    this.#steps.push({ list, item: left ?? right });
    this.compare(list.element, left, right);
    this.#steps.pop();
  }

  /** The elements of one identity. Where there are several, they count as one value. */
  #group(list: ApplyListType, element: string, before: readonly unknown[], after: readonly unknown[]): void {
    this.#steps.push(element);
    if (before.length <= 1 && after.length <= 1) this.compare(list.element, before[0], after[0]);
    else if (before.length >= 2 && after.length >= 2) {
      if (!equalValues(before, after)) this.#record(this.modified, leafField);
    } else if (before.length >= 2) {
      if (after.length > 0) this.compare(list.element, undefined, after[0]);
      this.#record(this.removed, leafField);
    } else {
      if (before.length > 0) this.compare(list.element, before[0], undefined);
      this.#record(this.added, leafField);
    }
    this.#steps.pop();
  }

  #record(set: FieldSet, fields: FieldSet): void {
    if (this.#steps.length > 0) {
      const path = this.#steps.map((step) => (typeof step === 'string' ? step : listElement(step.list, step.item)));
      addPath(set, path, fields);
    } else for (const element in fields) if (element !== '.') addPath(set, [element], fields[element]!);
  }
}

/** Lists up to this length are compared element by element, each with each. */
const shortList = 16;
const none: Properties = {};
const noElements: readonly unknown[] = [];

function grouped(list: ApplyListType, values: readonly unknown[]): Map<string, unknown[]> {
  const groups = new Map<string, unknown[]>();
  for (const value of values) {
    const element = listElement(list, value);
    const group = groups.get(element);
    if (group === undefined) groups.set(element, [value]);
    else group.push(value);
  }
  return groups;
}

/**
 * What makes `left` `right`.
 * @throws ListElementError when an element of a list cannot be told apart from others
 */
export function compareValues(type: ApplyType, left: unknown, right: unknown): Comparison {
  const walk = new CompareWalk();
  walk.compare(type, left, right);
  return walk;
}

import { copyOf, getOwn, isProperties, type Properties, setOwn } from '../codec/own-property.ts';
import type { ApiObject } from '../object.ts';
import type { Field, ValueType } from '../tables/field-expression.ts';
import { findType, plainName, structType } from '../tables/struct-type.ts';
import { checkMergeKeys, identityOf, orderElements } from './element-order.ts';
import { goText, goTypeText } from './go-text.ts';
import { PatchError } from './patch-error.ts';

const directive = '$patch';
const retainKeys = '$retainKeys';
const deletePrefix = '$deleteFromPrimitiveList';
const orderPrefix = '$setElementOrder';

const badPrimitiveList = 'invalid patch format of primitive list';
const badRetainKeys = 'invalid patch format of retainKeys';
const badElementOrder = 'invalid patch format of setElementOrder list';

function invalid(message: string): never {
  throw new PatchError('invalid', message);
}

function badType(expected: string, actual: unknown): never {
  return invalid(`expected a ${expected}, but received a ${goTypeText(actual)}`);
}

/** What a value of the patch is where nothing is to be merged with: nulls and directives are no content. */
function content(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((element) => !hasDirective(element)).map(content);
  if (!isProperties(value)) return value;
  const result: Properties = {};
  for (const [name, inner] of Object.entries(value)) {
    if (inner !== null && !hasDirective(inner)) setOwn(result, name, content(inner));
  }
  return result;
}

function hasDirective(value: unknown): boolean {
  return isProperties(value) && Object.hasOwn(value, directive);
}

function setContent(target: Properties, name: string, value: unknown): void {
  if (hasDirective(value)) delete target[name];
  else setOwn(target, name, content(value));
}

/** The name of the list that a directive is about: `$setElementOrder/containers`. */
function listName(name: string, prefix: string, problem: string): string {
  const slash = name.indexOf('/');
  if (slash < 0 || name.slice(0, slash) !== prefix) return invalid(problem);
  return name.slice(slash + 1);
}

/** How the field of an object is merged. @throws PatchError when the type of the object has no such field. */
function fieldOf(type: ValueType | undefined, name: string): Field {
  if (type?.form !== 'struct') {
    const kind = type?.form === 'map' ? 'map' : type?.form === 'list' ? 'slice' : 'interface';
    return invalid(`merging an object in json but data type is not struct, instead is: ${kind}`);
  }
  const field = findType(type.name)?.fields.get(name);
  if (field !== undefined) return field;
  const plain = plainName(type.name);
  const short = plain.slice(plain.lastIndexOf('.') + 1);
  return invalid(`unable to find api field in struct ${short} for the json field ${JSON.stringify(name)}`);
}

/** Values of the original that the patch does not want kept are dropped; a value that it sets has to be wanted. */
function applyRetainKeys(original: Properties, patch: Properties): void {
  if (!Object.hasOwn(patch, retainKeys)) return;
  const wanted = patch[retainKeys];
  delete patch[retainKeys];
  if (!Array.isArray(wanted)) invalid(badRetainKeys);
  for (const [name, value] of Object.entries(patch)) {
    const skipped = value === null || name.startsWith(deletePrefix) || name.startsWith(orderPrefix);
    if (!skipped && !wanted.includes(name)) invalid(badRetainKeys);
  }
  for (const name of Object.keys(original)) if (!wanted.includes(name)) delete original[name];
}

/** The elements of the patch have to stand in the order's order, and be part of it. */
function checkElementOrder(patch: readonly unknown[], order: readonly unknown[], mergeKey: string | undefined): void {
  const elements = patch.filter((element) => !hasDirective(element));
  if (order.length === 0 || patch.length === 0) return;
  checkMergeKeys(elements, mergeKey);
  checkMergeKeys(order, mergeKey);
  let next = 0;
  for (const place of order) {
    if (next < elements.length && identityOf(elements[next], mergeKey) === identityOf(place, mergeKey)) next++;
  }
  if (next < elements.length) {
    invalid(`The order in patch list:\n${goText(patch)}\n doesn't match ${orderPrefix} list:\n${goText(order)}\n`);
  }
}

function applyElementOrders(original: Properties, patch: Properties, type: ValueType | undefined): void {
  for (const [name, order] of Object.entries(patch)) {
    if (!name.startsWith(orderPrefix)) continue;
    delete patch[name];
    if (!Array.isArray(order)) badType('[]interface {}', order);
    const list = listName(name, orderPrefix, badElementOrder);
    const live = getOwn(original, list);
    const change = getOwn(patch, list);
    if (live !== undefined && !Array.isArray(live)) badType('[]interface {}', live);
    if (change !== undefined && change !== null && !Array.isArray(change)) badType('[]interface {}', change);
    const field = fieldOf(type, list);
    checkElementOrder(change ?? [], order, field.mergeKey);
    if (change === null || (live === undefined && change === undefined)) continue;
    let merged = live ?? [];
    if (live === undefined) merged = content(change) as unknown[];
    else if (change !== undefined) merged = mergeList(live, change, field, false);
    checkMergeKeys(merged, field.mergeKey);
    setOwn(
      original,
      list,
      orderElements(merged, order, orderAfter(live ?? [], change ?? [], field.mergeKey), field.mergeKey),
    );
    delete patch[list];
  }
}

/**
 * The order that a list is taken to have had. Upstream deletes and appends in the list's own memory before it looks at
 * it, so what is added after a deletion has the place that became free at the end.
 */
function orderAfter(live: readonly unknown[], change: readonly unknown[], mergeKey: string | undefined): unknown[] {
  const order = [...live];
  if (mergeKey === undefined) return order;
  let length = live.length;
  for (const element of change) {
    if (!hasDirective(element)) continue;
    const gone = (element as Properties)[mergeKey];
    let at = 0;
    while (at < length) {
      if ((order[at] as Properties)[mergeKey] === gone) {
        order.copyWithin(at, at + 1, length);
        length--;
      } else at++;
    }
  }
  const kept = new Set(order.slice(0, length).map((element) => (element as Properties)[mergeKey]));
  for (const element of change) {
    if (hasDirective(element) || kept.has((element as Properties)[mergeKey])) continue;
    if (length < order.length) order[length] = element;
    length++;
  }
  return order;
}

function elementKind(lists: readonly (readonly unknown[])[]): string {
  let kind: string | undefined;
  for (const element of lists.flat(1)) {
    const own = goTypeText(element);
    if (own === '[]interface {}') invalidLists();
    if (kind !== undefined && kind !== own) invalid(`list element types are not identical: ${goText(lists)}`);
    kind = own;
  }
  return kind ?? '';
}

function invalidLists(): never {
  throw new PatchError('unprocessable', 'lists of lists are not supported');
}

function mergeList(live: unknown[], patch: unknown[], field: Field, deleting: boolean): unknown[] {
  if (field.merge !== true && !deleting) return patch;
  if (live.length === 0 && patch.length === 0) return live;
  const kind = elementKind([live, patch]);
  if (kind !== 'map[string]interface {}') {
    if (deleting) return live.filter((element) => !patch.includes(element));
    return orderElements([...new Set([...live, ...patch])], patch, live, undefined);
  }
  const { mergeKey } = field;
  if (mergeKey === undefined) return invalid('cannot merge lists without merge key for struct');
  return mergeByKey(live as Properties[], patch as Properties[], mergeKey, elementType(field));
}

function elementType(field: Field): ValueType | undefined {
  return field.type.form === 'list' ? field.type.element : undefined;
}

/** Merges lists of objects, after the elements of the patch that are directives have had their effect. */
function mergeByKey(
  live: readonly Properties[],
  patch: readonly Properties[],
  mergeKey: string,
  type: ValueType | undefined,
): unknown[] {
  let base = [...live];
  const changes: Properties[] = [];
  let replace = false;
  for (const element of patch) {
    const action = getOwn(element, directive);
    if (action === undefined) changes.push(element);
    else if (action === 'replace') replace = true;
    else if (action === 'merge') invalid('merging lists cannot yet be specified in the patch');
    else if (action !== 'delete') invalid(`unknown patch type: ${goText(action)} in map: ${goText(element)}`);
    else {
      checkMergeKeys([element], mergeKey);
      base = base.filter((each) => each[mergeKey] !== element[mergeKey]);
    }
  }
  if (replace) return changes;
  checkMergeKeys(changes, mergeKey);
  const merged: Properties[] = [...base];
  for (const change of changes) {
    const index = merged.findIndex((each) => each[mergeKey] === change[mergeKey]);
    if (index < 0) merged.push(change);
    else merged[index] = mergeObject(merged[index]!, change, type);
  }
  checkMergeKeys(merged, mergeKey);
  return orderElements(merged, changes, base, mergeKey);
}

function applyDirective(action: unknown, patch: Properties): Properties {
  if (action === 'delete') return {};
  if (action !== 'replace') return invalid(`unknown patch type: ${goText(action)} in map: ${goText(patch)}`);
  const { [directive]: _, ...rest } = patch;
  return rest;
}

function mergeObject(live: Properties, change: Properties, type: ValueType | undefined): Properties {
  if (Object.hasOwn(change, directive)) return applyDirective(change[directive], change);
  const result = { ...live };
  const patch = { ...change };
  applyRetainKeys(result, patch);
  applyElementOrders(result, patch, type);
  for (const [given, value] of Object.entries(patch)) {
    const deleting = given.startsWith(deletePrefix);
    const name = deleting ? listName(given, deletePrefix, badPrimitiveList) : given;
    const old = getOwn(result, name);
    if (value === null) delete result[name];
    else if (old === undefined || goTypeText(old) !== goTypeText(value)) {
      if (!deleting) setContent(result, name, value);
    } else if (isProperties(old)) {
      const field = fieldOf(type, name);
      setOwn(result, name, field.replace === true ? value : mergeObject(old, value as Properties, field.type));
    } else if (Array.isArray(old)) {
      setOwn(result, name, mergeList(old, value as unknown[], fieldOf(type, name), deleting));
    } else setOwn(result, name, value);
  }
  return result;
}

/**
 * Applies a strategic merge patch with all its directives ($patch: replace, delete; $retainKeys; $setElementOrder;
 * $deleteFromPrimitiveList). Neither argument is changed and the result shares nothing with them. It may hold fields that
 * the type has not: normalize it. @param type the object's name in the tables.
 * @throws PatchError with upstream's words
 */
export function strategicMergePatch(type: string, original: ApiObject, patch: unknown): ApiObject {
  if (!isProperties(patch)) return invalid('invalid JSON document');
  return mergeObject(copyOf(original), copyOf(patch), { form: 'struct', name: structType(type).name }) as ApiObject;
}

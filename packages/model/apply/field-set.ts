/**
 * Fields of an object, in the form that FieldsV1 has in JSON
 * (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/#ObjectMeta, managedFields): a tree
 * of path elements. A node without anything in it is a member; one with elements below it is a member only when `.` is
 * among them. Elements begin with `f:` (a name), `k:` (the keys of a list's element), `v:` (the value of a set's element)
 * or `i:` (a position), so that no name of a client's can be mistaken for a property of JavaScript's.
 *
 * Sets are never changed once they are made, but by `addPath` while their maker builds them.
 */
export interface FieldSet {
  [element: string]: FieldSet;
}

/** The member without anything below it. */
export const leafField: FieldSet = Object.freeze({});
export const noFields: FieldSet = Object.freeze({});
const self = '.';

/** Whether a node of the tree has nothing below it. */
export function isLeaf(node: FieldSet): boolean {
  for (const element in node) return element === self && Object.keys(node).length === 1;
  return true;
}

/** Whether the field that a node stands for is itself in the set. */
export function isMember(node: FieldSet): boolean {
  for (const _ in node) return node[self] !== undefined;
  return true;
}

export function isEmptySet(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

/** A node with the given elements below it; undefined when it would say nothing. */
function nodeOf(member: boolean, below: FieldSet | undefined): FieldSet | undefined {
  if (below === undefined || isEmptySet(below)) return member ? leafField : undefined;
  return member ? { [self]: leafField, ...below } : below;
}

/** What is below a node, without its own membership. */
export function below(node: FieldSet): FieldSet {
  if (node[self] === undefined) return node;
  const { [self]: _, ...rest } = node;
  return rest;
}

/** Puts one field, with what is below it, into a set that is being built. The path is not empty. */
export function addPath(set: FieldSet, path: readonly string[], end: FieldSet = leafField): void {
  let node = set;
  const last = path.length - 1;
  for (let at = 0; at < last; at++) {
    const element = path[at]!;
    const next = node[element];
    if (next === undefined) node = node[element] = {};
    else if (next === leafField || isLeaf(next)) node = node[element] = { [self]: leafField };
    else node = next;
  }
  const old = node[path[last]!];
  node[path[last]!] = old === undefined ? end : joined(old, end);
}

function joined(one: FieldSet, other: FieldSet): FieldSet {
  if (one === other) return one;
  const member = isMember(one) || isMember(other);
  if (isLeaf(one)) return nodeOf(member, below(other))!;
  if (isLeaf(other)) return nodeOf(member, below(one))!;
  return nodeOf(member, unionOf(below(one), below(other)))!;
}

export function unionOf(one: FieldSet, other: FieldSet): FieldSet {
  if (one === other || isEmptySet(other)) return one;
  if (isEmptySet(one)) return other;
  const result = { ...one };
  for (const element in other) {
    const old = result[element];
    result[element] = old === undefined ? other[element]! : joined(old, other[element]!);
  }
  return result;
}

/**
 * What is in `one` and not in `other`. A field that is taken away leaves what is below it, and the other way about.
 */
export function differenceOf(one: FieldSet, other: FieldSet): FieldSet {
  if (isEmptySet(other)) return one;
  const result: FieldSet = {};
  for (const element in one) {
    if (element === self) continue;
    const node = one[element]!;
    const gone = other[element];
    if (gone === undefined) {
      result[element] = node;
      continue;
    }
    const deeper = isLeaf(node) ? undefined : isLeaf(gone) ? below(node) : differenceOf(below(node), gone);
    const rest = nodeOf(isMember(node) && !isMember(gone), deeper);
    if (rest !== undefined) result[element] = rest;
  }
  return result;
}

/** What is in `one` and neither in `other` nor below a field of it. */
export function outsideOf(one: FieldSet, other: FieldSet): FieldSet {
  if (isEmptySet(other)) return one;
  const result: FieldSet = {};
  for (const element in one) {
    if (element === self) continue;
    const node = one[element]!;
    const gone = other[element];
    if (gone === undefined) result[element] = node;
    else if (!isMember(gone)) {
      const rest = nodeOf(isMember(node), isLeaf(node) ? undefined : outsideOf(below(node), gone));
      if (rest !== undefined) result[element] = rest;
    }
  }
  return result;
}

export function intersectionOf(one: FieldSet, other: FieldSet): FieldSet {
  const result: FieldSet = {};
  for (const element in one) {
    const left = one[element]!;
    const right = other[element];
    if (element === self || right === undefined) continue;
    const deeper = isLeaf(left) || isLeaf(right) ? undefined : intersectionOf(below(left), below(right));
    const both = nodeOf(isMember(left) && isMember(right), deeper);
    if (both !== undefined) result[element] = both;
  }
  return result;
}

/** Whether every field of `part` is in `whole`. */
export function includesSet(whole: FieldSet, part: FieldSet): boolean {
  for (const element in part) {
    if (element === self) continue;
    const wanted = part[element]!;
    const found = whole[element];
    if (found === undefined || (isMember(wanted) && !isMember(found))) return false;
    if (!isLeaf(wanted) && !includesSet(found, wanted)) return false;
  }
  return true;
}

export function sameSet(one: FieldSet, other: FieldSet): boolean {
  return one === other || (includesSet(one, other) && includesSet(other, one));
}

export function hasPath(set: FieldSet, path: readonly string[]): boolean {
  let node: FieldSet | undefined = set;
  for (const element of path) {
    node = node[element];
    if (node === undefined) return false;
  }
  return path.length > 0 && isMember(node);
}

/** The paths of a set in the order of its elements: the fields of a level, then what is below each. */
export function pathsOf(set: FieldSet): string[][] {
  const paths: string[][] = [];
  collect(set, [], paths);
  return paths;
}

function collect(set: FieldSet, prefix: readonly string[], paths: string[][]): void {
  const elements = Object.keys(set)
    .filter((element) => element !== self)
    .sort();
  for (const element of elements) if (isMember(set[element]!)) paths.push([...prefix, element]);
  for (const element of elements) if (!isLeaf(set[element]!)) collect(set[element]!, [...prefix, element], paths);
}

const quotedElements = new Map<string, string>();
const mostQuoted = 4096;

/** An element as a name in JSON, with its colon. The same few come with every object. */
export function quotedElement(element: string): string {
  let text = quotedElements.get(element);
  if (text === undefined) {
    text = `${JSON.stringify(element)}:`;
    if (quotedElements.size >= mostQuoted) quotedElements.clear();
    if (element.length < 128) quotedElements.set(element, text);
  }
  return text;
}

/** The set's JSON, elements in order, so that equal sets have equal texts. */
export function fieldSetText(set: FieldSet): string {
  const elements = Object.keys(set);
  if (elements.length === 0) return '{}';
  if (elements.length > 1) elements.sort();
  let text = '{';
  for (const element of elements) {
    if (text.length > 1) text += ',';
    const node = set[element]!;
    text += `${quotedElement(element)}${node === leafField ? '{}' : fieldSetText(node)}`;
  }
  return `${text}}`;
}

const parsedSets = new Map<string, FieldSet>();
const mostParsed = 256;

/** Reads what `fieldSetText` wrote. Objects of one template are managed alike: their sets are read once. */
export function parseFieldSet(text: string): FieldSet {
  let set = parsedSets.get(text);
  if (set === undefined) {
    set = JSON.parse(text) as FieldSet;
    if (parsedSets.size >= mostParsed) parsedSets.clear();
    if (text.length <= longestParsed) parsedSets.set(text, set);
  }
  return set;
}

/** Longer texts are of objects that are like no other. */
const longestParsed = 8192;

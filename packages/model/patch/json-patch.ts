import { isDeepStrictEqual } from 'node:util';
import { getOwn, isProperties, type Properties, setOwn } from '../codec/own-property.ts';
import type { ApiObject } from '../object.ts';
import { PatchError } from './patch-error.ts';

/** What upstream allows in one patch. */
const mostOperations = 10_000;
/** Copies may not make an object longer than any request could be. */
const mostCopiedCharacters = 3 * 1024 * 1024;

type Container = Properties | unknown[];

/** The message ends with the kind of the failure, as upstream's wrapped errors do. */
function fail(text: string, cause: 'missing value' | 'test failed' | 'invalid index referenced'): never {
  throw new PatchError('unprocessable', `${text}: ${cause}`);
}

function decodeToken(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

/** An index as Go's strconv.Atoi reads it. */
function indexOf(token: string): number {
  if (!/^[+-]?\d+$/.test(token)) {
    throw new PatchError('unprocessable', `strconv.Atoi: parsing ${JSON.stringify(token)}: invalid syntax`);
  }
  return Number(token);
}

/** Negative indices count from the end, as upstream's library allows. */
function elementIndex(list: readonly unknown[], token: string, length = list.length): number {
  const index = indexOf(token);
  if (index >= length || index < -length) fail(`Unable to access invalid index: ${index}`, 'invalid index referenced');
  return index < 0 ? index + length : index;
}

function read(container: Container, token: string): unknown {
  if (Array.isArray(container)) return container[elementIndex(container, token)];
  return getOwn(container, token);
}

/** The container that a path ends in and the last token, or undefined when it is not there. */
function locate(root: Container, path: string): { container: Container; token: string } | undefined {
  const tokens = path.split('/');
  if (tokens.length < 2) return undefined;
  let container = root;
  for (const token of tokens.slice(1, -1)) {
    let next: unknown;
    try {
      next = read(container, decodeToken(token));
    } catch (thrown) {
      if (thrown instanceof PatchError) return undefined;
      throw thrown;
    }
    if (!isContainer(next)) return undefined;
    container = next;
  }
  return { container, token: decodeToken(tokens.at(-1)!) };
}

function insert(container: Container, token: string, value: unknown): void {
  if (!Array.isArray(container)) setOwn(container, token, value);
  else if (token === '-') container.push(value);
  else {
    try {
      container.splice(elementIndex(container, token, container.length + 1), 0, value);
    } catch (thrown) {
      if (!(thrown instanceof PatchError) || !thrown.message.startsWith('strconv')) throw thrown;
      throw new PatchError('unprocessable', `value was not a proper array index: '${token}': ${thrown.message}`);
    }
  }
}

function remove(container: Container, token: string): void {
  if (Array.isArray(container)) container.splice(elementIndex(container, token), 1);
  else if (Object.hasOwn(container, token)) delete container[token];
  else fail(`Unable to remove nonexistent key: ${token}`, 'missing value');
}

/** Puts where it happened before what happened. */
function within<T>(place: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof PatchError) throw new PatchError(thrown.code, `${place}: ${thrown.message}`);
    throw thrown;
  }
}

class JsonPatchRun {
  root: Container;
  #copied = 0;

  constructor(root: Container) {
    this.root = root;
  }

  apply(operation: Properties): void {
    const kind = typeof operation['op'] === 'string' ? operation['op'] : 'unknown';
    if (kind === 'add') this.#add(operation);
    else if (kind === 'remove') this.#remove(operation);
    else if (kind === 'replace') this.#replace(operation);
    else if (kind === 'move') this.#move(operation);
    else if (kind === 'copy') this.#copy(operation);
    else if (kind === 'test') this.#test(operation);
    else throw new PatchError('unprocessable', `Unexpected kind: ${kind}`);
  }

  #text(operation: Properties, field: 'path' | 'from', kind: string): string {
    const value = getOwn(operation, field);
    if (typeof value === 'string') return value;
    const why = `${kind} operation failed to decode ${field}`;
    if (kind === 'add' || kind === 'remove') fail(why, 'missing value');
    return fail(`${why}: operation${field === 'from' ? ',' : ''} missing ${field} field`, 'missing value');
  }

  #value(operation: Properties): unknown {
    return structuredClone(getOwn(operation, 'value') ?? null);
  }

  #add(operation: Properties): void {
    const path = this.#text(operation, 'path', 'add');
    const found = locate(this.root, path);
    if (found === undefined) fail(`add operation does not apply: doc is missing path: "${path}"`, 'missing value');
    within(`error in add for path: '${path}'`, () => insert(found.container, found.token, this.#value(operation)));
  }

  #remove(operation: Properties): void {
    const path = this.#text(operation, 'path', 'remove');
    const found = locate(this.root, path);
    if (found === undefined) {
      fail(`remove operation does not apply: doc is missing path: "${path}"`, 'missing value');
    }
    within(`error in remove for path: '${path}'`, () => remove(found.container, found.token));
  }

  #replace(operation: Properties): void {
    const path = this.#text(operation, 'path', 'replace');
    const value = this.#value(operation);
    if (path === '') {
      if (!isContainer(value)) throw new PatchError('unprocessable', 'replace operation value must be object or array');
      this.root = value;
      return;
    }
    const found = locate(this.root, path);
    if (found === undefined) fail(`replace operation does not apply: doc is missing path: ${path}`, 'missing value');
    const { container, token } = found;
    if (!Array.isArray(container)) {
      setOwn(container, token, value);
      return;
    }
    let index: number;
    try {
      index = elementIndex(container, token);
    } catch {
      fail(`replace operation does not apply: doc is missing key: ${path}`, 'missing value');
    }
    container[index] = value;
  }

  #move(operation: Properties): void {
    const from = this.#text(operation, 'from', 'move');
    const source = locate(this.root, from);
    if (source === undefined) fail(`move operation does not apply: doc is missing from path: ${from}`, 'missing value');
    const value = within(`error in move for path: '${source.token}'`, () => {
      const moved = read(source.container, source.token);
      remove(source.container, source.token);
      return moved;
    });
    const path = this.#text(operation, 'path', 'move');
    const target = locate(this.root, path);
    if (target === undefined) {
      fail(`move operation does not apply: doc is missing destination path: ${path}`, 'missing value');
    }
    within(`error in move for path: '${path}'`, () => insert(target.container, target.token, value));
  }

  #copy(operation: Properties): void {
    const from = this.#text(operation, 'from', 'copy');
    const source = locate(this.root, from);
    if (source === undefined) fail(`copy operation does not apply: doc is missing from path: ${from}`, 'missing value');
    const value = within(`error in copy for from: '${from}'`, () => read(source.container, source.token));
    const path = this.#text(operation, 'path', 'copy');
    const target = locate(this.root, path);
    if (target === undefined) {
      fail(`copy operation does not apply: doc is missing destination path: ${path}`, 'missing value');
    }
    this.#copied += value === undefined ? 0 : JSON.stringify(value).length;
    if (this.#copied > mostCopiedCharacters) {
      const text = `Unable to complete the copy, the accumulated size increase of copy is ${this.#copied}`;
      throw new PatchError('unprocessable', `${text}, exceeding the limit ${mostCopiedCharacters}`);
    }
    within('error while adding value during copy', () =>
      insert(target.container, target.token, structuredClone(value ?? null)),
    );
  }

  #test(operation: Properties): void {
    const path = this.#text(operation, 'path', 'test');
    const wanted = getOwn(operation, 'value') ?? null;
    let actual: unknown = this.root;
    if (path !== '') {
      const found = locate(this.root, path);
      if (found === undefined) fail(`test operation does not apply: is missing path: ${path}`, 'missing value');
      actual = within(`error in test for path: '${path}'`, () => read(found.container, found.token)) ?? null;
    }
    if (!isDeepStrictEqual(actual, wanted)) fail(`testing value ${path} failed`, 'test failed');
  }
}

/**
 * Applies a JSON patch (RFC 6902), with what upstream's library makes of it: negative indices count from the end, and a
 * replace of a name that is not there adds it. The original is not changed.
 * @throws PatchError invalid for what is no list of operations, unprocessable for operations that do not fit
 */
export function jsonPatch(original: ApiObject, operations: unknown): ApiObject {
  if (!Array.isArray(operations) || !operations.every(isProperties)) {
    const given = isProperties(operations) ? 'object' : Array.isArray(operations) ? 'array' : typeof operations;
    const wanted = Array.isArray(operations) ? 'jsonpatch.Operation' : 'jsonpatch.Patch';
    throw new PatchError('invalid', `json: cannot unmarshal ${given} into Go value of type ${wanted}`);
  }
  if (operations.length > mostOperations) {
    const text = `The allowed maximum operations in a JSON patch is ${mostOperations}, got ${operations.length}`;
    throw new PatchError('tooLarge', text);
  }
  const run = new JsonPatchRun(structuredClone(original));
  for (const operation of operations) run.apply(operation);
  if (Array.isArray(run.root)) throw new PatchError('unprocessable', 'the patched object is no object');
  return run.root as ApiObject;
}

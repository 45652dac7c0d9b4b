import { getOwn, isProperties, type Properties } from '../codec/own-property.ts';
import type { JSONSchemaProps } from '../generated/types/apiextensions-v1.ts';
import { isKnownFormat } from './formats.ts';
import { sameJsonValue } from './json-equality.ts';
import { enumProblem, formatProblem, numberProblems, stringProblem, typeProblem } from './scalar-validators.ts';
import type { SchemaProblem } from './schema-problem.ts';

/** Stands for the old value where there is none, or none that can be told to be the same one's. */
export const uncorrelated = Symbol('uncorrelated');

/** Problems beyond this many are not told apart any more. */
const mostProblems = 500;
/** Steps that one validation may take, so that hostile schemas and values cost bounded time. */
const mostSteps = 2_000_000;

const none: readonly SchemaProblem[] = [];

export interface ValidationOptions {
  /** The present value: what is unchanged and wrong was so before, and is let be. */
  readonly old?: unknown;
  /** The value is a whole object: its apiVersion and kind are never let be. */
  readonly root?: boolean;
}

/** Everything in which a value is not what its schema says. Never throws. */
export function validateValue(
  props: JSONSchemaProps,
  value: unknown,
  options: ValidationOptions = {},
): readonly SchemaProblem[] {
  const validation = new Validation(options.root === true);
  const old = 'old' in options ? options.old : uncorrelated;
  try {
    return validation.check(props, value, old, '');
  } catch (error) {
    if (!(error instanceof TooManySteps)) throw error;
    return [{ kind: 'composite', name: '', message: 'validation takes too long' }];
  }
}

class TooManySteps extends Error {}

class Validation {
  /** How many checks succeeded: of several alternatives that all fail, the one that got furthest is reported. */
  #matches = 0;
  #steps = 0;
  readonly #root: boolean;

  constructor(root: boolean) {
    this.#root = root;
  }

  check(props: JSONSchemaProps, value: unknown, old: unknown, path: string): readonly SchemaProblem[] {
    if (++this.#steps > mostSteps) throw new TooManySteps();
    const problems = this.#checkNew(props, value, old, path);
    // What was wrong before and has not been touched does not stand in the way of other changes.
    if (problems.length > 0 && old !== uncorrelated && sameJsonValue(value, old)) return none;
    return problems;
  }

  #checkNew(props: JSONSchemaProps, value: unknown, old: unknown, path: string): readonly SchemaProblem[] {
    const found = new Problems();
    const type = typeProblem(props, value, path);
    if (type === undefined) this.#matches++;
    found.addOne(type);
    if (value === null) {
      found.addOne(enumProblem(props, value, path));
      return found.list;
    }
    this.#combinations(props, value, old, path, found);
    if (typeof value === 'string') {
      found.addOne(stringProblem(props, value, path));
      if (props.format && isKnownFormat(props.format, props.type ?? ''))
        found.addOne(formatProblem(props.format, value, path));
    } else if (typeof value === 'number') {
      found.add(numberProblems(props, value, path));
      this.#matches++;
    } else if (Array.isArray(value)) this.#list(props, value, old, path, found);
    found.addOne(enumProblem(props, value, path));
    if (isProperties(value)) this.#object(props, value, old, path, found);
    this.#matches++;
    return found.list;
  }

  #combinations(props: JSONSchemaProps, value: unknown, old: unknown, path: string, found: Problems): void {
    if (props.anyOf?.length) this.#anyOf(props.anyOf, value, old, path, found);
    if (props.oneOf?.length) this.#oneOf(props.oneOf, value, old, path, found);
    if (props.allOf?.length) this.#allOf(props.allOf, value, old, path, found);
    if (props.not !== undefined) {
      const before = this.#matches;
      const valid = this.check(props.not, value, uncorrelated, path).length === 0;
      this.#matches = before;
      if (valid) found.addComposite(`${JSON.stringify(path)} must not validate the schema (not)`);
    }
    this.#matches++;
  }

  #anyOf(choices: readonly JSONSchemaProps[], value: unknown, old: unknown, path: string, found: Problems): void {
    const before = this.#matches;
    let best: { problems: readonly SchemaProblem[]; matches: number } | undefined;
    for (const choice of choices) {
      this.#matches = before;
      const problems = this.check(choice, value, old, path);
      if (problems.length === 0) return;
      if (best === undefined || this.#matches > best.matches) best = { problems, matches: this.#matches };
    }
    this.#matches = best!.matches;
    found.addComposite(`${JSON.stringify(path)} must validate at least one schema (anyOf)`);
    found.add(best!.problems);
  }

  #oneOf(choices: readonly JSONSchemaProps[], value: unknown, old: unknown, path: string, found: Problems): void {
    const before = this.#matches;
    let valid = 0;
    let first = before;
    let best: { problems: readonly SchemaProblem[]; matches: number } | undefined;
    for (const choice of choices) {
      this.#matches = before;
      const problems = this.check(choice, value, old, path);
      if (problems.length === 0) {
        if (valid === 0) first = this.#matches;
        valid++;
        best = undefined;
      } else if (valid === 0 && (best === undefined || this.#matches > best.matches)) {
        best = { problems, matches: this.#matches };
      }
    }
    this.#matches = valid === 1 ? first : (best?.matches ?? before);
    if (valid === 1) return;
    const how = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`;
    found.addComposite(`${JSON.stringify(path)} must validate one and only one schema (oneOf). ${how}`);
    if (best !== undefined) found.add(best.problems);
  }

  #allOf(parts: readonly JSONSchemaProps[], value: unknown, old: unknown, path: string, found: Problems): void {
    let valid = 0;
    for (const part of parts) {
      const problems = this.check(part, value, old, path);
      if (problems.length === 0) valid++;
      found.add(problems);
    }
    if (valid === parts.length) return;
    const how = valid === 0 ? '. None validated' : '';
    found.addComposite(`${JSON.stringify(path)} must validate all the schemas (allOf)${how}`);
  }

  #list(props: JSONSchemaProps, value: readonly unknown[], old: unknown, path: string, found: Problems): void {
    const { items, minItems, maxItems } = props;
    if (items !== undefined && !Array.isArray(items)) {
      const oldOf = elementsByKey(props, old);
      for (let position = 0; position < value.length; position++) {
        const element = value[position];
        found.add(this.check(items, element, oldOf?.(element) ?? uncorrelated, `${path}[${position}]`));
      }
    }
    if (minItems !== undefined && value.length < minItems) {
      const message = `${path} in body should have at least ${minItems} items`;
      found.addOne({ kind: 'other', name: path, message, value: value.length });
    }
    if (maxItems !== undefined && value.length > maxItems) {
      const message = `${path} in body should have at most ${maxItems} items`;
      found.addOne({ kind: 'tooMany', name: path, message, value: value.length, limit: maxItems });
    }
    this.#matches++;
  }

  #object(props: JSONSchemaProps, value: Properties, old: unknown, path: string, found: Problems): void {
    const { properties, additionalProperties, required, minProperties, maxProperties } = props;
    const names = Object.keys(value);
    if (minProperties !== undefined && names.length < minProperties) {
      const message = `${path} in body should have at least ${minProperties} properties`;
      found.addOne({ kind: 'other', name: path, message, value: names.length });
    }
    if (maxProperties !== undefined && names.length > maxProperties) {
      const message = `${path} in body should have at most ${maxProperties} properties`;
      found.addOne({ kind: 'tooMany', name: path, message, value: names.length, limit: maxProperties });
    }
    for (const name of names) {
      const property = properties && Object.hasOwn(properties, name) ? properties[name] : undefined;
      const schema = property ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
      if (schema !== undefined) {
        const place = property !== undefined && path === '' ? name : `${path}.${name}`;
        found.add(this.check(schema, value[name], this.#oldProperty(old, name, path), place));
      } else if (additionalProperties === false) {
        const message = `${path}.${name} in body is a forbidden property`;
        found.addOne({ kind: 'other', name: path, message, value: name });
      }
    }
    for (const name of required ?? []) {
      if (Object.hasOwn(value, name)) continue;
      const place = `${path}.${name}`;
      found.addOne({ kind: 'required', name: place, message: `${place} in body is required` });
    }
  }

  #oldProperty(old: unknown, name: string, path: string): unknown {
    if (old === uncorrelated || !isProperties(old) || !Object.hasOwn(old, name)) return uncorrelated;
    if (this.#root && path === '' && (name === 'apiVersion' || name === 'kind')) return uncorrelated;
    return old[name];
  }
}

/** Finds an element's old form in a list whose elements are told apart by keys; undefined for every other list. */
export function elementsByKey(props: JSONSchemaProps, old: unknown): ((element: unknown) => unknown) | undefined {
  if (props['x-kubernetes-list-type'] !== 'map' || !Array.isArray(old)) return undefined;
  const keys = props['x-kubernetes-list-map-keys'] ?? [];
  const keyOf = (element: unknown) =>
    isProperties(element) ? JSON.stringify(keys.map((key) => getOwn(element, key) ?? null)) : undefined;
  const byKey = new Map(old.map((element) => [keyOf(element), element]));
  return (element) => {
    const key = keyOf(element);
    return key !== undefined && byKey.has(key) ? byKey.get(key) : uncorrelated;
  };
}

/** Problems as they are found, each message once. */
class Problems {
  #list: SchemaProblem[] | undefined;
  #messages: Set<string> | undefined;

  get list(): readonly SchemaProblem[] {
    return this.#list ?? none;
  }

  addOne(problem: SchemaProblem | undefined): void {
    if (problem === undefined || (this.#list?.length ?? 0) >= mostProblems) return;
    this.#messages ??= new Set();
    if (this.#messages.has(problem.message)) return;
    this.#messages.add(problem.message);
    (this.#list ??= []).push(problem);
  }

  addComposite(message: string): void {
    this.addOne({ kind: 'composite', name: '', message });
  }

  add(problems: readonly SchemaProblem[]): void {
    for (const problem of problems) this.addOne(problem);
  }
}

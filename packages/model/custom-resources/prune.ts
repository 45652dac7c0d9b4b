import { isProperties, type Properties, setOwn } from '../codec/own-property.ts';
import { pathText } from '../codec/walk-context.ts';
import type { StructuralSchema } from './structural-schema.ts';

/** Fields beyond this many are not told apart any more. */
const mostUnknown = 100;

/** What every object has, whether its schema names it or not. */
export const metaFields: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/** Takes fields away that a schema does not know, and remembers which. */
export class Pruning {
  readonly #unknown: string[] = [];
  readonly #path: (string | number)[] = [];

  /** The paths of what was taken away, sorted: `spec.foo`, `spec.list[0].bar`. */
  get unknown(): readonly string[] {
    return this.#unknown.sort();
  }

  /** Changes `value` in place. */
  prune(value: unknown, schema: StructuralSchema | undefined): void {
    if (schema?.preserves === true) this.#skip(value, schema);
    else if (Array.isArray(value)) this.#elements(value, (element) => this.prune(element, schema?.items));
    else if (isProperties(value)) this.#properties(value, schema);
  }

  #properties(value: Properties, schema: StructuralSchema | undefined): void {
    for (const name of Object.keys(value)) {
      if (schema?.embedded === true && metaFields.has(name)) continue;
      const property = schema?.properties.get(name);
      if (property !== undefined) this.#below(name, value[name], property);
      else if (schema?.open === true) this.#below(name, value[name], schema.additionalProperties);
      else {
        if (!metaFields.has(name) || this.#path.length > 0) this.#note(name);
        delete value[name];
      }
    }
  }

  /** Inside a value that keeps what is unknown, known fields may prune again. */
  #skip(value: unknown, schema: StructuralSchema | undefined): void {
    if (schema === undefined) return;
    if (Array.isArray(value)) this.#elements(value, (element) => this.#skip(element, schema.items));
    if (!isProperties(value)) return;
    for (const name of Object.keys(value)) {
      if (schema.embedded && metaFields.has(name)) continue;
      const property = schema.properties.get(name);
      if (property !== undefined) this.#below(name, value[name], property);
      else if (schema.open) this.#below(name, value[name], schema.additionalProperties);
    }
  }

  #elements(value: readonly unknown[], each: (element: unknown) => void): void {
    for (let position = 0; position < value.length; position++) {
      this.#path.push(position);
      each(value[position]);
      this.#path.pop();
    }
  }

  #below(name: string, value: unknown, schema: StructuralSchema | undefined): void {
    this.#path.push(name);
    this.prune(value, schema);
    this.#path.pop();
  }

  #note(name: string): void {
    if (this.#unknown.length < mostUnknown) this.#unknown.push(pathText([...this.#path, name]));
  }
}

/** Takes away, in place, nulls of properties that may not be null and have no default to become. */
export function pruneNulls(value: unknown, schema: StructuralSchema | undefined): void {
  if (schema === undefined) return;
  if (Array.isArray(value)) for (const element of value) pruneNulls(element, schema.items);
  if (!isProperties(value)) return;
  for (const name of Object.keys(value)) {
    const inner = schema.properties.get(name) ?? (schema.open ? schema.additionalProperties : undefined);
    if (value[name] !== null) pruneNulls(value[name], inner);
    else if (inner !== undefined && refusesNull(inner)) delete value[name];
  }
}

function refusesNull(schema: StructuralSchema): boolean {
  return schema.props.nullable !== true;
}

/** Fills in, in place, the defaults of what is missing or null and may not be. */
export function fillDefaults(value: unknown, schema: StructuralSchema | undefined): void {
  if (schema === undefined || !schema.defaulted) return;
  if (Array.isArray(value)) fillElements(value, schema.items);
  if (!isProperties(value)) return;
  for (const [name, property] of schema.properties) {
    const { default: given } = property.props;
    if (given === undefined || given === null) continue;
    const present = Object.hasOwn(value, name) ? value[name] : undefined;
    if (present === undefined || (present === null && refusesNull(property)))
      setOwn(value, name, structuredClone(given));
  }
  for (const name of Object.keys(value)) {
    const property = schema.properties.get(name);
    if (property !== undefined) fillDefaults(value[name], property);
    else if (schema.additionalProperties !== undefined) {
      const { default: given } = schema.additionalProperties.props;
      if (value[name] === null && given !== undefined && refusesNull(schema.additionalProperties))
        setOwn(value, name, structuredClone(given));
      fillDefaults(value[name], schema.additionalProperties);
    }
  }
}

function fillElements(value: unknown[], items: StructuralSchema | undefined): void {
  if (items === undefined) return;
  for (let position = 0; position < value.length; position++) {
    if (value[position] === null && items.props.default !== undefined && refusesNull(items))
      value[position] = structuredClone(items.props.default);
    fillDefaults(value[position], items);
  }
}

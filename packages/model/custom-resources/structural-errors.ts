import { child, type FieldError, forbidden, index, invalid, key, required } from '../field-error.ts';
import type { JSONSchemaProps } from '../generated/types/apiextensions-v1.ts';
import { sameJsonValue } from './json-equality.ts';
import { patternProblem } from './pattern.ts';
import { hasDefault, schemasIn } from './structural-schema.ts';

type Level = 'root' | 'item' | 'field';

const typeMissing: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

const intOrString = [{ type: 'integer' }, { type: 'string' }];

/** Why a schema cannot be looked at as a structural one at all; undefined when it can. */
export function structuralProblem(props: JSONSchemaProps | undefined): string | undefined {
  for (const schema of schemasIn(props)) {
    if (schema.id) return "OpenAPIV3Schema 'id' is not supported";
    if (schema.$schema) return "OpenAPIV3Schema 'schema' is not supported";
    if (schema.$ref) return "OpenAPIV3Schema '$ref' is not supported";
    if (hasEntries(schema.patternProperties)) return "OpenAPIV3Schema 'patternProperties' is not supported";
    if (hasEntries(schema.dependencies)) return "OpenAPIV3Schema 'dependencies' is not supported";
    if (schema.additionalItems !== undefined) return "OpenAPIV3Schema 'additionalItems' is not supported";
    if (hasEntries(schema.definitions)) return "OpenAPIV3Schema 'definitions' is not supported";
    if (Array.isArray(schema.items)) return "OpenAPIV3Schema 'items' must be a schema, but is an array";
    if (schema['x-kubernetes-preserve-unknown-fields'] === false)
      return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
  }
  return undefined;
}

function hasEntries(map: object | undefined): boolean {
  return map !== undefined && Object.keys(map).length > 0;
}

/** Everything that keeps a schema from being structural, sorted. @param props one without a `structuralProblem` */
export function structuralErrors(props: JSONSchemaProps, path: string): FieldError[] {
  const errors = [...invariants(props, 'root', path), ...completeness(props, props, path, path)];
  const texts = new Map(errors.map((error) => [error, `${error.field}: ${error.message}`]));
  return errors.sort((left, right) => (texts.get(left)! < texts.get(right)! ? -1 : 1));
}

/** The field's own items: structural schemas have no list of them. */
function itemsOf(props: JSONSchemaProps | undefined): JSONSchemaProps | undefined {
  return Array.isArray(props?.items) ? undefined : props?.items;
}

function invariants(props: JSONSchemaProps, level: Level, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const items = itemsOf(props);
  if (props.type === 'array' && items === undefined) errors.push(required(child(path, 'items'), 'must be specified'));
  if (items !== undefined) errors.push(...invariants(items, 'item', child(path, 'items')));
  for (const [name, property] of Object.entries(props.properties ?? {}))
    errors.push(...invariants(property, 'field', key(child(path, 'properties'), name)));
  const { additionalProperties } = props;
  if (additionalProperties !== undefined) {
    const place = child(path, 'additionalProperties');
    if (level === 'root') errors.push(forbidden(place, 'must not be used at the root'));
    if (typeof additionalProperties === 'object') errors.push(...invariants(additionalProperties, 'field', place));
  }
  const skipsFirst = sameJsonValue(props.allOf?.[0]?.anyOf, intOrString);
  errors.push(...extensionErrors(props, path));
  errors.push(...validationErrors(props, sameJsonValue(props.anyOf, intOrString), skipsFirst, level, path));
  return [...errors, ...typeErrors(props, level, path), ...metaErrors(props, level, path)];
}

function extensionErrors(props: JSONSchemaProps, path: string): FieldError[] {
  if (props['x-kubernetes-int-or-string'] !== true) return [];
  return (['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const)
    .filter((name) => props[name] === true)
    .map((name) => invalid(child(path, name), true, 'must be false if x-kubernetes-int-or-string is true'));
}

function typeErrors(props: JSONSchemaProps, level: Level, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const place = child(path, 'type');
  const { type } = props;
  const embedded = props['x-kubernetes-embedded-resource'] === true;
  const preserves = props['x-kubernetes-preserve-unknown-fields'] === true;
  if (embedded && type !== 'object') {
    const text = 'must be object if x-kubernetes-embedded-resource is true';
    errors.push(type ? invalid(place, type, text) : required(place, text));
  } else if (!type && props['x-kubernetes-int-or-string'] !== true && !preserves) {
    errors.push(required(place, typeMissing[level]));
  }
  if (embedded && props.additionalProperties !== undefined)
    errors.push(
      forbidden(child(path, 'additionalProperties'), 'must not be used if x-kubernetes-embedded-resource is set'),
    );
  if (level === 'root' && type && type !== 'object') errors.push(invalid(place, type, 'must be object at the root'));
  if (embedded && !preserves && !hasEntries(props.properties)) {
    const text =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
    errors.push(required(child(path, 'properties'), text));
  }
  return errors;
}

/** What a schema may say of apiVersion, kind and metadata. */
function metaErrors(props: JSONSchemaProps, level: Level, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const resource = level === 'root' || props['x-kubernetes-embedded-resource'] === true;
  const at = (name: string) => key(child(path, 'properties'), name);
  const own = props.properties ?? {};
  for (const name of ['kind', 'apiVersion']) {
    if (!resource || !Object.hasOwn(own, name) || own[name]!.type === 'string') continue;
    errors.push(invalid(child(at(name), 'type'), own[name]!.type ?? '', 'must be string'));
  }
  if (!Object.hasOwn(own, 'metadata')) return errors;
  const { metadata } = own;
  if (resource && metadata!.type !== 'object')
    errors.push(invalid(child(at('metadata'), 'type'), metadata!.type ?? '', 'must be object'));
  if (level === 'root' && saysMoreThanNames(metadata!)) {
    const text = 'must not specify anything other than name and generateName, but metadata is implicitly specified';
    errors.push(forbidden(at('metadata'), text));
  }
  return errors;
}

function saysMoreThanNames(metadata: JSONSchemaProps): boolean {
  const { type: _, default: __, properties = {}, ...rest } = metadata;
  const others = Object.keys(properties).filter((name) => name !== 'name' && name !== 'generateName');
  return others.length > 0 || Object.keys(rest).length > 0;
}

/** Rules about values: under allOf, anyOf, oneOf and not, only such may stand. */
function validationErrors(
  props: JSONSchemaProps,
  skipsAnyOf: boolean,
  skipsFirst: boolean,
  level: Level,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const each = (name: 'anyOf' | 'allOf' | 'oneOf', skips: (position: number) => boolean) =>
    props[name]?.forEach((nested, position) => {
      errors.push(...nestedErrors(nested, skips(position), level, index(child(path, name), position)));
    });
  if (!skipsAnyOf) each('anyOf', () => false);
  each('allOf', (position) => skipsFirst && position === 0);
  each('oneOf', () => false);
  if (props.not !== undefined) errors.push(...nestedErrors(props.not, false, level, child(path, 'not')));
  if (props.pattern) {
    const problem = patternProblem(props.pattern);
    const text = `must be a valid regular expression, but isn't: ${problem}`;
    if (problem !== undefined) errors.push(invalid(child(path, 'pattern'), props.pattern, text));
  }
  return errors;
}

function nestedErrors(props: JSONSchemaProps, skipsAnyOf: boolean, level: Level, path: string): FieldError[] {
  const errors = validationErrors(props, skipsAnyOf, false, level, path);
  const items = itemsOf(props);
  if (items !== undefined) errors.push(...nestedErrors(items, false, level, child(path, 'items')));
  for (const [name, property] of Object.entries(props.properties ?? {}))
    errors.push(...nestedErrors(property, false, 'field', key(child(path, 'properties'), name)));
  const refuse = (name: string, text: string) => errors.push(forbidden(child(path, name), text));
  const empty = 'must be empty to be structural';
  const undefinedText = 'must be undefined to be structural';
  const falseText = 'must be false to be structural';
  if (props.type) refuse('type', empty);
  if (props.additionalProperties !== undefined && props.additionalProperties !== false)
    refuse('additionalProperties', undefinedText);
  if (hasDefault(props)) refuse('default', undefinedText);
  if (props.title) refuse('title', empty);
  if (props.description) refuse('description', empty);
  if (props.nullable) refuse('nullable', falseText);
  for (const name of [
    'x-kubernetes-preserve-unknown-fields',
    'x-kubernetes-embedded-resource',
    'x-kubernetes-int-or-string',
  ] as const)
    if (props[name] === true) refuse(name, falseText);
  if (props['x-kubernetes-list-map-keys']?.length) refuse('x-kubernetes-list-map-keys', empty);
  for (const name of ['x-kubernetes-list-type', 'x-kubernetes-map-type'] as const)
    if (props[name] !== undefined) refuse(name, undefinedText);
  if (props['x-kubernetes-validations']?.length) refuse('x-kubernetes-validations', empty);
  if (Object.hasOwn(props.properties ?? {}, 'metadata'))
    errors.push(forbidden(key(child(path, 'properties'), 'metadata'), 'must not be specified in a nested context'));
  return errors;
}

/** What a rule about values speaks of has to be there outside of such rules too. */
function completeness(
  rules: JSONSchemaProps,
  structure: JSONSchemaProps,
  structurePath: string,
  rulesPath: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const below = (nested: JSONSchemaProps, place: string) =>
    errors.push(...nestedCompleteness(nested, structure, structurePath, place));
  if (rules.not !== undefined) below(rules.not, child(rulesPath, 'not'));
  for (const name of ['allOf', 'anyOf', 'oneOf'] as const)
    rules[name]?.forEach((nested, position) => {
      below(nested, index(child(rulesPath, name), position));
    });
  return errors;
}

function nestedCompleteness(
  rules: JSONSchemaProps,
  structure: JSONSchemaProps | undefined,
  structurePath: string,
  rulesPath: string,
): FieldError[] {
  if (structure === undefined) return [required(structurePath, `because it is defined in ${rulesPath}`)];
  const errors = completeness(rules, structure, structurePath, rulesPath);
  const items = itemsOf(rules);
  if (items !== undefined)
    errors.push(
      ...nestedCompleteness(items, itemsOf(structure), child(structurePath, 'items'), child(rulesPath, 'items')),
    );
  const known = structure.properties ?? {};
  for (const [name, property] of Object.entries(rules.properties ?? {})) {
    const place = key(child(structurePath, 'properties'), name);
    const own = Object.hasOwn(known, name) ? known[name] : undefined;
    errors.push(...nestedCompleteness(property, own, place, key(child(rulesPath, 'properties'), name)));
  }
  return errors;
}

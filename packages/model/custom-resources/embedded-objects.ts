import { DecodeError } from '../codec/decode-error.ts';
import { isProperties, type Properties } from '../codec/own-property.ts';
import { walkOfStruct } from '../codec/walk.ts';
import { pathText, WalkContext } from '../codec/walk-context.ts';
import { child, type FieldError, index, invalid, key, required } from '../field-error.ts';
import { dns1035LabelProblems } from '../metadata/names.ts';
import { validateObjectMeta } from '../metadata/validate-metadata.ts';
import type { ObjectMeta } from '../object.ts';
import type { StructuralSchema } from './structural-schema.ts';

/** The metadata of an object, in the form that the API keeps, and the names that it must not have. */
export interface CoercedMetadata {
  readonly metadata: ObjectMeta;
  /** `labels.foo`, from the metadata on. */
  readonly unknown: readonly string[];
}

/** @throws DecodeError when a field is of another type */
export function coerceMetadata(value: unknown): CoercedMetadata {
  const context = new WalkContext();
  const metadata = walkOfStruct('meta/v1.ObjectMeta')(value, context) as ObjectMeta;
  const unknown = context.unknown.map((text) => JSON.parse(text.slice('unknown field '.length)) as string);
  return { metadata, unknown };
}

/**
 * Brings the metadata of the objects that a value embeds to the form that the API keeps, in place.
 * @returns the paths of fields that metadata does not have
 * @throws EmbeddedError when apiVersion, kind or metadata are of another type
 */
export function coerceEmbedded(value: unknown, schema: StructuralSchema | undefined): string[] {
  const unknown: string[] = [];
  walkEmbedded(value, schema, [], (object, path) => {
    for (const name of ['apiVersion', 'kind']) {
      if (Object.hasOwn(object, name) && typeof object[name] !== 'string')
        throw new EmbeddedError(invalid(pathText([...path, name]), object[name], 'must be a string'));
    }
    if (!Object.hasOwn(object, 'metadata')) return;
    const place = pathText([...path, 'metadata']);
    try {
      const coerced = coerceMetadata(object['metadata']);
      unknown.push(...coerced.unknown.map((name) => `${place}.${name}`));
      object['metadata'] = coerced.metadata;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      throw new EmbeddedError(invalid(place, object['metadata'], error.message));
    }
  });
  return unknown;
}

/** An embedded object that is none. */
export class EmbeddedError extends Error {
  readonly field: FieldError;
  constructor(field: FieldError) {
    super(`${field.field}: ${field.message}`);
    this.field = field;
  }
}

/** Everything wrong with the apiVersion, kind and metadata of the objects that a value embeds. @param path of `value` */
export function embeddedErrors(value: unknown, schema: StructuralSchema | undefined, path = ''): FieldError[] {
  if (schema === undefined || !schema.embeds) return [];
  if (Array.isArray(value))
    return value.flatMap((element, position) => embeddedErrors(element, schema.items, index(path, position)));
  if (!isProperties(value)) return [];
  const errors = schema.embedded ? objectErrors(value, path) : [];
  for (const name of Object.keys(value)) {
    const property = schema.properties.get(name);
    if (property !== undefined) errors.push(...embeddedErrors(value[name], property, child(path, name)));
    else errors.push(...embeddedErrors(value[name], schema.additionalProperties, key(path, name)));
  }
  return errors;
}

function walkEmbedded(
  value: unknown,
  schema: StructuralSchema | undefined,
  path: readonly (string | number)[],
  visit: (object: Properties, path: readonly (string | number)[]) => void,
): void {
  if (schema === undefined || !schema.embeds) return;
  if (Array.isArray(value))
    for (const [position, element] of value.entries()) walkEmbedded(element, schema.items, [...path, position], visit);
  if (!isProperties(value)) return;
  if (schema.embedded) visit(value, path);
  for (const name of Object.keys(value)) {
    const inner = schema.properties.get(name) ?? schema.additionalProperties;
    walkEmbedded(value[name], inner, [...path, name], visit);
  }
}

function objectErrors(object: Properties, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { apiVersion, kind, metadata } = object;
  const versionPath = child(path, 'apiVersion');
  if (apiVersion === undefined) errors.push(required(versionPath));
  else if (typeof apiVersion !== 'string') errors.push(invalid(versionPath, apiVersion, 'must be a string'));
  else if (apiVersion === '') errors.push(invalid(versionPath, apiVersion, 'must not be empty'));
  else if (apiVersion.split('/').length > 2)
    errors.push(invalid(versionPath, apiVersion, `unexpected GroupVersion string: ${apiVersion}`));
  errors.push(...kindErrors(kind, child(path, 'kind')));
  if (metadata !== undefined) errors.push(...metadataErrors(metadata, child(path, 'metadata')));
  return errors;
}

function kindErrors(kind: unknown, path: string): FieldError[] {
  if (kind === undefined) return [required(path)];
  if (typeof kind !== 'string') return [invalid(path, kind, 'must be a string')];
  if (kind === '') return [invalid(path, kind, 'must not be empty')];
  const problems = dns1035LabelProblems(kind.toLowerCase());
  const text = `may have mixed case, but should otherwise match: ${problems.join(',')}`;
  return problems.length === 0 ? [] : [invalid(path, kind, text)];
}

function metadataErrors(value: unknown, path: string): FieldError[] {
  let metadata: ObjectMeta;
  try {
    metadata = coerceMetadata(value).metadata;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return [invalid(path, value, error.message)];
  }
  const named = metadata.name ? metadata : { ...metadata, name: 'fakename' };
  const rules = { namespaced: !!metadata.namespace, nameForm: 'pathSegment' as const };
  return validateObjectMeta(named, rules).map((error) => ({
    ...error,
    field: `${path}${error.field.slice('metadata'.length)}`,
  }));
}

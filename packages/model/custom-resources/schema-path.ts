import { child, key } from '../field-error.ts';
import type { JSONSchemaProps } from '../generated/types/apiextensions-v1.ts';

/** Where a plain path in a schema leads. */
export interface SchemaPlace {
  /** The path in a field's form. */
  readonly path: string;
  /** The first name of the path. */
  readonly first: string;
  readonly schema: JSONSchemaProps;
}

/**
 * Follows `.spec.names['a.b']` through a schema.
 * @param brackets whether names may stand in brackets
 * @throws SyntaxError that says where it ends
 */
export function followSchemaPath(text: string, schema: JSONSchemaProps, brackets: boolean): SchemaPlace {
  let place: SchemaPlace = { path: '', first: '', schema };
  let rest = text;
  while (rest !== '') {
    const { name, length } = nextName(rest, brackets);
    place = below(place, name);
    rest = rest.slice(length);
  }
  return place;
}

function nextName(rest: string, brackets: boolean): { name: string; length: number } {
  if (rest.startsWith('.')) {
    const name = /^\.([^.[\]]+)/.exec(rest)?.[1];
    if (name === undefined) throw new SyntaxError(rest === '.' ? 'unexpected end of JSON path' : noField);
    return { name, length: name.length + 1 };
  }
  if (!rest.startsWith('[')) throw new SyntaxError(`expected [ or . but got: ${/^[^.[\]]*/.exec(rest)![0] || rest[0]}`);
  if (!brackets) throw new SyntaxError('array notation is not allowed');
  const quoted = /^\['((?:[^'\\]|\\.)*)'/.exec(rest);
  if (quoted === null) {
    const found = /^\[([^.[\]]+)/.exec(rest)?.[1];
    throw new SyntaxError(
      found === undefined ? 'unexpected end of JSON path' : `expected single quoted string but got ${found}`,
    );
  }
  if (rest[quoted[0].length] !== ']') throw new SyntaxError('unexpected end of JSON path');
  return { name: quoted[1]!.replace(/\\(.)/g, '$1'), length: quoted[0].length + 1 };
}

const noField = 'does not refer to a valid field';

function below({ path, first, schema }: SchemaPlace, name: string): SchemaPlace {
  const { properties, additionalProperties } = schema;
  if (properties !== undefined && Object.keys(properties).length > 0) {
    if (!Object.hasOwn(properties, name)) throw new SyntaxError(noField);
    return { path: child(path, name), first: first || name, schema: properties[name]! };
  }
  if (typeof additionalProperties !== 'object') throw new SyntaxError(noField);
  return { path: key(path, name), first: first || name, schema: additionalProperties };
}

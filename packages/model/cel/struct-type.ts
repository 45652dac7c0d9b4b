import type { Scalar, ValueType } from '../tables/field-expression.ts';
import { findType, structType } from '../tables/struct-type.ts';
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  dynType,
  intType,
  listType,
  mapType,
  objectType,
  stringType,
  timestampType,
} from './cel-type.ts';
import { unescapeFieldName } from './values/field-names.ts';

const scalars: Readonly<Record<Scalar, CelType>> = {
  string: stringType,
  bool: boolType,
  int32: intType,
  int64: intType,
  double: doubleType,
  bytes: bytesType,
  time: timestampType,
  microTime: timestampType,
  duration: stringType,
  quantity: stringType,
  intOrString: dynType,
  raw: dynType,
  json: dynType,
  fieldsV1: dynType,
};

const known = new Map<string, CelType>();

function typeOf(type: ValueType): CelType {
  switch (type.form) {
    case 'scalar':
      return scalars[type.scalar];
    case 'list':
      return listType(typeOf(type.element));
    case 'map':
      return mapType(stringType, typeOf(type.element));
    case 'struct':
      return typeOfStruct(type.name);
    case 'choice':
      return dynType;
  }
}

/**
 * The type of objects of a struct of the tables (`apps/v1.Deployment`), with fields by their escaped JSON names. Made as
 * far as it is asked about, so that recursive types are no matter.
 * @throws TypeError when the tables have no such struct
 */
export function typeOfStruct(name: string): CelType {
  let type = known.get(name);
  if (type === undefined) {
    if (findType(name) === undefined) throw new TypeError(`the tables have no type ${name}`);
    const fields = new Map<string, CelType | undefined>();
    type = objectType(name, (escaped) => {
      if (!fields.has(escaped)) {
        const field = structType(name).fields.get(unescapeFieldName(escaped) ?? '');
        fields.set(escaped, field === undefined ? undefined : typeOf(field.type));
        if (field === undefined) fields.delete(escaped);
      }
      return fields.get(escaped);
    });
    known.set(name, type);
  }
  return type;
}

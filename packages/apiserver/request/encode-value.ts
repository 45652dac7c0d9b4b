import { type ApiObject, encodeProtobuf } from '@keelson/model';
import type { OutputForm } from './media-type.ts';
import { yamlText } from './yaml-text.ts';

/** The bytes of a value in the encoding of `form`. @param type its name in the tables, which protobuf needs */
export function encodeValue({ encoding, pretty }: OutputForm, type: string, value: object): Uint8Array {
  if (encoding === 'protobuf') return encodeProtobuf(type, value as ApiObject);
  if (encoding === 'yaml') return Buffer.from(yamlText(value));
  return Buffer.from(pretty ? JSON.stringify(value, null, 2) : `${JSON.stringify(value)}\n`);
}

import type { ApiObject } from '../../object.ts';
import { DecodeError } from '../decode-error.ts';
import type { Properties } from '../own-property.ts';
import { readMessage } from './decode-message.ts';
import { messageWriter } from './encode-message.ts';
import { WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

/** What every object in Kubernetes' protobuf begins with; a runtime.Unknown that carries the object follows. */
const magic = Buffer.from('k8s\0');

/**
 * Writes an object as `application/vnd.kubernetes.protobuf`.
 * @param type its name in the tables; @param object in the form that the API keeps
 */
export function encodeProtobuf(type: string, object: ApiObject): Uint8Array {
  const writer = new WireWriter();
  writer.string(4, '');
  writer.string(3, '');
  const before = writer.length;
  messageWriter(type)(writer, object);
  writer.message(2, before);
  const head = writer.length;
  writer.string(2, object.kind ?? '');
  writer.string(1, object.apiVersion ?? '');
  writer.message(1, head);
  writer.raw(magic);
  return writer.result();
}

/**
 * Reads an object in Kubernetes' protobuf, not yet normalised.
 * @throws DecodeError when the bytes are none
 */
export function readProtobuf(type: string, bytes: Uint8Array): Properties {
  if (bytes.length < magic.length || magic.compare(bytes, 0, magic.length) !== 0) {
    throw new DecodeError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  }
  const reader = new WireReader(bytes.subarray(magic.length));
  const object: Properties = {};
  let raw: Uint8Array = new Uint8Array(0);
  while (!reader.done) {
    const { number, wireType } = reader.tag();
    if (number === 1 && wireType === 2) readTypeMeta(reader.bytes(), object);
    else if (number === 2 && wireType === 2) raw = reader.bytes();
    else reader.skip(wireType);
  }
  return readMessage(type, raw, object);
}

function readTypeMeta(bytes: Uint8Array, into: Properties): void {
  const reader = new WireReader(bytes);
  while (!reader.done) {
    const { number, wireType } = reader.tag();
    if (wireType !== 2 || number > 2) reader.skip(wireType);
    else into[number === 1 ? 'apiVersion' : 'kind'] = reader.string();
  }
}

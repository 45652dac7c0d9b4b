import type { ApiObject } from '../../object.ts';
import { findType } from '../../tables/struct-type.ts';
import { DecodeError } from '../decode-error.ts';
import type { Properties } from '../own-property.ts';
import { readMessage } from './decode-message.ts';
import { messageWriter } from './encode-message.ts';
import { WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

/** What every object in Kubernetes' protobuf begins with; a runtime.Unknown that carries the object follows. */
const magic = Buffer.from('k8s\0');
/** An empty encoding and an empty content type, which Go writes. */
const envelopeEnd = Buffer.from([0x1a, 0, 0x22, 0]);

/** Names an object in its envelope. */
export interface TypeMeta {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
}

/** True when the type has a form in protobuf: what is written by hand and custom resources have none. */
export function hasProtobuf(type: string): boolean {
  const metadata = findType(type)?.own.get('metadata');
  return metadata?.number !== undefined;
}

/**
 * Writes an object as `application/vnd.kubernetes.protobuf`.
 * @param type its name in the tables; @param object in the form that the API keeps
 */
export function encodeProtobuf(type: string, object: ApiObject): Uint8Array {
  const writer = new WireWriter();
  writer.raw(envelopeEnd);
  const before = writer.length;
  messageWriter(type)(writer, object);
  writer.message(2, before);
  writeTypeMeta(writer, object);
  return writer.result();
}

/** The object alone, without what says of which kind it is: what lists are made of. The bytes are nobody else's. */
export function encodeMessage(type: string, object: ApiObject): Uint8Array {
  const writer = new WireWriter();
  messageWriter(type)(writer, object);
  return Uint8Array.from(writer.result());
}

/** An object that is encoded already, with what says of which kind it is. */
export function protobufEnvelope(of: TypeMeta, message: Uint8Array): Uint8Array {
  return Buffer.concat([envelopeHead(of, message.length), message, envelopeEnd]);
}

/** A list of objects that are encoded already; `metadata` is its meta/v1 ListMeta. */
export function protobufList(of: TypeMeta, metadata: object, items: readonly Uint8Array[]): Uint8Array {
  const head = new WireWriter();
  messageWriter('meta/v1.ListMeta')(head, metadata as Properties);
  head.message(1, 0);
  const listHead = head.result();
  let length = listHead.length;
  for (const item of items) length += 1 + varintLength(item.length) + item.length;
  const start = Buffer.concat([envelopeHead(of, length), listHead]);
  const result = Buffer.allocUnsafe(start.length + length - listHead.length + envelopeEnd.length);
  result.set(start, 0);
  let at = start.length;
  for (const item of items) {
    result[at++] = 0x12;
    at = putVarint(result, item.length, at);
    result.set(item, at);
    at += item.length;
  }
  result.set(envelopeEnd, at);
  return result;
}

/**
 * One event of a watch: four bytes of length, then a meta/v1 WatchEvent without an envelope of its own, whose object is
 * one that is encoded already, in its envelope.
 */
export function protobufWatchFrame(type: string, object: Uint8Array): Uint8Array {
  const inner = 1 + varintLength(object.length);
  const head = Buffer.allocUnsafe(4 + 2 + type.length + 1 + varintLength(inner + object.length) + inner);
  head.writeUInt32BE(head.length - 4 + object.length, 0);
  head[4] = 0x0a;
  head[5] = type.length;
  let at = 6 + head.write(type, 6, 'latin1');
  head[at++] = 0x12;
  at = putVarint(head, inner + object.length, at);
  head[at++] = 0x0a;
  putVarint(head, object.length, at);
  return Buffer.concat([head, object]);
}

function writeTypeMeta(writer: WireWriter, { apiVersion = '', kind = '' }: TypeMeta): void {
  const before = writer.length;
  writer.string(2, kind);
  writer.string(1, apiVersion);
  writer.message(1, before);
  writer.raw(magic);
}

/** Everything before a message of `length` bytes. */
function envelopeHead(of: TypeMeta, length: number): Uint8Array {
  const writer = new WireWriter();
  writer.varint(length);
  writer.tag(2, 2);
  writeTypeMeta(writer, of);
  return writer.result();
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length++;
  return length;
}

/** Writes a length and returns the offset after it. */
function putVarint(into: Buffer, value: number, offset: number): number {
  let at = offset;
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) into[at++] = (rest % 128) + 128;
  into[at++] = rest;
  return at;
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

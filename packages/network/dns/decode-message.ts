import {
  type DnsEdns,
  type DnsMessage,
  type DnsName,
  type DnsQuestion,
  type DnsRecord,
  recordTypes,
} from './message.ts';

/** Bytes that are no DNS message. */
export class DnsFormatError extends Error {
  override readonly name = 'DnsFormatError';
}

const maximumName = 255;
const maximumRecords = 4096;

/** Which names and bytes RDATA of a type is made of, where a sender may compress the names (RFC 3597, section 4). */
const layouts: Readonly<Record<number, { readonly before: number; readonly names: number; readonly after: number }>> = {
  [recordTypes.NS]: { before: 0, names: 1, after: 0 },
  [recordTypes.CNAME]: { before: 0, names: 1, after: 0 },
  [recordTypes.PTR]: { before: 0, names: 1, after: 0 },
  [recordTypes.DNAME]: { before: 0, names: 1, after: 0 },
  [recordTypes.SOA]: { before: 0, names: 2, after: 20 },
  [recordTypes.MX]: { before: 2, names: 1, after: 0 },
  [recordTypes.SRV]: { before: 6, names: 1, after: 0 },
};

/** Reads a message of RFC 1035. Bytes after it are ignored. @throws DnsFormatError and nothing else */
export function decodeMessage(bytes: Uint8Array): DnsMessage {
  const reader = new Reader(bytes);
  const id = reader.u16();
  const flags = reader.u16();
  const counts = [reader.u16(), reader.u16(), reader.u16(), reader.u16()] as const;
  if (counts[1] + counts[2] + counts[3] > maximumRecords) throw new DnsFormatError('too many records');
  const questions = times(counts[0], () => reader.question());
  const answers = times(counts[1], () => reader.record());
  const authorities = times(counts[2], () => reader.record());
  const rest = times(counts[3], () => reader.record());
  const options = rest.filter(({ type }) => type === recordTypes.OPT);
  if (options.length > 1) throw new DnsFormatError('more than one OPT');
  const edns = options[0] && ednsOf(options[0]);
  const extended = options[0] ? (options[0].ttl >>> 24) << 4 : 0;
  return {
    id,
    response: (flags & 0x8000) !== 0,
    opcode: (flags >> 11) & 15,
    authoritative: (flags & 0x0400) !== 0,
    truncated: (flags & 0x0200) !== 0,
    recursionDesired: (flags & 0x0100) !== 0,
    recursionAvailable: (flags & 0x0080) !== 0,
    checkingDisabled: (flags & 0x0010) !== 0,
    code: (flags & 15) | extended,
    questions,
    answers,
    authorities,
    additionals: rest.filter(({ type }) => type !== recordTypes.OPT),
    ...(edns && { edns }),
  };
}

/** A name that stands at the start of RDATA, such as a CNAME's; undefined when there is none. */
export function nameInData(data: Uint8Array, offset = 0): DnsName | undefined {
  try {
    const reader = new Reader(data);
    reader.skip(offset);
    return reader.name();
  } catch {
    return undefined;
  }
}

function ednsOf({ class: udpSize, ttl, name }: DnsRecord): DnsEdns {
  if (name.length > 0) throw new DnsFormatError('OPT has a name');
  return { udpSize, version: (ttl >>> 16) & 255, dnssecOk: (ttl & 0x8000) !== 0 };
}

function times<T>(count: number, read: () => T): T[] {
  const found: T[] = [];
  for (let index = 0; index < count; index++) found.push(read());
  return found;
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  skip(count: number): void {
    this.#at += count;
    if (this.#at > this.#bytes.length) throw new DnsFormatError('the message ends too early');
  }

  u8(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new DnsFormatError('the message ends too early');
    return value;
  }

  u16(): number {
    return this.u8() * 256 + this.u8();
  }

  u32(): number {
    return this.u16() * 65_536 + this.u16();
  }

  bytes(count: number): Uint8Array {
    const start = this.#at;
    this.skip(count);
    return this.#bytes.slice(start, this.#at);
  }

  /** A pointer must lead backwards, so that following them ends. */
  name(): DnsName {
    const labels: string[] = [];
    let length = 1;
    let end: number | undefined;
    let lowest = this.#at;
    for (;;) {
      const size = this.u8();
      if (size === 0) break;
      if (size >= 0xc0) {
        const target = (size & 0x3f) * 256 + this.u8();
        end ??= this.#at;
        if (target >= lowest) throw new DnsFormatError('a name points forwards');
        lowest = target;
        this.#at = target;
        continue;
      }
      if (size > 63) throw new DnsFormatError('a label of an unknown kind');
      length += size + 1;
      if (length > maximumName) throw new DnsFormatError('a name is too long');
      labels.push(Buffer.from(this.bytes(size)).toString('latin1'));
    }
    if (end !== undefined) this.#at = end;
    return labels;
  }

  question(): DnsQuestion {
    return { name: this.name(), type: this.u16(), class: this.u16() };
  }

  record(): DnsRecord {
    const name = this.name();
    const type = this.u16();
    const recordClass = this.u16();
    const ttl = this.u32();
    const length = this.u16();
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new DnsFormatError('RDATA ends after the message');
    const data = layouts[type] === undefined ? this.bytes(length) : this.#expanded(layouts[type]);
    if (this.#at !== end) throw new DnsFormatError('RDATA has another length than it says');
    return { name, type, class: recordClass, ttl, data };
  }

  #expanded(layout: { readonly before: number; readonly names: number; readonly after: number }): Uint8Array {
    const pieces = [this.bytes(layout.before)];
    for (let index = 0; index < layout.names; index++) pieces.push(wireName(this.name()));
    pieces.push(this.bytes(layout.after));
    return Buffer.concat(pieces);
  }
}

/** A name as on the wire, not compressed. */
export function wireName(name: DnsName): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (const label of name) pieces.push(Uint8Array.of(label.length), Buffer.from(label, 'latin1'));
  return Buffer.concat([...pieces, Uint8Array.of(0)]);
}

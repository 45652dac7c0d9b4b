import { type DnsMessage, type DnsName, type DnsRecord, recordTypes } from './message.ts';

/**
 * Writes a message of at most `limit` bytes (RFC 1035; owners' names are compressed). Answers and authorities that do
 * not fit are left out and the message says that it is truncated; additional records that do not fit are just left out.
 */
export function encodeMessage(message: DnsMessage, limit = 65_535): Uint8Array {
  const writer = new Writer();
  const { edns } = message;
  const room = limit - (edns ? 11 : 0);
  writer.u16(message.id);
  writer.u16(0);
  for (let count = 0; count < 4; count++) writer.u16(0);
  for (const { name, type, class: questionClass } of message.questions) {
    writer.name(name);
    writer.u16(type);
    writer.u16(questionClass);
  }
  const answers = writer.records(message.answers, room);
  const complete = answers === message.answers.length;
  const authorities = complete ? writer.records(message.authorities, room) : 0;
  const truncated = message.truncated || !complete || authorities < message.authorities.length;
  const additionals = truncated ? 0 : writer.records(message.additionals, room);
  if (edns) {
    writer.name([]);
    writer.u16(recordTypes.OPT);
    writer.u16(edns.udpSize);
    writer.u16(((message.code >> 4) << 8) | edns.version);
    writer.u16(edns.dnssecOk ? 0x8000 : 0);
    writer.u16(0);
  }
  const counts = [message.questions.length, answers, authorities, additionals + (edns ? 1 : 0)];
  return writer.finish(flagsOf(message, truncated), counts);
}

function flagsOf(message: DnsMessage, truncated: boolean): number {
  return (
    (message.response ? 0x8000 : 0) |
    (message.opcode << 11) |
    (message.authoritative ? 0x0400 : 0) |
    (truncated ? 0x0200 : 0) |
    (message.recursionDesired ? 0x0100 : 0) |
    (message.recursionAvailable ? 0x0080 : 0) |
    (message.checkingDisabled ? 0x0010 : 0) |
    (message.code & 15)
  );
}

class Writer {
  #bytes = Buffer.alloc(1024);
  #length = 0;
  /** Where a name, or the end of one, stands already. Only the first 16 KiB can be pointed to. */
  readonly #names = new Map<string, number>();

  u16(value: number): void {
    this.#reserve(2);
    this.#length = this.#bytes.writeUInt16BE(value & 0xffff, this.#length);
  }

  name(name: DnsName): void {
    for (let index = 0; index < name.length; index++) {
      // A dot inside a label must not make two different names look the same.
      const key = JSON.stringify(name.slice(index));
      const known = this.#names.get(key);
      if (known !== undefined) {
        this.u16(0xc000 | known);
        return;
      }
      if (this.#length < 0x4000) this.#names.set(key, this.#length);
      const label = Buffer.from(name[index]!, 'latin1');
      this.#append(Uint8Array.of(label.length));
      this.#append(label);
    }
    this.#append(Uint8Array.of(0));
  }

  /** Writes as many as fit before `room`, and returns how many they were. */
  records(records: readonly DnsRecord[], room: number): number {
    let written = 0;
    for (const record of records) {
      const start = this.#length;
      this.#record(record);
      if (this.#length > room) {
        this.#length = start;
        for (const [name, offset] of this.#names) if (offset >= start) this.#names.delete(name);
        break;
      }
      written++;
    }
    return written;
  }

  finish(flags: number, counts: readonly number[]): Uint8Array {
    this.#bytes.writeUInt16BE(flags, 2);
    for (const [index, count] of counts.entries()) this.#bytes.writeUInt16BE(count, 4 + 2 * index);
    return this.#bytes.subarray(0, this.#length);
  }

  #record({ name, type, class: recordClass, ttl, data }: DnsRecord): void {
    this.name(name);
    this.u16(type);
    this.u16(recordClass);
    this.u16(Math.floor(ttl / 65_536));
    this.u16(ttl);
    this.u16(data.length);
    this.#append(data);
  }

  #append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = Buffer.alloc(Math.max(this.#bytes.length * 2, this.#length + count));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

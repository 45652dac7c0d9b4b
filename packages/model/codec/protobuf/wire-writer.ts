/**
 * Writes protobuf from its end to its beginning, so that the length of every message is known when its head is written
 * and nothing is written twice. Fields are therefore given last to first.
 */
export class WireWriter {
  #buffer = Buffer.allocUnsafe(4096);
  #start = this.#buffer.length;

  /** Bytes written so far. */
  get length(): number {
    return this.#buffer.length - this.#start;
  }

  result(): Uint8Array {
    return this.#buffer.subarray(this.#start);
  }

  #reserve(size: number): number {
    if (this.#start < size) {
      const used = this.length;
      const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, used + size));
      this.#buffer.copy(larger, larger.length - used, this.#start);
      this.#buffer = larger;
      this.#start = larger.length - used;
    }
    this.#start -= size;
    return this.#start;
  }

  tag(number: number, wireType: 0 | 1 | 2): void {
    this.varint(number * 8 + wireType);
  }

  /** A whole number; a negative one takes ten bytes, as protobuf's int32 and int64 do. */
  varint(value: number): void {
    if (value < 0 || value > Number.MAX_SAFE_INTEGER) {
      this.bigVarint(BigInt(value));
      return;
    }
    let size = 1;
    for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
    let at = this.#reserve(size);
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#buffer[at++] = (rest % 128) + 128;
    this.#buffer[at] = rest;
  }

  bigVarint(value: bigint): void {
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, value);
    for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) + 128);
    bytes.push(Number(rest));
    this.raw(Uint8Array.from(bytes));
  }

  double(value: number): void {
    const at = this.#reserve(8);
    this.#buffer.writeDoubleLE(value, at);
  }

  raw(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length);
    this.#buffer.set(bytes, at);
  }

  bytes(number: number, bytes: Uint8Array): void {
    this.raw(bytes);
    this.varint(bytes.length);
    this.tag(number, 2);
  }

  string(number: number, text: string): void {
    const size = Buffer.byteLength(text);
    const at = this.#reserve(size);
    this.#buffer.write(text, at, size, 'utf8');
    this.varint(size);
    this.tag(number, 2);
  }

  /** Ends (that is: begins) a message whose content was written since the writer had this length. */
  message(number: number, lengthBefore: number): void {
    this.varint(this.length - lengthBefore);
    this.tag(number, 2);
  }
}

/** DNS messages over TCP, each after its length in two bytes (RFC 1035, section 4.2.2). */
export class TcpFrames {
  #pending: Uint8Array = new Uint8Array(0);

  /** The messages that are complete with `piece`. What is kept is never more than one message. */
  add(piece: Uint8Array): Uint8Array[] {
    let bytes: Uint8Array = this.#pending.length === 0 ? piece : Buffer.concat([this.#pending, piece]);
    const messages: Uint8Array[] = [];
    while (bytes.length >= 2) {
      const length = bytes[0]! * 256 + bytes[1]!;
      if (bytes.length < 2 + length) break;
      messages.push(bytes.slice(2, 2 + length));
      bytes = bytes.subarray(2 + length);
    }
    this.#pending = bytes.slice();
    return messages;
  }

  static frame(message: Uint8Array): Uint8Array {
    return Buffer.concat([Uint8Array.of(message.length >> 8, message.length & 255), message]);
  }
}

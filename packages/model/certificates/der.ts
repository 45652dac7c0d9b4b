/** Reading DER (ITU-T X.690), as far as certificates and requests for them need it. */

/** What is malformed. */
export class DerError extends Error {}

/** One element: its tag (the whole first octet), its content, and all its bytes with tag and length. */
export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly whole: Uint8Array;
}

export const tags = {
  boolean: 0x01,
  bitString: 0x03,
  octetString: 0x04,
  identifier: 0x06,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The element that `bytes` begin with. @throws DerError */
export function readElement(bytes: Uint8Array): DerElement {
  const tag = bytes[0];
  const first = bytes[1];
  if (tag === undefined || first === undefined) throw new DerError('asn1: syntax error: truncated tag or length');
  if ((tag & 0x1f) === 0x1f) throw new DerError("asn1: structure error: tags don't match");
  let start = 2;
  let length = first;
  if (first > 0x7f) {
    const octets = first & 0x7f;
    if (octets === 0 || octets > 4) throw new DerError('asn1: structure error: length too large');
    length = 0;
    for (let i = 0; i < octets; i++) {
      const octet = bytes[start++];
      if (octet === undefined) throw new DerError('asn1: syntax error: truncated tag or length');
      length = length * 256 + octet;
    }
  }
  if (start + length > bytes.length) throw new DerError('asn1: syntax error: data truncated');
  return { tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(0, start + length) };
}

/** The elements that `content` consists of. @throws DerError */
export function readElements(content: Uint8Array): DerElement[] {
  const found: DerElement[] = [];
  for (let rest = content; rest.length > 0; ) {
    const element = readElement(rest);
    found.push(element);
    rest = rest.subarray(element.whole.length);
  }
  return found;
}

/** `2.5.4.3` of an object identifier's content. @throws DerError */
export function identifierText(content: Uint8Array): string {
  const numbers: number[] = [];
  let value = 0;
  for (const octet of content) {
    value = value * 128 + (octet & 0x7f);
    if (value > Number.MAX_SAFE_INTEGER / 128) throw new DerError('asn1: structure error: base 128 integer too large');
    if (octet < 0x80) {
      numbers.push(value);
      value = 0;
    }
  }
  const [first = 0, ...others] = numbers;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...others].join('.');
}

/** The bytes of a bit string that has no unused bits. @throws DerError */
export function bitStringBytes(element: DerElement): Uint8Array {
  if (element.tag !== tags.bitString || element.content[0] !== 0) {
    throw new DerError('asn1: syntax error: invalid padding bits in BIT STRING');
  }
  return element.content.subarray(1);
}

/** @throws DerError unless the element is there and has this tag */
export function expectTag(element: DerElement | undefined, tag: number): DerElement {
  if (element?.tag !== tag) throw new DerError("asn1: structure error: tags don't match");
  return element;
}

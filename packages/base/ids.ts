import { type Random, randomInteger } from './random.ts';

const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** A version 4 UUID (RFC 9562), the form of Kubernetes' metadata.uid. */
export function newUid(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** `length` characters that Kubernetes uses for generated names: no vowels, nothing that reads like another. */
export function nameSuffix(random: Random, length = 5): string {
  let out = '';
  for (let index = 0; index < length; index++) out += suffixAlphabet[randomInteger(random, suffixAlphabet.length)];
  return out;
}

/** A resource identifier as EC2 gives them today: the prefix, a hyphen and 17 hexadecimal digits (`vpc-0a1b…`). */
export function awsId(prefix: string, random: Random): string {
  return `${prefix}-0${randomHex(random, 16)}`;
}

/** `digits` lower-case hexadecimal digits. */
export function randomHex(random: Random, digits: number): string {
  return Buffer.from(random.bytes(Math.ceil(digits / 2)))
    .toString('hex')
    .slice(0, digits);
}

/** `length` characters drawn from `alphabet`. */
export function randomString(random: Random, alphabet: string, length: number): string {
  let out = '';
  for (let index = 0; index < length; index++) out += alphabet[randomInteger(random, alphabet.length)];
  return out;
}

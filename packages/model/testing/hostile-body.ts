import { pick, type Random, randomInteger } from '@keelson/base';

/** Text that has harmed programs before. */
export const hostileTexts = [
  '',
  '__proto__',
  'constructor',
  'toString',
  '../../etc/passwd',
  '\u0000',
  '\ud800',
  '😀'.repeat(70),
  'a'.repeat(70_000),
  '9'.repeat(400),
  '-0',
  '1e400',
  '0x10',
  'NaN',
  '2026-99-99T99:99:99Z',
  '999999999999999999Ei',
  '(a+)+$',
  '{{.}}',
  '%00%ff',
  '=\n',
] as const;

const values: readonly ((random: Random) => unknown)[] = [
  () => null,
  () => true,
  () => -1,
  () => 2 ** 63,
  () => 1e300,
  () => 0.1,
  () => [],
  () => ({}),
  (random) => pick(random, hostileTexts),
  (random) => [[pick(random, hostileTexts)]],
  (random) => ({ [pick(random, hostileTexts)]: pick(random, hostileTexts) }),
  () => Array.from({ length: 20_000 }, (_, index) => index),
  () => Array.from({ length: 2_000 }, () => ({ name: 'same' })),
  () => Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`key-${index}`, 'value'])),
];

/** Puts something else at one to three places of `value`, which is changed. */
export function spoil(random: Random, value: Record<string, unknown>): void {
  for (let count = 1 + randomInteger(random, 3); count > 0; count--) {
    let place: any = value;
    for (let depth = randomInteger(random, 7); depth > 0; depth--) {
      const inner = Object.values(place).filter((one) => typeof one === 'object' && one !== null);
      if (inner.length === 0) break;
      place = pick(random, inner);
    }
    const keys = Object.keys(place);
    const key = keys.length > 0 && randomInteger(random, 4) > 0 ? pick(random, keys) : pick(random, hostileTexts);
    const wrong = pick(random, values)(random);
    // An own field, also where its name is that of the prototype.
    Object.defineProperty(place, key, { value: wrong, enumerable: true, configurable: true, writable: true });
  }
}

const depths = [50, 5_000, 200_000];

/** The text of `value` as JSON, damaged as only bytes can be: cut off, doubled, nested, not UTF-8. */
export function damage(random: Random, value: object): Buffer {
  const text = JSON.stringify(value);
  const cut = randomInteger(random, text.length + 1);
  switch (randomInteger(random, 8)) {
    case 0:
      return Buffer.from(text.slice(0, cut));
    case 1:
      return Buffer.from(text.replace('{', '{"metadata":{"name":"first"},"metadata":{"name":"second"},'));
    case 2: {
      const depth = pick(random, depths);
      return Buffer.from(`${text.slice(0, -1)},"deep":${'['.repeat(depth)}${']'.repeat(depth)}}`);
    }
    case 3: {
      const depth = pick(random, depths);
      return Buffer.from(`${text.slice(0, -1)},"metadata":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}`);
    }
    case 4:
      return flipped(random, Buffer.from(text));
    case 5:
      return Buffer.concat([
        Buffer.from(text.slice(0, cut)),
        Buffer.from([0xff, 0xfe, 0xc0]),
        Buffer.from(text.slice(cut)),
      ]);
    case 6:
      return Buffer.from(`${text}${text}`);
    default:
      return Buffer.from(
        text.replace('{', '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},'),
      );
  }
}

/** The same bytes with some bits turned over, and perhaps an end that is missing. */
export function flipped(random: Random, bytes: Uint8Array): Buffer {
  const copy = Buffer.from(bytes);
  for (let count = 1 + randomInteger(random, 6); count > 0 && copy.length > 0; count--)
    copy[randomInteger(random, copy.length)]! ^= 1 << randomInteger(random, 8);
  return randomInteger(random, 3) === 0 ? copy.subarray(0, randomInteger(random, copy.length + 1)) : copy;
}

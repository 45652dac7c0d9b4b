import { isIPv6 } from 'node:net';
import { isCidrSloppy, isIpv4Sloppy } from './sloppy-addresses.ts';

type Check = (text: string) => boolean;

const uuid = (third: string, fourth: string) =>
  new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${third}-?${fourth}-?[0-9a-f]{12}$`, 'i');
const any4 = '[0-9a-f]{4}';
const card =
  /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/;
const hostLabel = /^[a-zA-Z0-9\p{S}\p{L}](?:[-a-zA-Z0-9\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?$/u;
const colorPart = '(?:[01]?\\d\\d?|2[0-4]\\d|25[0-5])';
const rgb = new RegExp(`^rgb\\(\\s*${colorPart}\\s*,\\s*${colorPart}\\s*,\\s*${colorPart}\\s*\\)$`);

function digitSum(text: string, weight: (position: number) => number): number {
  let sum = 0;
  for (let position = 0; position < text.length; position++)
    sum += weight(position) * (text[position] === 'X' || text[position] === 'x' ? 10 : Number(text[position]));
  return sum;
}

function isIsbn10(text: string): boolean {
  const digits = text.replace(/[\s-]+/g, '');
  return /^\d{9}[\dXx]$/.test(digits) && digitSum(digits, (position) => position + 1) % 11 === 0;
}

function isIsbn13(text: string): boolean {
  const digits = text.replace(/[\s-]+/g, '');
  return /^\d{13}$/.test(digits) && digitSum(digits, (position) => (position % 2 === 0 ? 1 : 3)) % 10 === 0;
}

function isCreditCard(text: string): boolean {
  const digits = text.replace(/\D+/g, '');
  if (!card.test(digits)) return false;
  const luhn = [...digits].reverse().map((digit, position) => {
    const doubled = Number(digit) * (position % 2 === 0 ? 1 : 2);
    return doubled > 9 ? doubled - 9 : doubled;
  });
  return luhn.reduce((sum, value) => sum + value, 0) % 10 === 0;
}

function isHostname(text: string): boolean {
  if (text === '' || Buffer.byteLength(text) > 255) return false;
  const labels = text.split('.');
  return labels.every((label) => Buffer.byteLength(label) <= 63 && hostLabel.test(label));
}

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (match === null) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

function isDateTime(text: string): boolean {
  const match = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:[Zz]|[-+](\d{2}):?(\d{2}))$/.exec(text);
  if (match === null || !isDate(match[1]!)) return false;
  const [hour, minute, second] = [Number(match[2]), Number(match[3]), Number(match[4])];
  return hour < 24 && minute < 60 && second < 60;
}

const unitNames = ['ns', 'nano', 'us', 'µs', 'micro', 'ms', 'milli', 's', 'sec', 'm', 'min', 'h', 'hr', 'hour'];
const longUnitNames = ['d', 'day', 'w', 'wk', 'week'];
const prefixUnits = ['nano', 'micro', 'milli', 'sec', 'min', 'hour', 'day', 'week'];

/** No duration is longer, and what is must not cost time. */
const longestDuration = 1000;

/** Go's `1h15m`, and Scala's `3 days`. */
function isDuration(text: string): boolean {
  if (text.length > longestDuration) return false;
  if (/^[-+]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.test(text)) return true;
  for (const [, unit = ''] of text.matchAll(/\d+\s*([A-Za-zµ]+)/g)) {
    const name = unit.toLowerCase();
    if (unitNames.includes(name) || longUnitNames.includes(name)) return true;
    if (prefixUnits.some((prefix) => name.startsWith(prefix))) return true;
  }
  return false;
}

/** As Go's net/mail reads one address: `Barry Gibbs <bg@example.com>` or `bg@example.com`. */
function isEmail(text: string): boolean {
  const address = /^(?:[^<>]*<([^<>]+)>|([^<>]+))$/.exec(text.trim());
  const plain = address?.[1] ?? address?.[2];
  if (plain === undefined || plain.length > 1000) return false;
  const at = plain.lastIndexOf('@');
  const [local, domain] = [plain.slice(0, at), plain.slice(at + 1)];
  const atoms = /^[^\s()<>[\]:;@\\,."]+(?:\.[^\s()<>[\]:;@\\,."]+)*$/;
  return (
    at > 0 && (atoms.test(local) || /^"[^"\\]*"$/.test(local)) && (atoms.test(domain) || /^\[[^\]]+\]$/.test(domain))
  );
}

/** An absolute URI or an absolute path, as Go's url.ParseRequestURI takes it. */
function isUri(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what Go refuses
  if (text === '' || /[\x00-\x1f\x7f]/.test(text) || /%(?![0-9a-fA-F]{2})/.test(text)) return false;
  if (text.startsWith('/')) return true;
  const match = /^[a-zA-Z][-+.a-zA-Z0-9]*:(.+)$/s.exec(text);
  if (match === null) return text === '*';
  const authority = /^\/\/([^/?#]*)/.exec(match[1]!)?.[1];
  return authority === undefined || !/[\s<>"\\^`{|}]/.test(authority);
}

const mac =
  /^(?:[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}(?:(?::[0-9a-fA-F]{2}){2}|(?::[0-9a-fA-F]{2}){14})?|[0-9a-fA-F]{2}(?:-[0-9a-fA-F]{2}){5}(?:(?:-[0-9a-fA-F]{2}){2}|(?:-[0-9a-fA-F]{2}){14})?|[0-9a-fA-F]{4}(?:\.[0-9a-fA-F]{4}){2}(?:(?:\.[0-9a-fA-F]{4})|(?:\.[0-9a-fA-F]{4}){7})?)$/;

const checks: Readonly<Record<string, Check>> = {
  bsonobjectid: (text) => /^[0-9a-fA-F]{24}$/.test(text),
  uri: isUri,
  email: isEmail,
  hostname: isHostname,
  ipv4: isIpv4Sloppy,
  ipv6: (text) => text.includes(':') && !text.includes('%') && isIPv6(text),
  cidr: isCidrSloppy,
  mac: (text) => mac.test(text),
  uuid: (text) => uuid(any4, any4).test(text),
  uuid3: (text) => uuid('3[0-9a-f]{3}', any4).test(text),
  uuid4: (text) => uuid('4[0-9a-f]{3}', '[89ab][0-9a-f]{3}').test(text),
  uuid5: (text) => uuid('5[0-9a-f]{3}', '[89ab][0-9a-f]{3}').test(text),
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: isCreditCard,
  ssn: (text) => /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text),
  hexcolor: (text) => /^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(text),
  rgbcolor: (text) => rgb.test(text),
  byte: (text) => /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/.test(text),
  password: () => true,
  date: isDate,
  duration: isDuration,
  datetime: isDateTime,
  k8sshortname: (text) => text.length <= 63 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(text),
  k8slongname: (text) =>
    text.length <= 253 && text.split('.').every((part) => /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(part)),
};

/** Numbers have their own formats, which nothing is checked by. */
const numberFormats: Readonly<Record<string, readonly string[]>> = {
  integer: ['int32', 'int64'],
  number: ['float', 'double'],
};

function normalized(format: string): string {
  return format.replaceAll('-', '');
}

/** Whether a format means something for values of this type. @param type empty when any is allowed */
export function isKnownFormat(format: string, type: string): boolean {
  if (type === '' || type === 'string') return Object.hasOwn(checks, normalized(format));
  return numberFormats[type]?.includes(format) ?? false;
}

/** Whether a text has a format; a format that is not known has every text. */
export function hasFormat(format: string, text: string): boolean {
  const name = normalized(format);
  return !Object.hasOwn(checks, name) || checks[name]!(text);
}

import { codePoints } from '../values/text-size.ts';
import { ArrayList, CelFailure, type CelList, type CelValue, shownValue } from '../values/value.ts';
import { type Implementation, type Overload, overload } from './declaration.ts';
import { format } from './string-format.ts';

/** The strings extension of cel-go in the version that Kubernetes takes (2). Positions count code points. */

function outOfRange(position: bigint): CelFailure {
  return new CelFailure(`index out of range: ${position}`);
}

const charAt: Implementation = ([text, index], { meter }) => {
  const points = codePoints(text as string, meter);
  const position = Number(index);
  return position < 0 || position > points.length ? outOfRange(index as bigint) : (points[position] ?? '');
};

function startsAt(points: readonly string[], part: readonly string[], at: number): boolean {
  return part.every((point, position) => points[at + position] === point);
}

const indexOf: Implementation = ([text, part, offset = 0n], { meter }) => {
  const points = codePoints(text as string, meter);
  const start = Number(offset);
  if (start < 0) return outOfRange(offset as bigint);
  if (part === '') return BigInt(Math.min(start, points.length));
  const sought = codePoints(part as string, meter);
  meter.work(points.length * 4);
  for (let at = start; at + sought.length <= points.length; at += 1) {
    if (points[at] !== sought[0]) continue;
    meter.work(sought.length);
    if (startsAt(points, sought, at)) return BigInt(at);
  }
  return -1n;
};

const lastIndexOf: Implementation = ([text, part, offset], { meter }) => {
  const points = codePoints(text as string, meter);
  if (offset === undefined && part === '') return BigInt(points.length);
  const start = offset === undefined ? points.length - 1 : Number(offset);
  if (offset !== undefined && start < 0) return outOfRange(offset as bigint);
  if (part === '') return BigInt(Math.min(start, points.length));
  if (start >= points.length) return -1n;
  const sought = codePoints(part as string, meter);
  meter.work(points.length * 4);
  for (let at = Math.min(start, points.length - sought.length); at >= 0; at -= 1) {
    if (points[at] !== sought[0]) continue;
    meter.work(sought.length);
    if (startsAt(points, sought, at)) return BigInt(at);
  }
  return -1n;
};

/** Longer results are refused: JavaScript has no room for them. */
const longestResult = 2 ** 26;

const replace: Implementation = ([text, from, to, limit], { meter }) => {
  const parts = splitText(
    text as string,
    from as string,
    limit === undefined || (limit as bigint) < 0n ? -1 : Number(limit) + 1,
  );
  const length = (text as string).length + parts.length * (to as string).length;
  meter.work(10 * parts.length + length);
  return length > longestResult ? new CelFailure('string too long') : parts.join(to as string);
};

/** Go's strings.SplitN, and for an empty separator as strings.Replace sees it: around every code point. */
function splitText(text: string, separator: string, limit: number): string[] {
  if (limit === 1) return [text];
  const all = separator === '' ? ['', ...text, ''] : text.split(separator);
  if (separator === '' && text === '') return limit === 0 ? [text] : ['', ''];
  if (limit < 0 || all.length <= limit) return all;
  return limit === 0 ? [text] : [...all.slice(0, limit - 1), all.slice(limit - 1).join(separator)];
}

const split: Implementation = ([text, separator, limit], { meter }) => {
  meter.work(20 * (text as string).length);
  const most = limit === undefined ? -1 : Number(limit);
  if (most === 0) return new ArrayList([]);
  const parts = separator === '' ? [...(text as string)] : (text as string).split(separator as string);
  if (most < 0 || parts.length <= most) return new ArrayList(parts);
  return new ArrayList([...parts.slice(0, most - 1), parts.slice(most - 1).join(separator as string)]);
};

const substring: Implementation = ([text, start, end], { meter }) => {
  const points = codePoints(text as string, meter);
  const from = start as bigint;
  const to = end === undefined ? BigInt(points.length) : (end as bigint);
  if (end !== undefined && from > to) return new CelFailure(`invalid substring range. start: ${from}, end: ${to}`);
  if (from < 0n || from > points.length) return outOfRange(from);
  if (to < 0n || to > points.length) return outOfRange(to);
  return points.slice(Number(from), Number(to)).join('');
};

/** What Go takes for space, which is not quite what JavaScript does. */
const spaces = '[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+';
const leading = new RegExp(`^${spaces}`);
const space = new RegExp(spaces);

function trimmed(text: string): string {
  const start = leading.exec(text)?.[0].length ?? 0;
  let end = text.length;
  while (end > start && space.test(text[end - 1]!)) end -= 1;
  return text.slice(start, end);
}

const join: Implementation = ([list, separator = ''], { meter }) => {
  const parts: string[] = [];
  let length = 0;
  for (let position = 0; position < (list as CelList).size; position += 1) {
    const part = (list as CelList).at(position);
    if (part instanceof CelFailure) return part;
    if (typeof part !== 'string') return new CelFailure(`join: invalid input: ${shownValue(part)}`);
    length += part.length + (separator as string).length;
    meter.work(20 + (part.length >> 2));
    if (length > longestResult) return new CelFailure('string too long');
    parts.push(part);
  }
  return parts.join(separator as string);
};

const quotes: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

function byWork(change: (text: string) => CelValue): Implementation {
  return ([text], { meter }) => {
    meter.work(4 * (text as string).length);
    return change(text as string);
  };
}

export const stringOverloads: readonly Overload[] = [
  overload('string_char_at_int', '(string).charAt(int) -> string', charAt),
  overload('string_index_of_string', '(string).indexOf(string) -> int', indexOf),
  overload('string_index_of_string_int', '(string).indexOf(string, int) -> int', indexOf),
  overload('string_last_index_of_string', '(string).lastIndexOf(string) -> int', lastIndexOf),
  overload('string_last_index_of_string_int', '(string).lastIndexOf(string, int) -> int', lastIndexOf),
  overload(
    'string_lower_ascii',
    '(string).lowerAscii() -> string',
    byWork((text) => text.replace(/[A-Z]+/g, (part) => part.toLowerCase())),
  ),
  overload(
    'string_upper_ascii',
    '(string).upperAscii() -> string',
    byWork((text) => text.replace(/[a-z]+/g, (part) => part.toUpperCase())),
  ),
  overload('string_replace_string_string', '(string).replace(string, string) -> string', replace),
  overload('string_replace_string_string_int', '(string).replace(string, string, int) -> string', replace),
  overload('string_split_string', '(string).split(string) -> list<string>', split),
  overload('string_split_string_int', '(string).split(string, int) -> list<string>', split),
  overload('string_substring_int', '(string).substring(int) -> string', substring),
  overload('string_substring_int_int', '(string).substring(int, int) -> string', substring),
  overload('string_trim', '(string).trim() -> string', byWork(trimmed)),
  overload('list_join', '(list<string>).join() -> string', join),
  overload('list_join_string', '(list<string>).join(string) -> string', join),
];

/** Those that came with version 1 of the extension. */
export const laterStringOverloads: readonly Overload[] = [
  overload('string_format', '(string).format(list<dyn>) -> string', format),
  overload(
    'strings_quote',
    'strings.quote(string) -> string',
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are quoted.
    byWork((text) => `"${text.replace(/[\x07\b\f\n\r\t\v\\"]/g, (found) => quotes[found]!)}"`),
  ),
];

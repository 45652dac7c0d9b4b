import { CelFailure, CelOpaque, type CelValue } from '../values/value.ts';
import { type Implementation, type Overload, overload } from './declaration.ts';

/** Semantic versions (https://semver.org, version 2) as github.com/blang/semver reads them. */

class SemverValue extends CelOpaque {
  readonly typeName = 'kubernetes.Semver';
  readonly numbers: readonly [bigint, bigint, bigint];
  readonly prerelease: readonly string[];
  private readonly text: string;
  constructor(numbers: readonly [bigint, bigint, bigint], prerelease: readonly string[], text: string) {
    super();
    this.numbers = numbers;
    this.prerelease = prerelease;
    this.text = text;
  }
  equals(other: CelOpaque): boolean {
    return other instanceof SemverValue && compare(this, other) === 0;
  }
  toString(): string {
    return this.text;
  }
}

const longest = 2_000;
const form = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-.]+))?(?:\+([0-9A-Za-z-.]+))?$/;

function parse(text: string): SemverValue | CelFailure {
  if (text === '') return new CelFailure('Version string empty');
  const match = text.length > longest ? null : form.exec(text);
  const prerelease = match?.[4]?.split('.') ?? [];
  const build = match?.[5]?.split('.') ?? [];
  const numbers = match?.slice(1, 4).map(BigInt) ?? [];
  const bad =
    match === null ||
    numbers.some((number) => BigInt.asUintN(64, number) !== number) ||
    prerelease.some((part) => part === '' || /^0\d+$/.test(part)) ||
    build.includes('');
  if (!bad) return new SemverValue(numbers as [bigint, bigint, bigint], prerelease, text);
  if (text.split('.').length < 3) return new CelFailure('No Major.Minor.Patch elements found');
  return new CelFailure(`Invalid character(s) found in version ${JSON.stringify(text.slice(0, 64))}`);
}

/** Takes a leading v and leading zeros away, and fills up a short version. */
function normalized(text: string): string | CelFailure {
  const [major = '', minor, ...rest] = text.replace(/^v/, '').split('.');
  const parts = minor === undefined ? [major] : rest.length === 0 ? [major, minor] : [major, minor, rest.join('.')];
  const trimmed = parts.map((part) => {
    if (part.length <= 1) return part;
    const bare = part.replace(/^0+/, '');
    return /^\d/.test(bare) ? bare : `0${bare}`;
  });
  if (trimmed.length < 3 && /[+-]/.test(trimmed.at(-1)!)) {
    return new CelFailure('short version cannot contain PreRelease/Build meta data');
  }
  while (trimmed.length < 3) trimmed.push('0');
  return trimmed.join('.');
}

const read: Implementation = ([text, normalize = false]) => {
  const version = normalize === true ? normalized(text as string) : (text as string);
  return version instanceof CelFailure ? version : parse(version);
};

function comparePart(left: string, right: string): number {
  const numbers = [left, right].map((part) => /^\d+$/.test(part));
  if (numbers[0] && numbers[1]) return BigInt(left) < BigInt(right) ? -1 : BigInt(left) > BigInt(right) ? 1 : 0;
  if (numbers[0] !== numbers[1]) return numbers[0] ? -1 : 1;
  return left < right ? -1 : left > right ? 1 : 0;
}

function compare(left: SemverValue, right: SemverValue): number {
  for (const [position, number] of left.numbers.entries()) {
    const other = right.numbers[position]!;
    if (number !== other) return number < other ? -1 : 1;
  }
  const [mine, theirs] = [left.prerelease, right.prerelease];
  if (mine.length === 0 || theirs.length === 0) return Math.sign(theirs.length - mine.length);
  for (let position = 0; position < Math.min(mine.length, theirs.length); position += 1) {
    const order = comparePart(mine[position]!, theirs[position]!);
    if (order !== 0) return order;
  }
  return Math.sign(mine.length - theirs.length);
}

function compared([left, right]: readonly CelValue[]): number {
  return compare(left as SemverValue, right as SemverValue);
}

/** Versions hold unsigned 64 bits; CEL's int does not. */
function number([value]: readonly CelValue[], position: number): CelValue {
  return BigInt.asIntN(64, (value as SemverValue).numbers[position]!);
}

const isVersion: Implementation = (values, evaluation) => read(values, evaluation) instanceof SemverValue;

export const semverOverloads: readonly Overload[] = [
  overload('string_to_semver', 'semver(string) -> semver', read),
  overload('string_bool_to_semver', 'semver(string, bool) -> semver', read),
  overload('is_semver_string', 'isSemver(string) -> bool', isVersion),
  overload('is_semver_string_bool', 'isSemver(string, bool) -> bool', isVersion),
  overload('semver_is_greater_than', '(semver).isGreaterThan(semver) -> bool', (values) => compared(values) > 0),
  overload('semver_is_less_than', '(semver).isLessThan(semver) -> bool', (values) => compared(values) < 0),
  overload('semver_compare_to', '(semver).compareTo(semver) -> int', (values) => BigInt(compared(values))),
  overload('semver_major', '(semver).major() -> int', (values) => number(values, 0)),
  overload('semver_minor', '(semver).minor() -> int', (values) => number(values, 1)),
  overload('semver_patch', '(semver).patch() -> int', (values) => number(values, 2)),
];

/**
 * Quantities of resources (`500m`, `1.5Gi`, `12e6`), exact: kept as a whole number of 10⁻⁹ units. The text form is
 * the canonical one of k8s.io/apimachinery/pkg/api/resource: the largest suffix that leaves no fraction.
 */

export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

/** A text that is no quantity. The message is what kube-apiserver says. */
export class QuantityError extends Error {}

const NANO = 1_000_000_000n;
const MILLI_IN_NANO = 1_000_000n;
/** What upstream caps a quantity at whose digits do not fit 64 bits. */
const LARGEST = (2n ** 63n - 1n) * NANO;
/** No quantity is written with more characters; longer texts are refused before arithmetic on them. */
const LONGEST_TEXT = 512;

const SYNTAX = /^([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/;
const DECIMAL: Record<string, number> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY: Record<string, bigint> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n };
const DECIMAL_BY_EXPONENT = new Map(Object.entries(DECIMAL).map(([suffix, exponent]) => [exponent, suffix]));
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const;

function ceilDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by > 0n ? quotient + 1n : quotient;
}

/** An amount and the family of suffixes that it was written with. Immutable. */
export class Quantity {
  readonly nano: bigint;
  readonly format: QuantityFormat;

  constructor(nano: bigint, format: QuantityFormat = 'DecimalSI') {
    this.nano = nano;
    this.format = format;
  }

  /** -1, 0 or 1. */
  compare(other: Quantity): number {
    return this.nano < other.nano ? -1 : this.nano > other.nano ? 1 : 0;
  }

  sign(): number {
    return this.nano < 0n ? -1 : this.nano > 0n ? 1 : 0;
  }

  /** The sum, in this quantity's format unless this is zero: then in the other's. */
  add(other: Quantity): Quantity {
    return new Quantity(this.nano + other.nano, this.nano === 0n ? other.format : this.format);
  }

  subtract(other: Quantity): Quantity {
    return new Quantity(this.nano - other.nano, this.nano === 0n ? other.format : this.format);
  }

  /** Whole units, rounded up. */
  value(): bigint {
    return ceilDivide(this.nano, NANO);
  }

  /** Thousandths of a unit, rounded up. */
  milliValue(): bigint {
    return ceilDivide(this.nano, MILLI_IN_NANO);
  }

  /** True when it is a whole number of units. */
  isInteger(): boolean {
    return this.nano % NANO === 0n;
  }

  /** The quantity that the API keeps: nothing finer than a thousandth, rounded away from zero. */
  roundUpToMilli(): Quantity {
    const rest = this.nano % MILLI_IN_NANO;
    if (rest === 0n) return this;
    const step = this.nano > 0n ? MILLI_IN_NANO : -MILLI_IN_NANO;
    return new Quantity(this.nano - rest + step, this.format);
  }

  /** In units, as near as a double is. */
  toNumber(): number {
    return Number(this.nano / NANO) + Number(this.nano % NANO) / 1e9;
  }

  /** The canonical text. */
  toString(): string {
    if (this.nano === 0n) return '0';
    const binary =
      this.format === 'BinarySI' && this.isInteger() && (this.nano >= 1024n * NANO || this.nano <= -1024n * NANO);
    if (binary) return binaryText(this.nano / NANO);
    return decimalText(this.nano, this.format === 'DecimalExponent');
  }

  toJSON(): string {
    return this.toString();
  }
}

function binaryText(units: bigint): string {
  let rank = 0;
  let mantissa = units;
  while (rank < BINARY_SUFFIXES.length - 1 && mantissa % 1024n === 0n) {
    mantissa /= 1024n;
    rank += 1;
  }
  return `${mantissa}${BINARY_SUFFIXES[rank]}`;
}

function decimalText(nano: bigint, asExponent: boolean): string {
  let exponent = -9;
  let mantissa = nano;
  while ((asExponent || exponent < 18) && mantissa % 1000n === 0n) {
    mantissa /= 1000n;
    exponent += 3;
  }
  if (exponent === 0) return `${mantissa}`;
  return asExponent ? `${mantissa}e${exponent}` : `${mantissa}${DECIMAL_BY_EXPONENT.get(exponent)}`;
}

/** The multiplier of a suffix, in 10⁻⁹ units as a fraction. */
function scaleOf(suffix: string): { numerator: bigint; denominator: bigint; format: QuantityFormat } | undefined {
  const decimal = DECIMAL[suffix];
  if (decimal !== undefined && Object.hasOwn(DECIMAL, suffix)) {
    return { numerator: 10n ** BigInt(decimal + 9), denominator: 1n, format: 'DecimalSI' };
  }
  if (Object.hasOwn(BINARY, suffix)) {
    return { numerator: NANO << BINARY[suffix]!, denominator: 1n, format: 'BinarySI' };
  }
  const exponent = /^[eE]([-+]?[0-9]{1,4})$/.exec(suffix);
  if (exponent === null) return undefined;
  const power = Number(exponent[1]) + 9;
  if (power > 400 || power < -400) return undefined;
  return power >= 0
    ? { numerator: 10n ** BigInt(power), denominator: 1n, format: 'DecimalExponent' }
    : { numerator: 1n, denominator: 10n ** BigInt(-power), format: 'DecimalExponent' };
}

/**
 * Reads a quantity. A part finer than 10⁻⁹ is rounded away from zero, as upstream does.
 * @throws QuantityError for anything that is no quantity
 */
export function parseQuantity(text: string): Quantity {
  const match = text.length <= LONGEST_TEXT ? SYNTAX.exec(text) : null;
  const whole = match?.[2] ?? '';
  const fraction = match?.[3] ?? '';
  if (match === null || whole.length + fraction.length === 0) {
    throw new QuantityError(
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    );
  }
  const scale = scaleOf(match[4]!);
  if (scale === undefined) throw new QuantityError("unable to parse quantity's suffix");
  const numerator = BigInt(whole + fraction) * scale.numerator;
  const denominator = scale.denominator * 10n ** BigInt(fraction.length);
  let nano = ceilDivide(numerator, denominator);
  if (nano > LARGEST && (scale.format === 'BinarySI' || whole.length + fraction.length > 18)) nano = LARGEST;
  return new Quantity(match[1] === '-' ? -nano : nano, scale.format);
}

/** The quantity, or undefined for a text that is none. */
export function quantityOrUndefined(text: unknown): Quantity | undefined {
  if (typeof text !== 'string' && typeof text !== 'number') return undefined;
  try {
    return parseQuantity(String(text));
  } catch {
    return undefined;
  }
}

/**
 * A quantity in units (cores, bytes, pieces) as a double, for arithmetic where exactness does not matter.
 * @throws QuantityError
 */
export function quantityToNumber(text: string): number {
  return parseQuantity(text).toNumber();
}

/** Numbers as Go's strconv and fmt read and write them. */

/** strconv.FormatFloat(value, 'f', -1, 64): digits without an exponent. */
export function plainDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const text = String(value);
  const match = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign, whole, fraction = '', exponent] = match as unknown as [
    string,
    string,
    string,
    string | undefined,
    string,
  ];
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return `${sign}${digits}${'0'.repeat(point - digits.length)}`;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** fmt's %g: the shortest digits, with an exponent below 1e-4 and from 1e21. */
export function generalDouble(value: number): string {
  if (!Number.isFinite(value) || value === 0) return plainDouble(value);
  const [mantissa, exponent] = value.toExponential().split('e') as [string, string];
  const power = Number(exponent);
  if (power >= -4 && power < 21) return plainDouble(value);
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** strconv.ParseFloat; undefined for what is no number or too large. */
export function parseDouble(text: string): number | undefined {
  if (text.length > 2_000) return undefined;
  const special = /^([+-]?)(?:(inf|infinity)|(nan))$/i.exec(text);
  if (special !== null) {
    if (special[3] !== undefined) return special[1] === '' ? Number.NaN : undefined;
    return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** strconv.ParseInt(text, 10, 64) or ParseUint; undefined for what is none or does not fit. */
export function parseWhole(text: string, unsigned: boolean): bigint | undefined {
  if (text.length > 40 || !(unsigned ? /^\d+$/ : /^[+-]?\d+$/).test(text)) return undefined;
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  const fits = unsigned ? BigInt.asUintN(64, value) === value : BigInt.asIntN(64, value) === value;
  return fits ? value : undefined;
}

import { parseQuantity, QuantityError } from '../quantity/quantity.ts';
import type { Scalar } from '../tables/field-expression.ts';
import { DecodeError } from './decode-error.ts';
import { deepestNesting, jsonTypeOf, type WalkContext } from './walk-context.ts';

/** Takes a value that is not null to the form that the API keeps. */
export type ScalarForm = (value: unknown, context: WalkContext) => unknown;

const int32Limit = 2 ** 31;
const int64Limit = 2 ** 63;

function integer(limit: number, type: string): ScalarForm {
  return (value, context) => {
    if (typeof value !== 'number') return context.mismatch(jsonTypeOf(value), type);
    if (Number.isInteger(value) && value >= -limit && value < limit) return value;
    return context.mismatch(`number ${value}`, type);
  };
}

function string(value: unknown, context: WalkContext): unknown {
  return typeof value === 'string' ? value : context.mismatch(jsonTypeOf(value), 'string');
}

function bool(value: unknown, context: WalkContext): unknown {
  return typeof value === 'boolean' ? value : context.mismatch(jsonTypeOf(value), 'bool');
}

function double(value: unknown, context: WalkContext): unknown {
  return typeof value === 'number' ? value : context.mismatch(jsonTypeOf(value), 'float64');
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function bytes(value: unknown, context: WalkContext): unknown {
  if (typeof value !== 'string') return context.mismatch(jsonTypeOf(value), '[]uint8');
  if (base64.test(value)) return value;
  const joined = value.replace(/[\r\n]/g, '');
  if (base64.test(joined)) return joined;
  const odd = /[^A-Za-z0-9+/]/.exec(joined.replace(/={1,2}$/, ''));
  throw new DecodeError(`illegal base64 data at input byte ${odd?.index ?? joined.length - (joined.length % 4)}`);
}

const canonicalTime = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;
const anyTime =
  /^(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:[.,](\d+))?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
const goLayout = '2006-01-02T15:04:05Z07:00';
const goMicroLayout = '2006-01-02T15:04:05.000000Z07:00';

function badTime(value: string, layout: string): never {
  // Go names the part of the layout where reading stopped.
  const parts: [RegExp, string][] = [
    [/^\d{4}/, '2006'],
    [/^-/, '-'],
    [/^\d\d/, '01'],
    [/^-/, '-'],
    [/^\d\d/, '02'],
    [/^T/, 'T'],
    [/^\d\d/, '15'],
    [/^:/, ':'],
    [/^\d\d/, '04'],
    [/^:/, ':'],
    [/^\d\d/, '05'],
  ];
  let rest = value;
  for (const [form, name] of parts) {
    const match = form.exec(rest);
    const prefix = `parsing time ${JSON.stringify(value)} as "${layout}": cannot parse ${JSON.stringify(rest)} as "${name}"`;
    if (match === null) throw new DecodeError(prefix);
    rest = rest.slice(match[0].length);
  }
  const ranges: [number, number, number, string][] = [
    [5, 1, 12, 'month'],
    [8, 1, 31, 'day'],
    [11, 0, 23, 'hour'],
    [14, 0, 59, 'minute'],
    [17, 0, 59, 'second'],
  ];
  for (const [at, low, high, name] of ranges) {
    const number = Number(value.slice(at, at + 2));
    if (number < low || number > high)
      throw new DecodeError(`parsing time ${JSON.stringify(value)}: ${name} out of range`);
  }
  throw new DecodeError(
    `parsing time ${JSON.stringify(value)} as "${layout}": cannot parse ${JSON.stringify(rest)} as "Z07:00"`,
  );
}

function inUtc(value: string, layout: string): { seconds: string; fraction: string } {
  const match = anyTime.exec(value);
  if (match === null) return badTime(value, layout);
  const milliseconds = Date.parse(`${match[1]}${match[3]}`);
  // Date.parse takes 30 February to March; Go does not.
  const days = new Date(Date.UTC(Number(value.slice(0, 4)), Number(value.slice(5, 7)), 0)).getUTCDate();
  if (Number.isNaN(milliseconds) || Number(value.slice(8, 10)) > days) {
    throw new DecodeError(`parsing time ${JSON.stringify(value)}: day out of range`);
  }
  return { seconds: new Date(milliseconds).toISOString().slice(0, 19), fraction: match[2] ?? '' };
}

function time(value: unknown, context: WalkContext): unknown {
  if (typeof value !== 'string') return context.mismatch(jsonTypeOf(value), 'string');
  if (canonicalTime.test(value) && value.charCodeAt(8) < 0x33 && value.slice(8, 10) < '29') return value;
  return `${inUtc(value, goLayout).seconds}Z`;
}

function microTime(value: unknown, context: WalkContext): unknown {
  if (typeof value !== 'string') return context.mismatch(jsonTypeOf(value), 'string');
  const { seconds, fraction } = inUtc(value, goMicroLayout);
  return `${seconds}.${fraction.slice(0, 6).padEnd(6, '0')}Z`;
}

const durationForm = /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+)$/;

function duration(value: unknown, context: WalkContext): unknown {
  if (typeof value !== 'string') return context.mismatch(jsonTypeOf(value), 'string');
  if (!durationForm.test(value)) throw new DecodeError(`time: invalid duration ${JSON.stringify(value)}`);
  return value;
}

/** Canonical texts by what was given: the same few quantities come with every pod. */
const quantities = new Map<string, string>();
const mostQuantities = 4096;

function quantity(value: unknown, context: WalkContext): unknown {
  if (typeof value !== 'string' && typeof value !== 'number') return context.mismatch(jsonTypeOf(value), 'string');
  const text = String(value);
  let canonical = quantities.get(text);
  if (canonical === undefined) {
    try {
      canonical = parseQuantity(text).toString();
    } catch (thrown) {
      if (thrown instanceof QuantityError) throw new DecodeError(thrown.message);
      throw thrown;
    }
    if (quantities.size >= mostQuantities) quantities.clear();
    quantities.set(text, canonical);
  }
  return canonical;
}

const asInt32 = integer(int32Limit, 'int32');

function intOrString(value: unknown, context: WalkContext): unknown {
  return typeof value === 'string' ? value : asInt32(value, context);
}

/** Checks the depth of a value that the tables say nothing about. */
function bounded(value: unknown, depth: number): void {
  if (depth > deepestNesting) throw new DecodeError('exceeded max depth');
  if (Array.isArray(value)) {
    for (const element of value) if (typeof element === 'object' && element !== null) bounded(element, depth + 1);
  } else {
    for (const key in value as Record<string, unknown>) {
      const inner = (value as Record<string, unknown>)[key];
      if (typeof inner === 'object' && inner !== null) bounded(inner, depth + 1);
    }
  }
}

function anything(value: unknown, context: WalkContext): unknown {
  if (typeof value === 'object' && value !== null) bounded(value, context.path.length);
  return value;
}

export const scalarForms: Readonly<Record<Scalar, ScalarForm>> = {
  string,
  bool,
  int32: integer(int32Limit, 'int32'),
  int64: integer(int64Limit, 'int64'),
  double,
  bytes,
  time,
  microTime,
  duration,
  quantity,
  intOrString,
  raw: anything,
  json: anything,
  fieldsV1: anything,
};

/** What a required scalar is when the client said nothing; undefined: it stays away. */
export const scalarZeros: Readonly<Record<Scalar, unknown>> = {
  string: '',
  bool: false,
  int32: 0,
  int64: 0,
  double: 0,
  bytes: undefined,
  time: undefined,
  microTime: undefined,
  duration: '0s',
  quantity: '0',
  intOrString: 0,
  raw: undefined,
  json: undefined,
  fieldsV1: undefined,
};

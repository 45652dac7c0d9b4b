/** The form of a configuration file's object: what each field holds. */
export interface Shape {
  readonly [field: string]: FieldShape;
}
type FieldShape = 'string' | 'boolean' | 'number' | 'strings' | 'map' | 'any' | Shape | readonly [Shape];

/** A configuration that cannot be used; the message says why, with the paths of its fields. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

const simple: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number',
  strings: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  map: (value) => isObject(value),
  any: () => true,
};

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What of `value` is not of the form `shape`: unknown fields and wrong types. */
export function shapeProblems(value: unknown, shape: Shape, path = ''): string[] {
  if (!isObject(value)) return [`${path === '' ? 'the document' : path} is not an object`];
  return Object.entries(value).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const wanted = Object.hasOwn(shape, name) ? shape[name]! : undefined;
    if (wanted === undefined) return [`unknown field ${JSON.stringify(at)}`];
    if (field === null || field === undefined) return [];
    if (typeof wanted === 'string') return simple[wanted]!(field) ? [] : [`${at} is not of the type ${wanted}`];
    if (!Array.isArray(wanted)) return shapeProblems(field, wanted as Shape, at);
    if (!Array.isArray(field)) return [`${at} is not a list`];
    return field.flatMap((item, index) => shapeProblems(item, wanted[0] as Shape, `${at}[${index}]`));
  });
}

const durationUnits: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds of Go's form of a duration (`1m30s`, `0s`); undefined when it is none. */
export function durationOf(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^-?(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g))
    sum += Number(amount) * durationUnits[unit!]!;
  return text.startsWith('-') ? -sum : sum;
}

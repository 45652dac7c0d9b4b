/** What lists and maps of resource.k8s.io have in common: how much fits, and what must not stand twice. */
import { duplicate, type FieldError, index, key, tooLong, tooMany } from '../../field-error.ts';

type ItemCheck<T> = (item: T, at: string) => FieldError[];

/** Every item of a list of at most `most`. */
export function listErrors<T>(
  at: string,
  items: readonly T[] | undefined,
  most: number,
  check: ItemCheck<T>,
): FieldError[] {
  const all = items ?? [];
  if (all.length > most) return [tooMany(at, all.length, most)];
  return all.flatMap((item, i) => check(item, index(at, i)));
}

/** The same, with no two items that `keyOf` calls the same. */
export function setErrors<T>(
  at: string,
  items: readonly T[] | undefined,
  most: number,
  check: ItemCheck<T>,
  keyOf: (item: T) => string,
): FieldError[] {
  const seen = new Set<string>();
  return listErrors(at, items, most, (item, field) => {
    const errors = check(item, field);
    const identity = keyOf(item);
    if (seen.has(identity)) errors.push(duplicate(field, identity));
    seen.add(identity);
    return errors;
  });
}

/** Every key and value of a map of at most `most`, with keys of at most `longest` bytes. */
export function mapErrors<T>(
  at: string,
  map: Readonly<Record<string, T>> | undefined,
  limits: { readonly most: number; readonly longest: number },
  checkKey: (name: string, at: string) => FieldError[],
  checkValue: ItemCheck<T>,
): FieldError[] {
  const entries = Object.entries(map ?? {});
  if (entries.length > limits.most) return [tooMany(at, entries.length, limits.most)];
  return entries.flatMap(([name, value]) => {
    const field = key(at, name);
    const long = Buffer.byteLength(name) > limits.longest ? [tooLong(field, limits.longest)] : checkKey(name, field);
    return [...long, ...checkValue(value, field)];
  });
}

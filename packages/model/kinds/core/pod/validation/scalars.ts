/** Checks of single fields that many parts of a pod share. */
import { type FieldError, invalid, notSupported, required } from '../../../../field-error.ts';
import { portNameProblems, portNumberProblems, rangeText } from '../../../../metadata/names.ts';

export const BAD_MODE = 'must be a number between 0 and 0777 (octal), both inclusive';
const LARGEST_ID = 0xffffffff;

export function problems(at: string, value: string, form: (value: string) => string[]): FieldError[] {
  return form(value).map((problem) => invalid(at, value, problem));
}

/** Nothing for an absent or empty value. */
export function problemsIfSet(at: string, value: string | undefined, form: (value: string) => string[]): FieldError[] {
  return value === undefined || value === '' ? [] : problems(at, value, form);
}

export function requiredText(at: string, value: string | undefined, detail = ''): FieldError[] {
  return value === undefined || value === '' ? [required(at, detail)] : [];
}

/** One of `values`; an empty one is missing. */
export function oneOf(at: string, value: string | undefined, values: readonly string[]): FieldError[] {
  if (value === undefined || value === '') return [required(at)];
  return values.includes(value) ? [] : [notSupported(at, value, values)];
}

export function notNegative(at: string, value: number | undefined): FieldError[] {
  return (value ?? 0) < 0 ? [invalid(at, value, 'must be greater than or equal to 0')] : [];
}

export function fileMode(at: string, value: number | undefined): FieldError[] {
  return value !== undefined && (value < 0 || value > 0o777) ? [invalid(at, value, BAD_MODE)] : [];
}

export function portNumber(at: string, value: number): FieldError[] {
  return portNumberProblems(value).map((problem) => invalid(at, value, problem));
}

export function portNumberOrName(at: string, value: number | string | undefined): FieldError[] {
  if (typeof value === 'string') return problems(at, value, portNameProblems);
  return portNumber(at, value ?? 0);
}

/** User and group numbers. */
export function idNumber(at: string, value: number | undefined): FieldError[] {
  if (value === undefined || (value >= 0 && value <= LARGEST_ID)) return [];
  return [invalid(at, value, rangeText(0, LARGEST_ID))];
}

export function noBacksteps(at: string, path: string): FieldError[] {
  return path.split('/').includes('..') ? [invalid(at, path, "must not contain '..'")] : [];
}

/** A path below some root: relative, without `..`. */
export function descendingPath(at: string, path: string): FieldError[] {
  return [...(path.startsWith('/') ? [invalid(at, path, 'must be a relative path')] : []), ...noBacksteps(at, path)];
}

/** The same for names in a volume, where a leading `..` is kept for the kubelet. */
export function unreservedPath(at: string, path: string): FieldError[] {
  const errors = descendingPath(at, path);
  if (path.startsWith('..') && !path.startsWith('../') && path !== '..') {
    errors.push(invalid(at, path, "must not start with '..'"));
  }
  return errors;
}

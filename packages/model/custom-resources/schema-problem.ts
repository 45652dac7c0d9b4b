import {
  child,
  type FieldError,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
  typeInvalid,
} from '../field-error.ts';

/** What a value fails by; each has its own form as a field's error. */
export type SchemaProblemKind = 'required' | 'enum' | 'tooLong' | 'tooMany' | 'type' | 'other' | 'composite';

/** One thing in which a value is not what its schema says, in the words of kube-openapi's validation. */
export interface SchemaProblem {
  readonly kind: SchemaProblemKind;
  /** The path from the value that was validated: `spec.replicas`; `.spec` for one that is missing at its root. */
  readonly name: string;
  readonly message: string;
  readonly value?: unknown;
  /** The limit that was passed. */
  readonly limit?: number;
  readonly values?: readonly unknown[];
}

/** A path that is not there is printed like this by Go. */
const noPath = '<nil>';

/**
 * Problems as errors of fields.
 * @param path of the value that was validated; empty for a whole object
 */
export function fieldErrorsOf(problems: readonly SchemaProblem[], path: string): FieldError[] {
  return problems.map((problem) => fieldError(problem, path));
}

function fieldError({ kind, name, message, value, limit, values }: SchemaProblem, path: string): FieldError {
  if (kind === 'composite') return invalid(path === '' ? noPath : path, '', message);
  const own = name.startsWith('.') ? name.slice(1) : name;
  const field = own === '' ? path || noPath : child(path, own);
  switch (kind) {
    case 'required':
      return required(field);
    case 'enum':
      return notSupported(
        field,
        value,
        values!.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))),
      );
    case 'tooLong':
      return tooLong(field, limit!);
    case 'tooMany':
      return tooMany(field, value as number, limit!);
    case 'type':
      return typeInvalid(field, value ?? '', message);
    default:
      return invalid(field, value ?? '', message);
  }
}

/** Names of drivers' things: pools, attributes, capacities. */
import { type FieldError, invalid, required, tooLong } from '../../field-error.ts';
import { dnsLabelProblems, dnsSubdomainProblems } from '../../metadata/names.ts';
import { driverNameErrors } from '../core/persistent-volume/sources.ts';
import { problems } from '../core/pod/validation/scalars.ts';

const LONGEST_POOL = 253;
const LONGEST_IDENTIFIER = 32;
/** A domain, a slash and an identifier. */
export const LONGEST_QUALIFIED_NAME = 63 + 1 + LONGEST_IDENTIFIER;
const IDENTIFIER = '[A-Za-z_][A-Za-z0-9_]*';

/** A label that names something in its object: requests, devices, sets of counters. */
export function labelNameErrors(at: string, name: string): FieldError[] {
  return name === '' ? [required(at)] : problems(at, name, dnsLabelProblems);
}

export function classNameErrors(at: string, name: string): FieldError[] {
  return name === '' ? [required(at)] : problems(at, name, dnsSubdomainProblems);
}

export function poolNameErrors(at: string, name: string): FieldError[] {
  if (name === '') return [required(at)];
  const long = Buffer.byteLength(name) > LONGEST_POOL ? [tooLong(at, LONGEST_POOL)] : [];
  return [...long, ...name.split('/').flatMap((part) => problems(at, part, dnsSubdomainProblems))];
}

function identifierErrors(at: string, name: string): FieldError[] {
  if (Buffer.byteLength(name) > LONGEST_IDENTIFIER) return [tooLong(at, LONGEST_IDENTIFIER)];
  if (new RegExp(`^${IDENTIFIER}$`).test(name)) return [];
  const text = `a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '${IDENTIFIER}')`;
  return [invalid(at, name, text)];
}

/** `model`, or `gpu.example.com/model`. */
export function qualifiedNameErrors(at: string, name: string): FieldError[] {
  if (name === '') return [required(at, 'name required')];
  const parts = name.split('/');
  if (parts.length === 1) return identifierErrors(at, name);
  if (parts.length > 2) return [invalid(at, name, 'must not contain more than one slash')];
  const [domain, identifier] = parts as [string, string];
  return [
    ...(domain === '' ? [required(at, 'the domain must not be empty')] : driverNameErrors(at, domain)),
    ...(identifier === '' ? [required(at, 'the name must not be empty')] : identifierErrors(at, identifier)),
  ];
}

/** The same with a domain in any case. */
export function fullNameErrors(at: string, name: string): FieldError[] {
  const errors = qualifiedNameErrors(at, name);
  if (name !== '' && !name.includes('/')) errors.push(invalid(at, name, 'must include a domain'));
  return errors;
}

/** What classes of volumes say to those who make the volumes. */
import { type FieldError, invalid, required, tooLong } from '../../field-error.ts';
import { qualifiedNameProblems } from '../../metadata/names.ts';

const LARGEST = 256 * 1024;
const MOST = 512;

/** The name of a provisioner or driver. */
export function provisionerErrors(at: string, name: string): FieldError[] {
  if (name === '') return [required(at)];
  return qualifiedNameProblems(name.toLowerCase()).map((problem) => invalid(at, name, problem));
}

/** Parameters, whose names and values together are at most 256 KiB. */
export function parametersErrors(at: string, parameters: Readonly<Record<string, string>>): FieldError[] {
  const entries = Object.entries(parameters);
  if (entries.length > MOST) return [tooLong(at, MOST)];
  const errors = entries.filter(([name]) => name === '').map(([name]) => invalid(at, name, 'field can not be empty.'));
  const size = entries.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0);
  if (size > LARGEST) errors.push(tooLong(at, LARGEST));
  return errors;
}

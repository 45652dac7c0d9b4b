import { boolType, type CelType, dynType, mapType, objectType, stringType } from '../../cel/cel-type.ts';
import { compile } from '../../cel/compile.ts';
import { CelCompileError } from '../../cel/contract.ts';
import { type FieldError, invalid, required, tooLong } from '../../field-error.ts';
import type { Fields } from '../core/pod/fields.ts';
import { listErrors } from './lists.ts';

const MOST = 32;
const LONGEST = 10 * 1024;
/** The newest version's libraries: what an older cluster could not evaluate, nothing here evaluates. */
const MINOR = 36;

const byDomain = (value: CelType) => mapType(stringType, mapType(stringType, value, 32), 32);
const fields: Readonly<Record<string, CelType>> = {
  driver: stringType,
  attributes: byDomain(dynType),
  capacity: byDomain(dynType),
  allowMultipleAllocations: boolType,
};
const device = objectType('kubernetes.DRADevice', (name) => (Object.hasOwn(fields, name) ? fields[name] : undefined));

function expressionErrors(at: string, expression: string): FieldError[] {
  if (Buffer.byteLength(expression) > LONGEST) return [tooLong(at, LONGEST)];
  try {
    const program = compile(expression, { minor: MINOR, stored: true, variables: { device } });
    if (!['bool', 'dyn'].includes(program.resultType.kind)) {
      return [invalid(at, expression, `must evaluate to bool or the unknown type, not ${program.resultType.name}`)];
    }
    return [];
  } catch (error) {
    if (error instanceof CelCompileError) return [invalid(at, expression, `compilation failed: ${error.message}`)];
    throw error;
  }
}

/** The selectors of devices, each a CEL expression over `device`. */
export function selectorsErrors(at: string, selectors: readonly Fields[] | undefined): FieldError[] {
  return listErrors(at, selectors, MOST, (selector, field) =>
    selector['cel'] === undefined
      ? [required(`${field}.cel`)]
      : expressionErrors(`${field}.cel.expression`, selector['cel'].expression ?? ''),
  );
}

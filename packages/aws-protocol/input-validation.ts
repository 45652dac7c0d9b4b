import { AwsError } from './aws-error.ts';
import { ec2QueryName } from './ec2-query-protocol.ts';
import type { Input } from './protocol.ts';
import type { Member, Operation, ServiceTable, StructureType } from './service-table.ts';

/** One thing wrong with an input, before it is put into words. */
export interface Violation {
  readonly kind: 'required' | 'length' | 'range' | 'pattern' | 'value';
  /** As AWS' own validation writes it: `tags.1.member.key`. */
  readonly path: string;
  /** As an EC2 query writes it: `TagSpecification.1.Tag.1.Key`. */
  readonly parameter: string;
  readonly value: unknown;
  /** `Member must not be null`. */
  readonly constraint: string;
  readonly member: Member;
}

/** Violations after which the rest is not worth the client's while. */
const most = 20;

/** What is wrong with the input by the table's required members, lengths, ranges, patterns and values. */
export function violationsOf(operation: Operation, input: Input): Violation[] {
  const found: Violation[] = [];
  checkStructure(operation.input, input, '', '', found);
  return found;
}

/** @throws AwsError in the words of the service when the input is wrong. */
export function validateInput(table: ServiceTable, operation: Operation, input: Input): void {
  const found = violationsOf(operation, input);
  if (found.length > 0) throw violationError(table, found);
}

function checkStructure(type: StructureType, value: Input, path: string, parameter: string, found: Violation[]): void {
  for (const member of type.members) {
    if (found.length >= most) return;
    const item = value[member.name];
    const name = member.name.charAt(0).toLowerCase() + member.name.slice(1);
    const place = {
      path: path === '' ? name : `${path}.${name}`,
      parameter: parameter === '' ? ec2QueryName(member) : `${parameter}.${ec2QueryName(member)}`,
      member,
    };
    if (item !== undefined) checkValue(item, place, found);
    else if (member.required && !member.idempotencyToken)
      found.push({ kind: 'required', value: null, constraint: 'Member must not be null', ...place });
  }
}

type Place = Pick<Violation, 'path' | 'parameter' | 'member'>;

function checkValue(value: unknown, place: Place, found: Violation[]): void {
  const { type } = place.member;
  const refuse = (kind: Violation['kind'], constraint: string) =>
    found.push({ kind, value, constraint: `Member must ${constraint}`, ...place });
  switch (type.kind) {
    case 'structure':
      checkStructure(type, value as Input, place.path, place.parameter, found);
      return;
    case 'list': {
      const items = value as unknown[];
      checkSize(items.length, place.member, refuse);
      for (const [index, item] of items.entries())
        checkValue(
          item,
          {
            path: `${place.path}.${index + 1}.member`,
            parameter: `${place.parameter}.${index + 1}`,
            member: type.element,
          },
          found,
        );
      return;
    }
    case 'map':
      checkMap(value as Record<string, unknown>, place, found);
      return;
    case 'string':
      checkText(value as string, place.member, refuse);
      return;
    case 'integer':
    case 'double':
      checkRange(value as number, place.member, refuse);
      return;
    default:
  }
}

function checkMap(value: Record<string, unknown>, place: Place, found: Violation[]): void {
  const { type } = place.member;
  if (type.kind !== 'map') return;
  const { maximum } = place.member;
  if (maximum !== undefined && Object.keys(value).length > maximum)
    found.push({
      kind: 'length',
      value,
      constraint: `Member must have length less than or equal to ${maximum}`,
      ...place,
    });
  for (const [key, item] of Object.entries(value)) {
    checkValue(key, { ...place, path: `${place.path}.key`, member: type.key }, found);
    checkValue(item, { ...place, path: `${place.path}.${key}.member`, member: type.value }, found);
  }
}

type Refuse = (kind: Violation['kind'], constraint: string) => void;

function checkSize(length: number, member: Member, refuse: Refuse): boolean {
  if (member.minimum !== undefined && length < member.minimum)
    refuse('length', `have length greater than or equal to ${member.minimum}`);
  else if (member.maximum !== undefined && length > member.maximum)
    refuse('length', `have length less than or equal to ${member.maximum}`);
  else return true;
  return false;
}

function checkText(value: string, member: Member, refuse: Refuse): void {
  // A pattern is tried only on a text of a length that is allowed: it may be slow on longer ones.
  const fits = checkSize(value.length, member, refuse);
  if (fits && member.pattern !== undefined && !patternOf(member.pattern).test(value))
    refuse('pattern', `satisfy regular expression pattern: ${member.pattern}`);
  if (member.values !== undefined && !member.values.includes(value))
    refuse('value', `satisfy enum value set: [${member.values.join(', ')}]`);
}

function checkRange(value: number, member: Member, refuse: Refuse): void {
  if (member.minimum !== undefined && value < member.minimum)
    refuse('range', `have value greater than or equal to ${member.minimum}`);
  if (member.maximum !== undefined && value > member.maximum)
    refuse('range', `have value less than or equal to ${member.maximum}`);
}

const patterns = new Map<string, RegExp>();

function patternOf(source: string): RegExp {
  let pattern = patterns.get(source);
  if (pattern === undefined) {
    const whole = `^(?:${source})$`;
    try {
      pattern = new RegExp(whole, 'u');
    } catch {
      // Two of AWS' patterns escape what Unicode mode does not let one escape.
      pattern = new RegExp(whole);
    }
    patterns.set(source, pattern);
  }
  return pattern;
}

/** The error that the service gives for these violations (at least one). */
export function violationError(table: ServiceTable, found: readonly Violation[]): AwsError {
  if (table.protocol === 'ec2Query') return ec2Error(found[0]!);
  if (table.name === 'eks') return new AwsError('InvalidParameterException', eksMessage(found[0]!, found), {}, 400);
  if (table.name === 'ecr') return new AwsError('InvalidParameterException', ecrMessage(found[0]!), {}, 400);
  const code = table.protocol === 'awsQuery' ? 'ValidationError' : 'ValidationException';
  return new AwsError(code, validationMessage(found), {}, 400);
}

function shown(value: unknown): string {
  if (value === null) return 'null';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `'${text.length > 256 ? `${text.slice(0, 256)}...` : text}'`;
}

function validationMessage(found: readonly Violation[]): string {
  const iam = found[0]!;
  if (found.length === 1 && iam.kind === 'pattern' && iam.member.pattern === '[\\w+=,.@-]+')
    return `The specified value for ${iam.path} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-`;
  const each = found.map(
    ({ value, path, constraint }) => `Value ${shown(value)} at '${path}' failed to satisfy constraint: ${constraint}`,
  );
  return `${found.length} validation error${found.length === 1 ? '' : 's'} detected: ${each.join('; ')}`;
}

function eksMessage(first: Violation, found: readonly Violation[]): string {
  if (first.kind !== 'pattern') return validationMessage(found);
  return `The parameter ${first.path} contains invalid characters. It should conform to the regular expression "${first.member.pattern}"`;
}

function ecrMessage(first: Violation): string {
  const constraint = first.constraint.replace(/^Member /, '');
  return `Invalid parameter at '${first.path}' failed to satisfy constraint: '${constraint}'`;
}

function ec2Error(first: Violation): AwsError {
  if (first.kind === 'required')
    return new AwsError('MissingParameter', `The request must contain the parameter ${first.parameter}`, {}, 400);
  const constraint = first.constraint.replace(/^Member must/, 'It must');
  return new AwsError(
    'InvalidParameterValue',
    `Value (${shown(first.value).replace(/^'|'$/g, '')}) for parameter ${first.parameter} is invalid. ${constraint}.`,
    {},
    400,
  );
}

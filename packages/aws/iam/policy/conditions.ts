import { BlockList } from 'node:net';
import type { Condition } from './document.ts';
import { matchesWildcard } from './wildcard.ts';

/** Condition keys in lower case and the one value that each has in this request. */
export type ConditionContext = Readonly<Record<string, string>>;

/** Whether every condition holds ("IAM JSON policy elements: Condition operators"). */
export function conditionsHold(conditions: readonly Condition[], context: ConditionContext): boolean {
  return conditions.every((condition) => holds(condition, context));
}

function holds(condition: Condition, context: ConditionContext): boolean {
  const { operator, key } = condition;
  const actual = Object.hasOwn(context, key) ? context[key] : undefined;
  const values = condition.values.map((value) => substituteVariables(value, context));
  if (operator === 'Null') return values.some((value) => (value.toLowerCase() === 'true') === (actual === undefined));
  if (actual === undefined) return condition.ifExists || condition.quantifier === 'ForAllValues' || isNegated(operator);
  if (isNegated(operator)) return values.every((value) => !compare(positive(operator), actual, value));
  return values.some((value) => compare(operator, actual, value));
}

function isNegated(operator: string): boolean {
  return operator.includes('Not');
}

function positive(operator: string): string {
  return operator.replace('Not', '');
}

/** Replaces `${aws:username}` and the like; a variable without a value stays, and so matches nothing. */
export function substituteVariables(text: string, context: ConditionContext): string {
  if (!text.includes('${')) return text;
  return text.replace(/\$\{([^}]{1,128})\}/g, (whole, name: string) => {
    if (name === '*' || name === '?' || name === '$') return name;
    const [key = '', fallback] = name.split(',', 2);
    const value = context[key.trim().toLowerCase()];
    return value ?? fallback?.trim().replace(/^'|'$/g, '') ?? whole;
  });
}

function compare(operator: string, actual: string, expected: string): boolean {
  switch (operator) {
    case 'StringEquals':
    case 'BinaryEquals':
      return actual === expected;
    case 'StringEqualsIgnoreCase':
    case 'Bool':
      return actual.toLowerCase() === expected.toLowerCase();
    case 'StringLike':
      return matchesWildcard(expected, actual);
    case 'ArnEquals':
    case 'ArnLike':
      return matchesArn(expected, actual);
    case 'IpAddress':
      return inNetwork(actual, expected);
    default:
      return operator.startsWith('Date')
        ? compareNumbers(operator.slice('Date'.length), timeOf(actual), timeOf(expected))
        : compareNumbers(operator.slice('Numeric'.length), Number(actual), Number(expected));
  }
}

function compareNumbers(relation: string, left: number, right: number): boolean {
  switch (relation) {
    case 'LessThan':
      return left < right;
    case 'LessThanEquals':
      return left <= right;
    case 'GreaterThan':
      return left > right;
    case 'GreaterThanEquals':
      return left >= right;
    default:
      return left === right;
  }
}

function timeOf(text: string): number {
  return /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text);
}

/** Each of an ARN's six parts is matched on its own, so that a `*` does not reach over a colon. */
export function matchesArn(pattern: string, arn: string): boolean {
  if (pattern === '*') return true;
  const wanted = arnParts(pattern);
  const given = arnParts(arn);
  return wanted.length === given.length && wanted.every((part, index) => matchesWildcard(part, given[index]!));
}

function arnParts(arn: string): string[] {
  const parts = arn.split(':');
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')];
}

function inNetwork(address: string, network: string): boolean {
  const [base = '', length] = network.split('/');
  const family = base.includes(':') ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  try {
    list.addSubnet(base, length === undefined ? (family === 'ipv4' ? 32 : 128) : Number(length), family);
    return list.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
  } catch {
    return false;
  }
}

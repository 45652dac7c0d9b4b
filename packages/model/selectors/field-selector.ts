/** Field selectors of list and watch requests: `spec.nodeName=node-1,status.phase!=Succeeded`. */
import type { ApiObject } from '../object.ts';
import type { Strategy } from '../strategy.ts';
import { SelectorError } from './selector-error.ts';

export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

export type FieldSelector = readonly FieldRequirement[];

function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === ',') {
      terms.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...terms, text.slice(start)].filter((term) => term !== '');
}

function unescapeValue(value: string): string {
  let result = '';
  for (let at = 0; at < value.length; at += 1) {
    const character = value[at]!;
    if (character === ',' || character === '=') {
      throw new SelectorError(`invalid field selector: unescaped character in value: ${character}`);
    }
    if (character !== '\\') {
      result += character;
      continue;
    }
    at += 1;
    const escaped = value[at];
    if (escaped !== '\\' && escaped !== ',' && escaped !== '=') {
      throw new SelectorError(`invalid field selector: invalid escape sequence: \\${escaped ?? ''}`);
    }
    result += escaped;
  }
  return result;
}

/**
 * Reads a field selector; `\\`, `\,` and `\=` stand for the character itself. The empty text selects everything.
 * @throws SelectorError
 */
export function parseFieldSelector(text: string): FieldSelector {
  return splitTerms(text).map((term): FieldRequirement => {
    const match = /^([^!=]*)(!=|==|=)([\s\S]*)$/.exec(term);
    if (match === null) throw new SelectorError(`invalid selector: '${text}'; can't understand '${term}'`);
    return { field: match[1]!, operator: match[2] === '!=' ? '!=' : '=', value: unescapeValue(match[3]!) };
  });
}

/**
 * The field selector as a predicate on objects of one kind.
 * @throws SelectorError when the kind has no such field to select by
 */
export function fieldMatcher(
  strategy: Pick<Strategy, 'selectableFields'>,
  selector: FieldSelector,
): (object: Readonly<ApiObject>) => boolean {
  const checks = selector.map(({ field, operator, value }) => {
    const read = fieldReader(strategy, field);
    return (object: Readonly<ApiObject>) => (read(object) === value) === (operator === '=');
  });
  return (object) => checks.every((check) => check(object));
}

function fieldReader(
  strategy: Pick<Strategy, 'selectableFields'>,
  field: string,
): (object: Readonly<ApiObject>) => string {
  if (field === 'metadata.name') return (object) => object.metadata?.name ?? '';
  if (field === 'metadata.namespace') return (object) => object.metadata?.namespace ?? '';
  const fields = strategy.selectableFields;
  if (fields !== undefined && Object.hasOwn(fields, field)) return fields[field]!;
  throw new SelectorError(
    fields === undefined
      ? `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`
      : `field label not supported: ${field}`,
  );
}

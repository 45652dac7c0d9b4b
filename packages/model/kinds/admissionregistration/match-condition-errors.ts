/** What is wrong with the matchConditions of webhooks and admission policies, the expressions themselves aside. */
import { duplicate, type FieldError, index, invalid, required, tooMany } from '../../field-error.ts';
import { qualifiedNameProblems } from '../../metadata/names.ts';

const conditionLimit = 64;

export interface MatchConditionFields {
  readonly name?: string;
  readonly expression?: string;
}

/** @param expressionErrors what is wrong with an expression that is not empty, by its field */
export function matchConditionErrors(
  at: string,
  conditions: readonly MatchConditionFields[],
  expressionErrors: (field: string, expression: string) => FieldError[],
): FieldError[] {
  const errors: FieldError[] = [];
  if (conditions.length > conditionLimit) errors.push(tooMany(at, conditions.length, conditionLimit));
  const names = new Set<string>();
  conditions.forEach(({ name = '', expression = '' }, position) => {
    const field = index(at, position);
    const text = expression.trim();
    if (text === '') errors.push(required(`${field}.expression`));
    else errors.push(...expressionErrors(`${field}.expression`, text));
    if (name === '') errors.push(required(`${field}.name`));
    else errors.push(...qualifiedNameProblems(name).map((problem) => invalid(`${field}.name`, name, problem)));
    if (name !== '' && names.has(name)) errors.push(duplicate(`${field}.name`, name));
    names.add(name);
  });
  return errors;
}

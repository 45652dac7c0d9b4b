import { matchConditionsCostBudget } from '@keelson/model/cel/index.ts';
import type { Decisions } from './decisions.ts';
import { type CompiledExpression, ExpressionRun, OutOfBudget } from './expression-run.ts';

export interface NamedCondition extends CompiledExpression {
  readonly name: string;
}

/** Whether a request passes match conditions, or why that cannot be told. */
export type ConditionVerdict = { readonly passes: boolean } | { readonly error: string };

/**
 * Asks conditions in order: the first that is false decides. Errors count when none is false, and mean what the failure
 * policy says: with Ignore the request does not match.
 */
export async function askConditions(
  conditions: readonly NamedCondition[],
  asked: {
    readonly bindings: Readonly<Record<string, unknown>>;
    readonly decisions: Decisions;
    readonly ignoresFailure: boolean;
    readonly variables?: ConstructorParameters<typeof ExpressionRun>[0]['variables'];
  },
): Promise<ConditionVerdict> {
  const { bindings, decisions, ignoresFailure, variables } = asked;
  const errors: string[] = [];
  // Conditions are not shown the namespace.
  const seen = { ...bindings, namespaceObject: null };
  const run = new ExpressionRun({
    bindings: seen,
    decisions,
    budget: matchConditionsCostBudget,
    ...(variables === undefined ? {} : { variables }),
  });
  for (const condition of conditions) {
    try {
      const outcome = await run.evaluate(condition);
      if ('error' in outcome) errors.push(outcome.error);
      else if (outcome.value !== true) return { passes: false };
    } catch (error) {
      if (!(error instanceof OutOfBudget)) throw error;
      errors.splice(0, errors.length, error.message);
      break;
    }
  }
  if (errors.length === 0) return { passes: true };
  if (ignoresFailure) return { passes: false };
  return { error: errors.length === 1 ? errors[0]! : `[${errors.join(', ')}]` };
}

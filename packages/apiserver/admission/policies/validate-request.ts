import {
  boolType,
  messageExpressionMaxBytes,
  nullType,
  runtimeCostBudget,
  stringType,
} from '@keelson/model/cel/index.ts';
import type { Decisions } from '../expressions/decisions.ts';
import { type CompiledExpression, ExpressionRun, OutOfBudget } from '../expressions/expression-run.ts';
import { askConditions } from '../expressions/match-conditions.ts';
import type { CompiledPolicy, Fields } from './policy.ts';

/** One of a ValidatingAdmissionPolicy's validations. */
interface Validation {
  readonly condition: CompiledExpression;
  readonly message: string;
  readonly messageExpression: CompiledExpression | undefined;
  readonly reason: string;
}

interface Annotation {
  readonly key: string;
  readonly expression: CompiledExpression;
}

export interface ValidatingPolicy extends CompiledPolicy {
  readonly validations: readonly Validation[];
  readonly annotations: readonly Annotation[];
}

/** A validation that does not let the write pass. */
export interface Denial {
  /** The position of the validation; 0 when none was asked. */
  readonly position: number;
  readonly message: string;
  readonly reason: string;
}

/** What a policy says of a request with one set of parameters. */
export interface Verdict {
  readonly denials: readonly Denial[];
  /** Audit annotations by their keys. */
  readonly annotations: readonly (readonly [key: string, value: string])[];
  /** Annotations that could not be made; each denies the write whatever the binding's actions are. */
  readonly failedAnnotations: readonly string[];
}

const nothing: Verdict = { denials: [], annotations: [], failedAnnotations: [] };

export function validatingPolicy(policy: CompiledPolicy): ValidatingPolicy {
  const { spec, compile } = policy;
  const validations = ((spec['validations'] ?? []) as Fields[]).map((validation) => ({
    condition: compile(validation['expression'], { authorizer: true }, boolType),
    message: validation['message'] ?? '',
    messageExpression: validation['messageExpression']
      ? compile(validation['messageExpression'], { authorizer: false }, stringType)
      : undefined,
    reason: validation['reason'] ?? 'Invalid',
  }));
  const annotations = ((spec['auditAnnotations'] ?? []) as Fields[]).map(({ key, valueExpression }) => ({
    key,
    expression: compile(valueExpression, { authorizer: true }, [stringType, nullType]),
  }));
  return { ...policy, validations, annotations };
}

interface Asked {
  readonly bindings: Readonly<Record<string, unknown>>;
  readonly decisions: Decisions;
}

/** Asks a policy about one request with one set of parameters. */
export async function validateRequest(policy: ValidatingPolicy, asked: Asked): Promise<Verdict> {
  const { ignoresFailure, variables } = policy;
  const failed = (message: string): Verdict =>
    ignoresFailure ? nothing : { ...nothing, denials: [{ position: 0, message, reason: 'Invalid' }] };
  if (policy.conditions.length > 0) {
    const verdict = await askConditions(policy.conditions, { ...asked, ignoresFailure, variables });
    if ('error' in verdict) return failed(verdict.error);
    if (!verdict.passes) return nothing;
  }
  try {
    const run = new ExpressionRun({ ...asked, variables, budget: runtimeCostBudget });
    const denials = await denialsOf(policy, run);
    return { denials, ...(await annotationsOf(policy, asked)) };
  } catch (error) {
    if (error instanceof OutOfBudget) return failed(error.message);
    throw error;
  }
}

/** @throws OutOfBudget */
async function denialsOf(policy: ValidatingPolicy, run: ExpressionRun): Promise<Denial[]> {
  const denials: Denial[] = [];
  const unexplained: { validation: Validation; position: number }[] = [];
  for (const [position, validation] of policy.validations.entries()) {
    const outcome = await run.evaluate(validation.condition);
    if (!('error' in outcome)) {
      if (outcome.value !== true) unexplained.push({ validation, position });
    } else if (!policy.ignoresFailure) denials.push({ position, message: outcome.error, reason: 'Invalid' });
  }
  for (const { validation, position } of unexplained) {
    try {
      denials.push({ position, message: await messageOf(validation, run), reason: validation.reason });
    } catch (error) {
      if (!(error instanceof OutOfBudget)) throw error;
      const message = `failed messageExpression: ${error.message}`;
      if (!policy.ignoresFailure) denials.push({ position, message, reason: 'Invalid' });
    }
  }
  return denials.sort((left, right) => left.position - right.position);
}

async function messageOf({ condition, message, messageExpression }: Validation, run: ExpressionRun): Promise<string> {
  if (messageExpression !== undefined) {
    const outcome = await run.evaluate(messageExpression);
    const text = 'error' in outcome || typeof outcome.value !== 'string' ? '' : outcome.value.trim();
    const fits = Buffer.byteLength(text) <= messageExpressionMaxBytes && !text.includes('\n');
    if (text !== '' && fits) return text;
  }
  return message.trim() || `failed expression: ${condition.text.trim()}`;
}

/** @throws OutOfBudget */
async function annotationsOf(
  policy: ValidatingPolicy,
  asked: Asked,
): Promise<Pick<Verdict, 'annotations' | 'failedAnnotations'>> {
  const annotations: (readonly [string, string])[] = [];
  const failedAnnotations: string[] = [];
  if (policy.annotations.length === 0) return { annotations, failedAnnotations };
  const run = new ExpressionRun({ ...asked, variables: policy.variables, budget: runtimeCostBudget });
  for (const { key, expression } of policy.annotations) {
    const outcome = await run.evaluate(expression);
    if ('error' in outcome) {
      if (!policy.ignoresFailure) failedAnnotations.push(outcome.error);
    } else if (typeof outcome.value === 'string' && outcome.value.trim() !== '') {
      annotations.push([key, outcome.value.trim()]);
    }
  }
  return { annotations, failedAnnotations };
}

import { type ApiObject, newestMinor, SelectorError } from '@keelson/model';
import { boolType, PolicyExpressions } from '@keelson/model/cel/index.ts';
import type { WebhookTarget } from '../../webhook/contract.ts';
import type { NamedCondition } from '../expressions/match-conditions.ts';
import { type CompiledConstraints, compileConstraints } from '../matching/index.ts';

/** The configuration's fields that matter for a call (admissionregistration.k8s.io/v1 MutatingWebhook, ValidatingWebhook). */
type HookFields = Readonly<Record<string, any>>;

/** One webhook of one configuration, ready to be asked. */
export interface Hook {
  readonly configuration: string;
  readonly name: string;
  /** Tells it from every other of its kind. */
  readonly identity: string;
  readonly constraints: CompiledConstraints;
  readonly conditions: readonly NamedCondition[];
  readonly target: WebhookTarget;
  /** Milliseconds. */
  readonly timeout: number;
  /** A call that fails lets the write pass. */
  readonly ignoresFailure: boolean;
  readonly sideEffects: string;
  /** Versions of AdmissionReview, the preferred one first. */
  readonly reviewVersions: readonly string[];
  readonly reinvocable: boolean;
}

/** The webhooks of a configuration, in its order. */
export function hooksOf(configuration: Readonly<ApiObject>): Hook[] {
  const name = configuration.metadata?.name ?? '';
  const seen = new Map<string, number>();
  return ((configuration['webhooks'] ?? []) as HookFields[]).map((fields) => {
    const repeated = seen.get(fields['name']) ?? 0;
    seen.set(fields['name'], repeated + 1);
    return {
      configuration: name,
      name: fields['name'],
      identity: `${name}/${fields['name']}/${repeated}`,
      constraints: constraintsOf(fields),
      conditions: conditionsOf(fields['matchConditions'] ?? []),
      target: targetOf(fields['clientConfig'] ?? {}),
      timeout: (fields['timeoutSeconds'] ?? 10) * 1000,
      ignoresFailure: fields['failurePolicy'] === 'Ignore',
      sideEffects: fields['sideEffects'] ?? '',
      reviewVersions: fields['admissionReviewVersions'] ?? [],
      reinvocable: fields['reinvocationPolicy'] === 'IfNeeded',
    };
  });
}

function constraintsOf(fields: HookFields): CompiledConstraints {
  const { rules = [], matchPolicy, namespaceSelector, objectSelector } = fields;
  try {
    return compileConstraints({ rules, matchPolicy, namespaceSelector, objectSelector });
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
    // What cannot be read (it was stored before it was checked so) must not let more pass.
    return compileConstraints({ rules, matchPolicy });
  }
}

function conditionsOf(conditions: readonly HookFields[]): NamedCondition[] {
  if (conditions.length === 0) return [];
  const expressions = new PolicyExpressions({ minor: newestMinor, params: false, composed: false });
  return conditions.map(({ name, expression }) => ({
    name,
    text: expression,
    compiled: expressions.compile(expression, { authorizer: true, stored: true }, boolType),
  }));
}

function targetOf({ url, service, caBundle }: HookFields): WebhookTarget {
  const authorities = caBundle ? { authorities: Buffer.from(caBundle, 'base64').toString('utf8') } : {};
  if (url !== undefined) return { at: { url }, ...authorities };
  const { namespace, name, path, port } = service ?? {};
  return { at: { service: { namespace, name, ...(path ? { path } : {}), ...(port ? { port } : {}) } }, ...authorities };
}

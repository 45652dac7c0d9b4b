import { AdmissionError, type AdmissionPlugin, type AdmissionRequest } from '../contract.ts';
import { admissionBindings } from '../expressions/admission-bindings.ts';
import { Decisions } from '../expressions/decisions.ts';
import { forbidden } from '../refusal.ts';
import { objectFor } from '../webhooks/object-in-version.ts';
import { type Binding, compilePolicy } from './policy.ts';
import {
  type Invocation,
  invocationsFor,
  isExempt,
  namespaceOf,
  type PolicyTools,
  policiesReady,
} from './policy-context.ts';
import { type BoundPolicy, PolicyList } from './policy-list.ts';
import { type ValidatingPolicy, type Verdict, validateRequest, validatingPolicy } from './validate-request.ts';

/** More failures than this are not written into one audit annotation. */
const maxAuditedFailures = 50;
/** Characters of an audit annotation of a policy's own. */
const maxAnnotation = 10 * 1024;
const codes: Readonly<Record<string, number>> = {
  Forbidden: 403,
  Unauthorized: 401,
  RequestEntityTooLarge: 413,
  Invalid: 422,
};

interface Refusal {
  readonly policy: string;
  readonly binding: string | undefined;
  readonly message: string;
  readonly reason: string;
}

/** What is gathered from all policies about one request. */
interface Findings {
  readonly refusals: Refusal[];
  readonly audited: object[];
}

/**
 * ValidatingAdmissionPolicy: evaluates the policies that a request is for, through each of their bindings and with each
 * set of parameters, and denies, warns or notes for the audit what does not hold.
 */
export class ValidatingAdmissionPolicy implements AdmissionPlugin {
  readonly name = 'ValidatingAdmissionPolicy';
  readonly #tools: PolicyTools;
  readonly #policies: PolicyList<ValidatingPolicy>;

  constructor(tools: PolicyTools) {
    this.#tools = tools;
    const compile = (object: Parameters<typeof compilePolicy>[0]) => validatingPolicy(compilePolicy(object));
    this.#policies = new PolicyList(tools.reader, 'validatingadmissionpolic', compile);
  }

  validate(request: AdmissionRequest): Promise<void> | void {
    const bound = this.#policies.current();
    if (bound.length === 0 || isExempt(request)) return;
    const filling = policiesReady(this.#tools, bound, request);
    if (filling !== undefined) return filling.then(() => this.#validateBound(bound, request));
    return this.#validateBound(bound, request);
  }

  #validateBound(bound: readonly BoundPolicy<ValidatingPolicy>[], request: AdmissionRequest): Promise<void> | void {
    const { invocations, problems } = invocationsFor(this.#tools, bound, request);
    if (invocations.length === 0 && problems.length === 0) return;
    const refusals = problems
      .filter(({ policy }) => !policy.ignoresFailure)
      .map(({ policy, binding, message }) => ({
        policy: policy.name,
        binding: binding?.name,
        message,
        reason: 'Invalid',
      }));
    return this.#ask(invocations, request, { refusals, audited: [] });
  }

  /** @throws AdmissionError */
  async #ask(
    invocations: readonly Invocation<ValidatingPolicy>[],
    request: AdmissionRequest,
    findings: Findings,
  ): Promise<void> {
    const decisions = new Decisions(this.#tools.authorizer, request.user);
    const annotations = new Map<string, Set<string>>();
    for (const { policy, binding, match, params } of invocations) {
      const object = await objectFor(request, match, request.object);
      const previous = await objectFor(request, match, request.previous);
      const namespace = namespaceOf(this.#tools.reader, request);
      for (const param of params) {
        const surroundings = { object, previous, namespace, params: param };
        const bindings = admissionBindings(request, match, surroundings);
        const verdict = await validateRequest(policy, { bindings, decisions });
        applyVerdict(verdict, policy.name, binding, request, findings);
        for (const [key, value] of verdict.annotations) {
          const values = annotations.get(`${policy.name}/${key}`) ?? new Set();
          annotations.set(`${policy.name}/${key}`, values.add(value.slice(0, maxAnnotation)));
        }
      }
    }
    for (const [key, values] of annotations) request.annotate?.(key, [...values].join(', '));
    if (findings.audited.length > 0) {
      const failures = JSON.stringify(findings.audited.slice(0, maxAuditedFailures));
      request.annotate?.('validation.policy.admission.k8s.io/validation_failure', failures);
    }
    const [first] = findings.refusals;
    if (first !== undefined) throw denial(request, first);
  }
}

/** Does with what a policy says what its binding wants done. */
function applyVerdict(
  verdict: Verdict,
  policy: string,
  binding: Binding,
  request: AdmissionRequest,
  { refusals, audited }: Findings,
): void {
  const actions: readonly string[] = binding.spec['validationActions'] ?? [];
  for (const { position, message, reason } of verdict.denials) {
    if (actions.includes('Deny')) refusals.push({ policy, binding: binding.name, message, reason });
    if (actions.includes('Audit')) {
      audited.push({
        message,
        policy: binding.spec['policyName'],
        binding: binding.name,
        expressionIndex: position,
        validationActions: actions,
      });
    }
    if (actions.includes('Warn')) {
      request.warnings.push(
        `Validation failed for ValidatingAdmissionPolicy '${policy}' with binding '${binding.name}': ${message}`,
      );
    }
  }
  for (const message of verdict.failedAnnotations) {
    refusals.push({ policy, binding: binding.name, message, reason: 'Invalid' });
  }
}

function denial(request: AdmissionRequest, { policy, binding, message, reason }: Refusal): AdmissionError {
  const through = binding === undefined ? '' : ` with binding '${binding}'`;
  const text = `ValidatingAdmissionPolicy '${policy}'${through} denied request: ${message}`;
  const plain = forbidden(request, text);
  return new AdmissionError(plain.message, codes[reason] ?? 422, reason, {
    ...plain.details,
    causes: [{ message: text }],
  });
}

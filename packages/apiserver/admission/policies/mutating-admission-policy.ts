import { type ApiObject, DecodeError, sameValue, showManagedFields } from '@keelson/model';
import { applyConfigurationType, jsonPatchType, listType, runtimeCostBudget } from '@keelson/model/cel/index.ts';
import { AdmissionError, type AdmissionPlugin, type AdmissionRequest } from '../contract.ts';
import { admissionBindings } from '../expressions/admission-bindings.ts';
import { Decisions } from '../expressions/decisions.ts';
import { type CompiledExpression, ExpressionRun, OutOfBudget } from '../expressions/expression-run.ts';
import { askConditions } from '../expressions/match-conditions.ts';
import { forbidden } from '../refusal.ts';
import { Reinvocation } from '../reinvocation.ts';
import { objectFor, takeChanged } from '../webhooks/object-in-version.ts';
import { applyConfiguration, applyOperations, MutationProblem } from './mutations.ts';
import { type CompiledPolicy, compilePolicy, type Fields } from './policy.ts';
import {
  type Invocation,
  invocationsFor,
  isExempt,
  namespaceOf,
  type PolicyTools,
  policiesReady,
} from './policy-context.ts';
import { type BoundPolicy, PolicyList } from './policy-list.ts';

interface Mutation {
  readonly kind: 'ApplyConfiguration' | 'JSONPatch';
  readonly expression: CompiledExpression;
}

interface MutatingPolicy extends CompiledPolicy {
  readonly mutations: readonly Mutation[];
  readonly reinvocable: boolean;
}

function mutatingPolicy(policy: CompiledPolicy): MutatingPolicy {
  const use = { authorizer: true, patchTypes: true };
  const mutations = ((policy.spec['mutations'] ?? []) as Fields[]).map(
    ({ patchType, applyConfiguration, jsonPatch }) =>
      patchType === 'JSONPatch'
        ? { kind: 'JSONPatch' as const, expression: policy.compile(jsonPatch.expression, use, listType(jsonPatchType)) }
        : {
            kind: 'ApplyConfiguration' as const,
            expression: policy.compile(applyConfiguration.expression, use, applyConfigurationType),
          },
  );
  return { ...policy, mutations, reinvocable: policy.spec['reinvocationPolicy'] === 'IfNeeded' };
}

/** A policy's failure that refuses the write. */
interface Refusal {
  readonly message: string;
  readonly reason: string;
}

/** What the first pass leaves for the second. */
interface Passed {
  readonly settled: Set<string>;
  readonly again: Set<string>;
  last: ApiObject | undefined;
}

/**
 * MutatingAdmissionPolicy: lets the policies that a request is for change its object, one after another, through each of
 * their bindings and with each set of parameters; those that wish it once more when something after them changed it.
 */
export class MutatingAdmissionPolicy implements AdmissionPlugin {
  readonly name = 'MutatingAdmissionPolicy';
  readonly #tools: PolicyTools;
  readonly #policies: PolicyList<MutatingPolicy>;

  constructor(tools: PolicyTools) {
    this.#tools = tools;
    const compile = (object: Readonly<ApiObject>) => mutatingPolicy(compilePolicy(object));
    this.#policies = new PolicyList(tools.reader, 'mutatingadmissionpolic', compile);
  }

  mutate(request: AdmissionRequest): Promise<void> | void {
    const bound = this.#policies.current();
    if (bound.length === 0 || request.object === undefined || isExempt(request)) return;
    const filling = policiesReady(this.#tools, bound, request);
    if (filling !== undefined) return filling.then(() => this.#mutateBound(bound, request));
    return this.#mutateBound(bound, request);
  }

  #mutateBound(bound: readonly BoundPolicy<MutatingPolicy>[], request: AdmissionRequest): Promise<void> | void {
    const { invocations, problems } = invocationsFor(this.#tools, bound, request);
    if (invocations.length === 0 && problems.length === 0) return;
    const refusals = problems
      .filter(({ policy }) => !policy.ignoresFailure)
      .map(({ policy, binding, message }) => refusalBy(policy, binding?.name, message, 'Forbidden'));
    return this.#ask(invocations, request, refusals);
  }

  /** @throws AdmissionError */
  async #ask(
    invocations: readonly Invocation<MutatingPolicy>[],
    request: AdmissionRequest,
    refusals: Refusal[],
  ): Promise<void> {
    // Policies see managed fields as clients do, and may change them.
    showManagedFields(request.object?.metadata);
    request.reinvocation ??= new Reinvocation();
    const passed = this.#passedOf(request.reinvocation);
    const { reinvocation } = request;
    if (reinvocation.reinvoking && !sameValue(passed.last, request.object)) unsettle(passed);
    const decisions = new Decisions(this.#tools.authorizer, request.user);
    for (const invocation of invocations) {
      const { policy, binding, params } = invocation;
      for (const param of params) {
        const identity = `${policy.name}/${binding.name}/${param?.metadata?.namespace}/${param?.metadata?.name}`;
        if (reinvocation.reinvoking && !passed.again.has(identity)) continue;
        const before = structuredClone(request.object);
        for (const message of await this.#mutate(invocation, param, request, decisions)) {
          if (!policy.ignoresFailure) refusals.push(refusalBy(policy, binding.name, message, 'Invalid'));
        }
        if (!sameValue(before, request.object)) {
          unsettle(passed);
          reinvocation.requested = true;
        }
        if (policy.reinvocable) passed.settled.add(identity);
      }
    }
    passed.last = structuredClone(request.object);
    const [first] = refusals;
    if (first !== undefined) throw denial(request, first, refusals);
  }

  #passedOf({ state }: Reinvocation): Passed {
    const known = state.get(this.name) as Passed | undefined;
    const passed = known ?? { settled: new Set<string>(), again: new Set<string>(), last: undefined };
    state.set(this.name, passed);
    return passed;
  }

  /** Applies one policy's mutations in order. Resolves to what went wrong. */
  async #mutate(
    { policy, match }: Invocation<MutatingPolicy>,
    params: Readonly<ApiObject> | null,
    request: AdmissionRequest,
    decisions: Decisions,
  ): Promise<string[]> {
    const { ignoresFailure, variables, conditions, mutations } = policy;
    const namespace = namespaceOf(this.#tools.reader, request);
    const previous = await objectFor(request, match, request.previous);
    const bindingsNow = async () => {
      const object = await objectFor(request, match, request.object);
      return { object, bindings: admissionBindings(request, match, { object, previous, params, namespace }) };
    };
    if (conditions.length > 0) {
      const { bindings } = await bindingsNow();
      const verdict = await askConditions(conditions, { bindings, decisions, ignoresFailure, variables });
      if ('error' in verdict) return [verdict.error];
      if (!verdict.passes) return [];
    }
    const problems: string[] = [];
    for (const { kind, expression } of mutations) {
      const { object, bindings } = await bindingsNow();
      try {
        const run = new ExpressionRun({ bindings, decisions, variables, budget: runtimeCostBudget });
        const outcome = await run.evaluate(expression);
        if ('error' in outcome) problems.push(outcome.error);
        else if (kind === 'JSONPatch') await takeChanged(request, match, applyOperations(object!, outcome));
        else await takeChanged(request, match, applyConfiguration(object!, outcome, match.resource, match.kind));
      } catch (error) {
        // A result that is no object of its kind is the policy's fault.
        const known = [MutationProblem, OutOfBudget, DecodeError].some((kind) => error instanceof kind);
        if (!known) throw error;
        problems.push((error as Error).message);
      }
    }
    return problems;
  }
}

function unsettle({ settled, again }: Passed): void {
  for (const identity of settled) again.add(identity);
  settled.clear();
}

function refusalBy(policy: MutatingPolicy, binding: string | undefined, message: string, reason: string): Refusal {
  const through = binding === undefined ? JSON.stringify(policy.name) : `'${policy.name}' with binding '${binding}'`;
  return { message: `policy ${through} denied request: ${message}`, reason };
}

function denial(request: AdmissionRequest, first: Refusal, all: readonly Refusal[]): AdmissionError {
  const { details } = forbidden(request, 'admission request denied by policy');
  const causes = all.map(({ message }) => ({ message }));
  return new AdmissionError(first.message, 403, first.reason, { ...details, causes });
}

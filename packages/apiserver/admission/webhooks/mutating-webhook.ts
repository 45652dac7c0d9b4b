import { type ApiObject, jsonPatch, PatchError, sameValue, showManagedFields } from '@keelson/model';
import { AdmissionError, type AdmissionPlugin, type AdmissionRequest, type ObjectReader } from '../contract.ts';
import { isAdmissionConfiguration, type RequestMatch, type RequestMatcher } from '../matching/index.ts';
import { Reinvocation } from '../reinvocation.ts';
import type { ReviewAnswer } from './admission-review.ts';
import { callHook, failedClosed, failure, HookFailure, type HookTools } from './call-hook.ts';
import type { Hook } from './hook.ts';
import { HookList } from './hook-list.ts';
import { objectFor, takeChanged } from './object-in-version.ts';
import { passesConditions } from './passes-conditions.ts';

/** How long all mutating webhooks of a request may take together, in milliseconds (kube-apiserver's --request-timeout). */
const requestPatience = 60_000;

function requestTimeout(): AdmissionError {
  const text = 'Timeout: request did not complete within requested timeout - context deadline exceeded';
  return new AdmissionError(text, 504, 'Timeout');
}

/** What the first pass leaves for the second. */
interface Passed {
  /** Reinvocable webhooks that were asked and after which nothing has changed. */
  readonly settled: Set<string>;
  /** Those to be asked again. */
  readonly again: Set<string>;
  /** The object as the last webhook left it. */
  last: ApiObject | undefined;
  /** When time for all of them is up, on the monotonic clock. */
  readonly deadline: number;
}

/**
 * MutatingAdmissionWebhook: asks the webhooks of MutatingWebhookConfigurations one after another, by configuration name
 * and order, and applies their patches; those that wish it are asked once more when something after them has changed the
 * object.
 */
export class MutatingAdmissionWebhook implements AdmissionPlugin {
  readonly name = 'MutatingAdmissionWebhook';
  readonly #tools: HookTools;
  readonly #matcher: RequestMatcher;
  readonly #hooks: HookList;

  constructor(options: HookTools & { readonly reader: ObjectReader; readonly matcher: RequestMatcher }) {
    this.#tools = options;
    this.#matcher = options.matcher;
    this.#hooks = new HookList(options.reader, 'mutatingwebhookconfigurations');
  }

  mutate(request: AdmissionRequest): Promise<void> | void {
    const hooks = this.#hooks.current();
    if (hooks.length === 0 || isAdmissionConfiguration(request)) return;
    return this.#ask(hooks, request);
  }

  async #ask(hooks: readonly Hook[], request: AdmissionRequest): Promise<void> {
    request.reinvocation ??= new Reinvocation();
    const { reinvocation } = request;
    const passed: Passed = (reinvocation.state.get(this.name) as Passed) ?? {
      settled: new Set(),
      again: new Set(),
      last: undefined,
      deadline: this.#tools.world.clock.monotonic() + requestPatience,
    };
    reinvocation.state.set(this.name, passed);
    if (reinvocation.reinvoking && !sameValue(passed.last, request.object)) unsettle(passed);
    for (const [position, hook] of hooks.entries()) {
      const match = this.#matcher.match(hook.constraints, request);
      if (match === undefined) continue;
      if (reinvocation.reinvoking && !passed.again.has(hook.identity)) continue;
      if (this.#tools.world.clock.monotonic() >= passed.deadline) throw requestTimeout();
      if (await this.#askOne(hook, position, request, match)) {
        unsettle(passed);
        reinvocation.requested = true;
      }
      if (hook.reinvocable) passed.settled.add(hook.identity);
    }
    if (!reinvocation.reinvoking) passed.last = structuredClone(request.object);
  }

  /** Resolves to whether the webhook has changed the object. @throws AdmissionError */
  async #askOne(hook: Hook, position: number, request: AdmissionRequest, match: RequestMatch): Promise<boolean> {
    const round = request.reinvocation?.reinvoking ? 1 : 0;
    const suffix = `round_${round}_index_${position}`;
    const { configuration, name: webhook } = hook;
    // A webhook sees managed fields as clients do, and may change them.
    showManagedFields(request.object?.metadata);
    const object = await objectFor(request, match, request.object);
    const previous = await objectFor(request, match, request.previous);
    if (!(await passesConditions(hook, this.#tools.authorizer, request, match, { object, previous }))) return false;
    let mutated = false;
    try {
      const answer = await callHook(this.#tools, hook, true, request, match, { object, previous });
      mutated = await applyPatch(hook, request, match, object, answer);
      if (answer.patch !== undefined)
        request.annotate?.(
          `patch.webhook.admission.k8s.io/${suffix}`,
          JSON.stringify({ configuration, webhook, patch: JSON.parse(answer.patch), patchType: answer.patchType }),
        );
    } catch (error) {
      if (!(error instanceof HookFailure)) throw error;
      if (!hook.ignoresFailure) throw failedClosed(error);
      this.#tools.world.log.warn('a webhook failed, and the write goes on without it', { error: error.message });
      request.annotate?.(`failed-open.mutating.webhook.admission.k8s.io/${suffix}`, webhook);
    } finally {
      request.annotate?.(
        `mutation.webhook.admission.k8s.io/${suffix}`,
        JSON.stringify({ configuration, webhook, mutated }),
      );
    }
    return mutated;
  }
}

function unsettle({ settled, again }: Passed): void {
  for (const identity of settled) again.add(identity);
  settled.clear();
}

/** @throws HookFailure for a patch that is none, AdmissionError for one that does not fit */
async function applyPatch(
  hook: Hook,
  request: AdmissionRequest,
  match: RequestMatch,
  object: Readonly<ApiObject> | undefined,
  answer: ReviewAnswer,
): Promise<boolean> {
  if (answer.patch === undefined) return false;
  const operations = parsed(hook, answer.patch);
  if (operations.length === 0) return false;
  if (object === undefined)
    throw failedClosed(
      new Error(
        `admission webhook ${JSON.stringify(hook.name)} attempted to modify the object, which is not supported for this operation`,
      ),
    );
  if (answer.patchType !== 'JSONPatch')
    throw failure(hook, `unsupported patch type ${JSON.stringify(answer.patchType)}`);
  const before = structuredClone(request.object);
  try {
    await takeChanged(request, match, jsonPatch(structuredClone(object) as ApiObject, operations));
  } catch (error) {
    if (error instanceof AdmissionError) throw error;
    throw failedClosed(error as Error);
  }
  return !sameValue(before, request.object);
}

function parsed(hook: Hook, text: string): any[] {
  try {
    const operations: unknown = JSON.parse(text);
    if (Array.isArray(operations)) return operations;
    throw new PatchError('invalid', 'json: cannot unmarshal object into Go value of type jsonpatch.Patch');
  } catch (error) {
    throw failure(hook, `received undecodable patch in webhook response: ${(error as Error).message}`);
  }
}

import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from '../contract.ts';
import { isAdmissionConfiguration, type RequestMatch, type RequestMatcher } from '../matching/index.ts';
import { callHook, failedClosed, HookFailure, type HookTools } from './call-hook.ts';
import type { Hook } from './hook.ts';
import { HookList } from './hook-list.ts';
import { objectFor } from './object-in-version.ts';
import { passesConditions } from './passes-conditions.ts';

/** ValidatingAdmissionWebhook: asks the webhooks of ValidatingWebhookConfigurations, all at once; one refusal is enough. */
export class ValidatingAdmissionWebhook implements AdmissionPlugin {
  readonly name = 'ValidatingAdmissionWebhook';
  readonly #tools: HookTools;
  readonly #matcher: RequestMatcher;
  readonly #hooks: HookList;

  constructor(options: HookTools & { readonly reader: ObjectReader; readonly matcher: RequestMatcher }) {
    this.#tools = options;
    this.#matcher = options.matcher;
    this.#hooks = new HookList(options.reader, 'validatingwebhookconfigurations');
  }

  validate(request: AdmissionRequest): Promise<void> | void {
    const hooks = this.#hooks.current();
    if (hooks.length === 0 || isAdmissionConfiguration(request)) return;
    return this.#ask(hooks, request);
  }

  async #ask(hooks: readonly Hook[], request: AdmissionRequest): Promise<void> {
    const matched: { hook: Hook; match: RequestMatch }[] = [];
    for (const hook of hooks) {
      const match = this.#matcher.match(hook.constraints, request);
      if (match !== undefined) matched.push({ hook, match });
    }
    if (matched.length === 0) return;
    const verdicts = await Promise.allSettled(
      matched.map(({ hook, match }, position) => this.#askOne(hook, position, request, match)),
    );
    for (const verdict of verdicts) if (verdict.status === 'rejected') throw verdict.reason;
  }

  /** @throws AdmissionError */
  async #askOne(hook: Hook, position: number, request: AdmissionRequest, match: RequestMatch): Promise<void> {
    const object = await objectFor(request, match, request.object);
    const previous = await objectFor(request, match, request.previous);
    if (!(await passesConditions(hook, this.#tools.authorizer, request, match, { object, previous }))) return;
    try {
      await callHook(this.#tools, hook, false, request, match, { object, previous });
    } catch (error) {
      if (!(error instanceof HookFailure)) throw error;
      if (!hook.ignoresFailure) throw failedClosed(error);
      this.#tools.world.log.warn('a webhook failed, and the write goes on without it', { error: error.message });
      request.annotate?.(`failed-open.validating.webhook.admission.k8s.io/round_0_index_${position}`, hook.name);
    }
  }
}

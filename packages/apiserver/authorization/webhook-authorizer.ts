import { messageOf, sleep, type World } from '@keelson/base';
import { CelEvaluationError, type CelProgram } from '@keelson/model/cel/index.ts';
import { RecentCache } from '../authentication/recent-cache.ts';
import { WebhookCallError, type WebhookCaller, type WebhookTarget } from '../webhook/contract.ts';
import type { Attributes, AuthorizationResult, Authorizer, ResourceRules } from './contract.ts';
import { reviewSpecOf } from './review-spec.ts';

/** What one webhook of an AuthorizationConfiguration is told and may do. Times in milliseconds. */
export interface WebhookAuthorizerSettings {
  readonly name: string;
  readonly target: WebhookTarget;
  readonly timeout: number;
  readonly authorizedTtl: number;
  readonly unauthorizedTtl: number;
  readonly cacheAuthorized: boolean;
  readonly cacheUnauthorized: boolean;
  /** authorization.k8s.io version of the reviews. */
  readonly reviewVersion: 'v1' | 'v1beta1';
  /** What is decided when the webhook cannot be asked. */
  readonly onError: 'noOpinion' | 'deny';
  /** The webhook is asked when all of them hold; over `request`, the review's spec. */
  readonly matchConditions: readonly CelProgram[];
}

const cacheLimit = 8192;
/** Longer questions are not kept: clients choose what is in them. */
const longestKept = 10_000;
const waits = [500, 750, 1125, 1688];

interface Status {
  readonly allowed: boolean;
  readonly denied: boolean;
  readonly reason: string;
}

interface Kept {
  readonly status: Status;
  readonly until: number;
}

/**
 * Asks a webhook with a SubjectAccessReview whether something is allowed
 * (https://kubernetes.io/docs/reference/access-authn-authz/webhook/).
 */
export class WebhookAuthorizer implements Authorizer {
  readonly #world: World;
  readonly #caller: WebhookCaller;
  readonly #settings: WebhookAuthorizerSettings;
  readonly #kept = new RecentCache<string, Kept>(cacheLimit);

  constructor(world: World, caller: WebhookCaller, settings: WebhookAuthorizerSettings) {
    this.#world = world;
    this.#caller = caller;
    this.#settings = settings;
  }

  async authorize(attributes: Attributes): Promise<AuthorizationResult> {
    const spec = reviewSpecOf(attributes);
    const matches = this.#matches(spec);
    if (matches === 'error') return { decision: this.#settings.onError, reason: '' };
    if (!matches) return { decision: 'noOpinion', reason: '' };
    const status = await this.#status(spec);
    if (status === undefined) return { decision: this.#settings.onError, reason: '' };
    const { allowed, denied, reason } = status;
    return { decision: denied ? 'deny' : allowed ? 'allow' : 'noOpinion', reason };
  }

  async rulesFor(): Promise<ResourceRules> {
    const evaluationError = 'webhook authorizer does not support user rule resolution';
    return { resourceRules: [], nonResourceRules: [], incomplete: true, evaluationError };
  }

  /** One condition that is false outweighs others that fail. */
  #matches(spec: Record<string, unknown>): boolean | 'error' {
    let failed = false;
    for (const program of this.#settings.matchConditions) {
      try {
        if (program.evaluate({ request: spec }).value !== true) return false;
      } catch (error) {
        if (!(error instanceof CelEvaluationError)) throw error;
        failed = true;
      }
    }
    return failed ? 'error' : true;
  }

  async #status(spec: Record<string, unknown>): Promise<Status | undefined> {
    const key = JSON.stringify(spec);
    const kept = this.#kept.get(key);
    const { clock } = this.#world;
    if (kept !== undefined && kept.until > clock.monotonic()) return kept.status;
    const status = await this.#ask(spec);
    if (status === undefined || key.length > longestKept) return status;
    const { authorizedTtl, unauthorizedTtl, cacheAuthorized, cacheUnauthorized } = this.#settings;
    const keep = status.allowed ? cacheAuthorized : cacheUnauthorized;
    if (keep)
      this.#kept.set(key, { status, until: clock.monotonic() + (status.allowed ? authorizedTtl : unauthorizedTtl) });
    return status;
  }

  async #ask(spec: Record<string, unknown>): Promise<Status | undefined> {
    const { target, timeout, reviewVersion } = this.#settings;
    const { groups, ...others } = spec;
    // The older version calls the groups `group`.
    const sent = reviewVersion === 'v1' ? spec : { ...others, ...(groups === undefined ? {} : { group: groups }) };
    const body = JSON.stringify({
      kind: 'SubjectAccessReview',
      apiVersion: `authorization.k8s.io/${reviewVersion}`,
      metadata: { creationTimestamp: null },
      spec: sent,
      status: { allowed: false },
    });
    for (let tries = 0; ; tries++) {
      try {
        const answer = (await this.#caller.call(target, { body, timeout })) as Record<string, any>;
        const { allowed, denied, reason } = answer['status'] ?? {};
        return { allowed: allowed === true, denied: denied === true, reason: typeof reason === 'string' ? reason : '' };
      } catch (error) {
        const { status = 0 } = error as WebhookCallError;
        const again = error instanceof WebhookCallError && (status === 0 || status >= 500 || status === 429);
        if (!again || tries >= waits.length) {
          this.#world.log.error('a webhook for authorisation failed', {
            name: this.#settings.name,
            error: messageOf(error),
          });
          return undefined;
        }
        await sleep(this.#world.clock, waits[tries]!);
      }
    }
  }
}

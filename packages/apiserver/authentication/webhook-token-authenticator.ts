import { createHash } from 'node:crypto';
import { messageOf, sleep, type World } from '@keelson/base';
import { WebhookCallError, type WebhookCaller, type WebhookTarget } from '../webhook/contract.ts';
import type { AuthenticationResult, TokenAuthenticator, UserInfo } from './contract.ts';
import { RecentCache } from './recent-cache.ts';

export interface WebhookTokenOptions {
  readonly world: World;
  readonly caller: WebhookCaller;
  readonly target: WebhookTarget;
  /** What the API server answers to: a token must be meant for one of them. */
  readonly audiences: readonly string[];
  /** How long an answer is kept, in milliseconds (--authentication-token-webhook-cache-ttl). */
  readonly cacheTime: number;
}

const cacheLimit = 8192;
/** Milliseconds for one call. */
const patience = 30_000;
/** Waits between tries, in milliseconds, as upstream's back-off. */
const waits = [500, 750, 1125, 1688];

interface Kept {
  readonly result: AuthenticationResult;
  readonly until: number;
}

/**
 * Asks a webhook who presents a token, with an authentication.k8s.io/v1 TokenReview
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#webhook-token-authentication).
 */
export class WebhookTokenAuthenticator implements TokenAuthenticator {
  readonly #options: WebhookTokenOptions;
  readonly #kept = new RecentCache<string, Kept>(cacheLimit);
  /** Questions under way: a token that comes often is asked for once. */
  readonly #asking = new Map<string, Promise<AuthenticationResult>>();

  constructor(options: WebhookTokenOptions) {
    this.#options = options;
  }

  async authenticateToken(token: string, audiences?: readonly string[]): Promise<AuthenticationResult> {
    const { clock } = this.#options.world;
    const wanted = audiences ?? this.#options.audiences;
    const key = createHash('sha256')
      .update(JSON.stringify([token, wanted]))
      .digest('base64');
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.until > clock.monotonic()) return kept.result;
    let asking = this.#asking.get(key);
    if (asking === undefined) {
      asking = this.#ask(token, wanted).finally(() => this.#asking.delete(key));
      this.#asking.set(key, asking);
      const result = await asking;
      // That the webhook failed is no answer.
      if (result.outcome !== 'refused' || result.reason !== failed)
        this.#kept.set(key, { result, until: clock.monotonic() + this.#options.cacheTime });
    }
    return asking;
  }

  async #ask(token: string, audiences: readonly string[]): Promise<AuthenticationResult> {
    const body = JSON.stringify({
      kind: 'TokenReview',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { creationTimestamp: null },
      spec: { token, ...(audiences.length > 0 ? { audiences } : {}) },
      status: { user: {} },
    });
    const { world, caller, target } = this.#options;
    for (let tries = 0; ; tries++) {
      try {
        const answer = await caller.call(target, { body, timeout: patience });
        return resultOf(answer as Record<string, any>, audiences, this.#options.audiences);
      } catch (error) {
        const again = error instanceof WebhookCallError && retried(error) && tries < waits.length;
        if (!again) {
          world.log.error('the webhook for tokens failed', { error: messageOf(error) });
          return { outcome: 'refused', reason: failed };
        }
        await sleep(world.clock, waits[tries]!);
      }
    }
  }
}

const failed = 'failed to make webhook authenticator request';

function retried({ failure, status = 0 }: WebhookCallError): boolean {
  return failure === 'unreachable' || failure === 'timeout' || status >= 500 || status === 429;
}

function resultOf(review: Record<string, any>, asked: readonly string[], own: readonly string[]): AuthenticationResult {
  const { authenticated, user, error, audiences } = review['status'] ?? {};
  if (authenticated !== true) return error ? { outcome: 'refused', reason: String(error) } : { outcome: 'none' };
  // A webhook that knows no audiences speaks for the API server's own.
  const named: readonly string[] = Array.isArray(audiences) ? audiences : own;
  const common = named.filter((one) => asked.includes(one));
  if (asked.length > 0 && common.length === 0) return { outcome: 'none' };
  return { outcome: 'authenticated', user: userOf(user ?? {}), ...(asked.length > 0 ? { audiences: common } : {}) };
}

function userOf({ username, uid, groups, extra }: Record<string, any>): UserInfo {
  const texts = (list: unknown): string[] =>
    Array.isArray(list) ? list.filter((one): one is string => typeof one === 'string') : [];
  const entries: [string, string[]][] = Object.entries(extra ?? {}).map(([key, values]) => [key, texts(values)]);
  return {
    name: typeof username === 'string' ? username : '',
    groups: texts(groups),
    ...(typeof uid === 'string' && uid !== '' ? { uid } : {}),
    ...(entries.length > 0 ? { extra: Object.fromEntries(entries) } : {}),
  };
}

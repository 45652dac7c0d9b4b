import { setImmediate } from 'node:timers/promises';
import {
  type CelAuthorizationQuery,
  type CelAuthorizer,
  type CelDecision,
  CelPending,
} from '@keelson/model/cel/index.ts';
import type { UserInfo } from '../../authentication/contract.ts';
import type { Attributes, Authorizer } from '../../authorization/contract.ts';

/** More different checks than this are not made for one request. */
const maxChecks = 200;

/** What a check costs an expression: what led to it is evaluated again when its answer is there. */
const checkCost = 350_000;
/** So much is evaluated at once, some 50 ms at worst. Then others in this process get their turn. */
const turnCost = 500_000;

/**
 * What expressions ask the authoriser about one request. Expressions are evaluated at once, an authoriser may take its
 * time: an answer that is not there yet stops the evaluation, which is begun again when it is.
 */
export class Decisions implements CelAuthorizer {
  readonly #authorizer: Authorizer;
  readonly #user: UserInfo;
  readonly #known = new Map<string, CelDecision>();
  #pending: Promise<void> | undefined;
  #sinceTurn = 0;

  constructor(authorizer: Authorizer, user: UserInfo) {
    this.#authorizer = authorizer;
    this.#user = user;
  }

  check(query: CelAuthorizationQuery): CelDecision {
    const key = JSON.stringify(query);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= maxChecks) return { allowed: false, reason: '', error: 'too many authorization checks' };
    this.#pending = this.#ask(query, key);
    throw new CelPending();
  }

  /** The result of `evaluate`, which is called anew after each answer that it has to wait for. */
  async settle<T>(evaluate: () => T): Promise<T> {
    for (;;) {
      if (this.#sinceTurn > turnCost) await this.#turn();
      try {
        return evaluate();
      } catch (error) {
        if (!(error instanceof CelPending)) throw error;
        await this.#pending;
        this.#sinceTurn += checkCost;
      }
    }
  }

  /** Takes note of what an evaluation has cost. */
  count(cost: number): void {
    this.#sinceTurn += cost;
  }

  /** @throws CelPending when it is others' turn, for the evaluation to be begun again after it */
  giveWay(): void {
    if (this.#sinceTurn <= turnCost) return;
    this.#pending = this.#turn();
    throw new CelPending();
  }

  async #turn(): Promise<void> {
    this.#sinceTurn = 0;
    await setImmediate();
  }

  async #ask(query: CelAuthorizationQuery, key: string): Promise<void> {
    const { decision, reason } = await this.#authorizer.authorize(attributesOf(query, this.#user));
    this.#known.set(key, { allowed: decision === 'allow', reason });
  }
}

function userOf(query: CelAuthorizationQuery, user: UserInfo): UserInfo {
  if (query.serviceAccount === undefined) return user;
  const { namespace, name } = query.serviceAccount;
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
  };
}

function attributesOf(query: CelAuthorizationQuery, user: UserInfo): Attributes {
  const { verb, path, group, resource, subresource, namespace, name, fieldSelector, labelSelector } = query;
  return {
    user: userOf(query, user),
    verb,
    resourceRequest: path === undefined,
    namespace,
    apiGroup: group,
    apiVersion: path === undefined ? '*' : '',
    resource,
    subresource,
    name,
    path: path ?? '',
    ...(fieldSelector ? { fieldSelector } : {}),
    ...(labelSelector ? { labelSelector } : {}),
  };
}

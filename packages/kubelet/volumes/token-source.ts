import type { Clock } from '@keelson/base';
import { type Client, kubernetesResources } from '@keelson/client';
import type { ApiObject } from '@keelson/model';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';

interface Token {
  readonly text: string;
  /** On the monotonic clock: from then on a new one is asked for. */
  readonly renewAt: number;
  readonly expiresAt: number;
}

const longestUse = 24 * 3_600_000;
const renewalShare = 0.8;

/** Service account tokens of one pod: each is kept until 80 % of its life is over, or a day. */
export class TokenSource {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #tokens = new Map<string, Token>();

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** A token for `audience` (the API server's own when ''), good for about `seconds`. */
  async token(pod: Pod, volume: string, audience: string, seconds: number): Promise<string> {
    const key = `${volume}/${audience}/${seconds}`;
    const now = this.#clock.monotonic();
    const known = this.#tokens.get(key);
    if (known !== undefined && now < known.renewAt) return known.text;
    try {
      const fresh = await this.#request(pod, audience, seconds);
      this.#tokens.set(key, fresh);
      return fresh.text;
    } catch (thrown) {
      // A token that is still good serves until the API server answers again.
      if (known !== undefined && now < known.expiresAt) return known.text;
      throw thrown;
    }
  }

  /** When the first of the tokens is to be renewed, on the monotonic clock. */
  get nextRenewal(): number {
    return Math.min(...[...this.#tokens.values()].map(({ renewAt }) => renewAt));
  }

  async #request(pod: Pod, audience: string, seconds: number): Promise<Token> {
    const { name, namespace, uid } = pod.metadata!;
    const request: ApiObject = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        audiences: audience === '' ? [] : [audience],
        expirationSeconds: seconds,
        boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name, uid },
      },
    };
    const account = pod.spec?.serviceAccountName || 'default';
    const answer = await this.#client
      .resource(kubernetesResources.serviceAccounts)
      .createSubresource<ApiObject>(account, namespace, 'token', request);
    const lifetime = Date.parse(answer['status'].expirationTimestamp) - this.#clock.now();
    const now = this.#clock.monotonic();
    const renewAt = now + Math.min(lifetime * renewalShare, longestUse);
    return { text: answer['status'].token, renewAt, expiresAt: now + lifetime };
  }
}

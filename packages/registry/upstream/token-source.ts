import type { Clock } from '@keelson/base';
import { RegistryError } from '../errors/registry-error.ts';
import type { BearerChallenge } from './challenge.ts';
import { type Transport, UpstreamAway } from './transport.ts';

const cacheLimit = 500;
const answerLimit = 64 * 1024;
/** What the token specification assumes where no lifetime is given, in seconds. */
const defaultLifetime = 60;
const margin = 10_000;

interface Token {
  readonly text: string;
  readonly until: number;
}

/**
 * Anonymous tokens of registries' token servers, kept until shortly before they expire. The flow is that of the
 * distribution project's "Token Authentication Specification".
 */
export class TokenSource {
  readonly #send: Transport;
  readonly #clock: Clock;
  readonly #tokens = new Map<string, Token>();

  constructor(send: Transport, clock: Clock) {
    this.#send = send;
    this.#clock = clock;
  }

  /**
   * A token for the challenge that `asked` answered with.
   * @throws RegistryError DENIED when the server gives none, TOOMANYREQUESTS; UpstreamAway when it cannot be reached
   */
  async token(challenge: BearerChallenge, asked: URL, signal: AbortSignal): Promise<string> {
    const key = JSON.stringify([challenge.realm, challenge.service, challenge.scope]);
    const known = this.#tokens.get(key);
    if (known && known.until > this.#clock.now()) return known.text;
    const fresh = await this.#fetch(challenge, asked, signal);
    this.#tokens.delete(key);
    if (this.#tokens.size >= cacheLimit) this.#tokens.delete(this.#tokens.keys().next().value!);
    this.#tokens.set(key, fresh);
    return fresh.text;
  }

  /** Forgets the token that was refused. */
  forget(text: string): void {
    for (const [key, token] of this.#tokens) if (token.text === text) this.#tokens.delete(key);
  }

  async #fetch(challenge: BearerChallenge, asked: URL, signal: AbortSignal): Promise<Token> {
    const url = URL.canParse(challenge.realm) ? new URL(challenge.realm) : undefined;
    if (!url || (url.protocol !== 'https:' && url.protocol !== asked.protocol) || url.username !== '') {
      throw new RegistryError('DENIED', { message: `${asked.host} names a token server that is not usable` });
    }
    if (challenge.service !== undefined) url.searchParams.set('service', challenge.service);
    for (const scope of challenge.scope?.split(' ') ?? []) url.searchParams.append('scope', scope);
    const response = await this.#send({ method: 'GET', url, headers: { accept: 'application/json' }, signal });
    if (response.status !== 200) {
      response.discard();
      if (response.status >= 500) throw new UpstreamAway(`${url.host} answered ${response.status}`);
      throw new RegistryError(response.status === 429 ? 'TOOMANYREQUESTS' : 'DENIED', {
        detail: { upstream: asked.host, tokenServer: url.host, status: response.status },
      });
    }
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of response.body) {
      size += piece.length;
      if (size > answerLimit) throw new UpstreamAway(`${url.host} answered with more than ${answerLimit} bytes`);
      pieces.push(piece);
    }
    return this.#read(Buffer.concat(pieces).toString('utf8'), url);
  }

  #read(body: string, url: URL): Token {
    let answer: Record<string, unknown>;
    try {
      answer = JSON.parse(body) ?? {};
    } catch {
      throw new UpstreamAway(`${url.host} answered with what is not JSON`);
    }
    const text = answer.token ?? answer.access_token;
    if (typeof text !== 'string' || !/^[\x21-\x7e]+$/.test(text)) throw new UpstreamAway(`${url.host} gave no token`);
    const lifetime =
      typeof answer.expires_in === 'number' && answer.expires_in > 0 ? answer.expires_in : defaultLifetime;
    const duration = lifetime * 1000;
    return { text, until: this.#clock.now() + Math.max(duration - margin, duration / 2) };
  }
}

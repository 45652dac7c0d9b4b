import type { World } from '@keelson/base';
import { RegistryError } from '../errors/registry-error.ts';
import { type BearerChallenge, parseChallenge } from './challenge.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { TokenSource } from './token-source.ts';
import { type Transport, UpstreamAway, type UpstreamResponse } from './transport.ts';
import type { Upstream } from './upstreams.ts';

const redirectLimit = 5;
const challengeLimit = 200;
const limitedDefault = 60_000;
const limitedLongest = 3600_000;

/** Seconds or an HTTP date (RFC 9110, section 10.2.3), as milliseconds from `now`. */
function retryAfter(header: string | undefined, now: number): number {
  const seconds = /^\d{1,9}$/.test(header ?? '') ? Number(header) * 1000 : Date.parse(header ?? '') - now;
  return Number.isNaN(seconds) ? limitedDefault : Math.min(Math.max(seconds, 1000), limitedLongest);
}

/** Speaks to one upstream: anonymous tokens, redirects without credentials, and no waiting for one that is away. */
export class UpstreamClient {
  readonly host: string;
  readonly #base: URL;
  readonly #send: Transport;
  readonly #world: World;
  readonly #tokens: TokenSource;
  readonly #breaker: CircuitBreaker;
  /** The challenge that a repository's requests are answered with, so that the next request brings its token along. */
  readonly #challenges = new Map<string, BearerChallenge>();

  constructor(host: string, upstream: Upstream, send: Transport, world: World) {
    this.host = host;
    this.#base = new URL(upstream.url);
    this.#send = send;
    this.#world = world;
    this.#tokens = new TokenSource(send, world.clock);
    this.#breaker = new CircuitBreaker(world.clock);
  }

  /**
   * Asks for `/v2/<path>/<ending>`, and returns any answer that is no redirect, challenge, limit or server error.
   * @throws UpstreamAway, at once while the upstream is known to be away; RegistryError TOOMANYREQUESTS, DENIED
   */
  async ask(
    method: 'GET' | 'HEAD',
    path: string,
    ending: string,
    options: { readonly accept?: string; readonly signal: AbortSignal },
  ): Promise<UpstreamResponse> {
    const refusal = this.#breaker.refusal();
    if (refusal?.kind === 'limited') throw this.#limited(refusal.left);
    if (refusal) throw new UpstreamAway(refusal.reason);
    try {
      const url = new URL(`${this.#base.href.replace(/\/$/, '')}/v2/${path}/${ending}`);
      const response = this.#judge(await this.#follow(method, path, url, options), path);
      this.#breaker.succeeded();
      return response;
    } catch (error) {
      if (error instanceof RegistryError) this.#breaker.succeeded();
      if (error instanceof UpstreamAway && !options.signal.aborted) {
        this.#breaker.failed(error.message);
        this.#world.log.warn('an image registry is away', { registry: this.host, reason: error.message });
      }
      throw error;
    }
  }

  #judge(response: UpstreamResponse, path: string): UpstreamResponse {
    const { status } = response;
    if (status < 400 || status === 404) return response;
    response.discard();
    if (status === 429) {
      const delay = retryAfter(response.headers['retry-after'], this.#world.clock.now());
      this.#breaker.limited(delay);
      throw this.#limited(delay);
    }
    const detail = { upstream: this.host, name: path, status };
    if (status === 401 || status === 403) throw new RegistryError('DENIED', { detail });
    if (status >= 500) throw new UpstreamAway(`${this.host} answered ${status}`);
    throw new RegistryError('UNAVAILABLE', { detail });
  }

  #limited(left: number): RegistryError {
    return new RegistryError('TOOMANYREQUESTS', {
      message: `${this.host} limits requests`,
      detail: { upstream: this.host },
      headers: { 'retry-after': String(Math.ceil(left / 1000)) },
    });
  }

  /** One request with its challenge answered and its redirects followed; a token goes only to who asked for it. */
  async #follow(
    method: 'GET' | 'HEAD',
    path: string,
    start: URL,
    { accept, signal }: { readonly accept?: string; readonly signal: AbortSignal },
  ): Promise<UpstreamResponse> {
    let url = start;
    let challenge = this.#challenges.get(path);
    let answered = false;
    for (let hops = 0; hops <= redirectLimit; ) {
      const token = challenge ? await this.#tokens.token(challenge, url, signal) : undefined;
      const headers = {
        'user-agent': 'keelson',
        ...(accept === undefined ? {} : { accept }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      };
      const response = await this.#send({ method, url, headers, signal });
      if (response.status === 401 && !answered) {
        answered = true;
        if (token !== undefined) this.#tokens.forget(token);
        challenge = parseChallenge(response.headers['www-authenticate']);
        if (!challenge) return response;
        response.discard();
        if (url.origin === start.origin) this.#remember(path, challenge);
        continue;
      }
      const location = [301, 302, 303, 307, 308].includes(response.status) ? response.headers.location : undefined;
      if (location === undefined) return response;
      response.discard();
      const next = this.#target(location, url);
      if (next.origin !== url.origin) {
        challenge = undefined;
        answered = false;
      }
      url = next;
      hops += 1;
    }
    throw new UpstreamAway(`${this.host} redirects more than ${redirectLimit} times`);
  }

  #target(location: string, from: URL): URL {
    const next = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
    if (
      !next ||
      !['http:', 'https:'].includes(next.protocol) ||
      (from.protocol === 'https:' && next.protocol !== 'https:')
    ) {
      throw new UpstreamAway(`${this.host} redirects to what is not usable`);
    }
    return next;
  }

  #remember(path: string, challenge: BearerChallenge): void {
    if (this.#challenges.size >= challengeLimit) this.#challenges.delete(this.#challenges.keys().next().value!);
    this.#challenges.set(path, challenge);
  }
}

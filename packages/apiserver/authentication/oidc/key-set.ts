import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { messageOf, type World } from '@keelson/base';
import type { UnverifiedToken } from '../json-web-token.ts';
import type { FetchDocument } from './fetch-document.ts';

/** How soon a provider that cannot be reached is asked again, in milliseconds. */
const retryPeriod = 10_000;
/** How often keys are fetched for tokens that name an unknown one, in milliseconds. */
const refetchPeriod = 5000;
/** Keys of one provider. */
const keyLimit = 100;

interface Algorithm {
  readonly hash: string;
  readonly type: 'rsa' | 'rsa-pss' | 'ec';
}

const algorithms: Readonly<Record<string, Algorithm>> = {
  RS256: { hash: 'sha256', type: 'rsa' },
  RS384: { hash: 'sha384', type: 'rsa' },
  RS512: { hash: 'sha512', type: 'rsa' },
  PS256: { hash: 'sha256', type: 'rsa-pss' },
  PS384: { hash: 'sha384', type: 'rsa-pss' },
  PS512: { hash: 'sha512', type: 'rsa-pss' },
  ES256: { hash: 'sha256', type: 'ec' },
  ES384: { hash: 'sha384', type: 'ec' },
  ES512: { hash: 'sha512', type: 'ec' },
};

interface Key {
  readonly id: string;
  readonly key: KeyObject;
}

/** Where a provider's documents are. */
export interface ProviderLocation {
  /** The issuer that the documents must name. */
  readonly issuer: string;
  /** Where the discovery document is, when not below the issuer. */
  readonly discoveryUrl?: string;
  /** PEM that the provider's certificate must chain to. */
  readonly authority?: string;
}

/**
 * The keys of one OpenID provider: found through its discovery document, kept, and fetched anew when a token names one
 * that is not known (https://openid.net/specs/openid-connect-discovery-1_0.html).
 */
export class ProviderKeys {
  readonly #world: World;
  readonly #location: ProviderLocation;
  readonly #fetch: FetchDocument;
  #keysUrl: string | undefined;
  #keys: readonly Key[] = [];
  #fetching: Promise<void> | undefined;
  #fetched = Number.NEGATIVE_INFINITY;
  #discovered = Number.NEGATIVE_INFINITY;

  constructor(world: World, location: ProviderLocation, fetch: FetchDocument) {
    this.#world = world;
    this.#location = location;
    this.#fetch = fetch;
  }

  /** Checks a token's signature. Returns why it is none, or undefined. */
  async problem(token: UnverifiedToken): Promise<string | undefined> {
    const algorithm = Object.hasOwn(algorithms, token.algorithm) ? algorithms[token.algorithm] : undefined;
    if (algorithm === undefined)
      return `oidc: malformed jwt: unexpected signature algorithm ${JSON.stringify(token.algorithm)}`;
    if (this.#signed(token, algorithm)) return undefined;
    const before = this.#keys;
    await this.#refetch();
    if (this.#keysUrl === undefined) return 'oidc: authenticator not initialized';
    if (this.#keys !== before && this.#signed(token, algorithm)) return undefined;
    return 'failed to verify signature: failed to verify id token signature';
  }

  /** Whether the provider's documents were found. */
  get ready(): boolean {
    return this.#keysUrl !== undefined;
  }

  /** Looks for the provider's documents, so that the first token need not wait for them. */
  async prepare(): Promise<void> {
    await this.#refetch();
  }

  #signed(token: UnverifiedToken, { hash, type }: Algorithm): boolean {
    for (const { id, key } of this.#keys) {
      if (token.keyId !== '' && id !== token.keyId) continue;
      if (key.asymmetricKeyType !== (type === 'ec' ? 'ec' : 'rsa')) continue;
      const data = Buffer.from(token.signed);
      const form =
        type === 'ec'
          ? { key, dsaEncoding: 'ieee-p1363' as const }
          : type === 'rsa-pss'
            ? { key, padding: 6, saltLength: -1 }
            : key;
      if (verify(hash, data, form, token.signature)) return true;
    }
    return false;
  }

  /** At most one at a time, and not at the pace of those who invent tokens. */
  async #refetch(): Promise<void> {
    if (this.#fetching === undefined) {
      const now = this.#world.clock.monotonic();
      const pause = this.#keysUrl === undefined ? retryPeriod : refetchPeriod;
      if (now - Math.max(this.#fetched, this.#discovered) < pause) return;
      this.#fetching = this.#load().finally(() => {
        this.#fetching = undefined;
      });
    }
    await this.#fetching;
  }

  async #load(): Promise<void> {
    const { issuer, authority } = this.#location;
    const { clock, log } = this.#world;
    try {
      if (this.#keysUrl === undefined) {
        this.#discovered = clock.monotonic();
        this.#keysUrl = await this.#discover();
      }
      this.#fetched = clock.monotonic();
      this.#keys = keysOf(await this.#fetch(this.#keysUrl, authority));
    } catch (error) {
      log.warn('the keys of an OpenID provider cannot be fetched', { issuer, error: messageOf(error) });
    }
  }

  async #discover(): Promise<string> {
    const { issuer, discoveryUrl, authority } = this.#location;
    const url = discoveryUrl ?? `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const document = (await this.#fetch(url, authority)) as Record<string, unknown>;
    if (document?.['issuer'] !== issuer) {
      const got = JSON.stringify(document?.['issuer'] ?? '');
      throw new Error(
        `oidc: issuer did not match the issuer returned by provider, expected ${JSON.stringify(issuer)} got ${got}`,
      );
    }
    const keysUrl = document['jwks_uri'];
    if (typeof keysUrl !== 'string' || !keysUrl.startsWith('https://'))
      throw new Error('oidc: the discovery document names no key set at an https URL');
    return keysUrl;
  }
}

/** The keys of a JSON Web Key Set that are for signatures and can be used. */
function keysOf(document: unknown): Key[] {
  const list: unknown = (document as Record<string, unknown> | null)?.['keys'];
  if (!Array.isArray(list)) throw new Error('oidc: the key set has no keys');
  return list.slice(0, keyLimit).flatMap((jwk): Key[] => {
    if (typeof jwk !== 'object' || jwk === null || (jwk.use !== undefined && jwk.use !== 'sig')) return [];
    try {
      const key = createPublicKey({ key: jwk, format: 'jwk' });
      return [{ id: typeof jwk.kid === 'string' ? jwk.kid : '', key }];
    } catch {
      return [];
    }
  });
}

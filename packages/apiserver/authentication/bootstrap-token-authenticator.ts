import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '@keelson/base';
import type { ObjectReader } from '../admission/contract.ts';
import type { AuthenticationResult, TokenAuthenticator } from './contract.ts';

const tokenForm = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const groupForm = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;
const secretType = 'bootstrap.kubernetes.io/token';

/**
 * Reads bootstrap tokens: `ID.SECRET`, kept in a Secret `bootstrap-token-ID` of kube-system
 * (https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/). A token that is not there, has expired or
 * is not meant for signing in is none of this reader's.
 */
export class BootstrapTokenAuthenticator implements TokenAuthenticator {
  readonly #clock: Clock;
  readonly #reader: ObjectReader;

  constructor(clock: Clock, reader: ObjectReader) {
    this.#clock = clock;
    this.#reader = reader;
  }

  async authenticateToken(token: string): Promise<AuthenticationResult> {
    const match = tokenForm.exec(token);
    if (match === null) return { outcome: 'none' };
    const [, id, secret] = match as unknown as [string, string, string];
    const object = this.#reader.get('', 'secrets', 'kube-system', `bootstrap-token-${id}`);
    if (object === undefined || object.metadata?.deletionTimestamp || object['type'] !== secretType)
      return { outcome: 'none' };
    const field = (name: string) => Buffer.from(object['data']?.[name] ?? '', 'base64').toString('utf8');
    if (field('token-id') !== id || !sameText(field('token-secret'), secret)) return { outcome: 'none' };
    if (this.#expired(field('expiration')) || field('usage-bootstrap-authentication') !== 'true')
      return { outcome: 'none' };
    const named = field('auth-extra-groups');
    const extra = named === '' ? [] : named.split(',');
    if (!extra.every((group) => groupForm.test(group))) return { outcome: 'none' };
    const groups = [...new Set(['system:bootstrappers', ...extra])].sort();
    return { outcome: 'authenticated', user: { name: `system:bootstrap:${id}`, groups } };
  }

  /** A time that cannot be read is over. */
  #expired(expiration: string): boolean {
    return expiration !== '' && !(Date.parse(expiration) > this.#clock.now());
  }
}

function sameText(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}

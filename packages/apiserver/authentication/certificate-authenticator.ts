import { createHash, X509Certificate } from 'node:crypto';
import type { Clock, HttpRequest } from '@keelson/base';
import { messageOf, rfc3339 } from '@keelson/base';
import type { AuthenticationResult, Authenticator, UserInfo } from './contract.ts';
import { RecentCache } from './recent-cache.ts';
import { credentialIdKey } from './well-known-users.ts';

/** The object identifier of a subject attribute that carries the user's uid (KEP-5286). */
const uidAttribute = '1.3.6.1.4.1.57683.2';
const clientAuthUsage = '1.3.6.1.5.5.7.3.2';
const anyUsage = '2.5.29.37.0';
const cacheLimit = 4096;

/** What one certificate says, once and for all; time is looked at for each request. */
interface Reading {
  readonly notBefore: number;
  readonly notAfter: number;
  readonly result: AuthenticationResult;
}

/**
 * Tells who is asking by the client certificate: the common name is the user, each organization a group. The listener
 * has verified the chain; here are checked what may change while a connection lives, the validity, and the use that
 * the certificate is for.
 */
export class CertificateAuthenticator implements Authenticator {
  readonly #clock: Clock;
  readonly #readings = new RecentCache<string, Reading>(cacheLimit);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async authenticate(request: HttpRequest): Promise<AuthenticationResult> {
    const leaf = request.peer.certificates[0];
    if (leaf === undefined) return { outcome: 'none' };
    const fingerprint = createHash('sha256').update(leaf).digest('hex');
    let reading = this.#readings.get(fingerprint);
    if (reading === undefined) {
      reading = readCertificate(leaf, fingerprint);
      this.#readings.set(fingerprint, reading);
    }
    const now = this.#clock.now();
    const expired = 'x509: certificate has expired or is not yet valid: current time';
    if (now < reading.notBefore) {
      return { outcome: 'refused', reason: `${expired} ${rfc3339(now)} is before ${rfc3339(reading.notBefore)}` };
    }
    if (now > reading.notAfter) {
      return { outcome: 'refused', reason: `${expired} ${rfc3339(now)} is after ${rfc3339(reading.notAfter)}` };
    }
    return reading.result;
  }
}

function readCertificate(der: Uint8Array, fingerprint: string): Reading {
  const always = { notBefore: Number.NEGATIVE_INFINITY, notAfter: Number.POSITIVE_INFINITY };
  try {
    const certificate = new X509Certificate(der);
    return {
      notBefore: Date.parse(certificate.validFrom),
      notAfter: Date.parse(certificate.validTo),
      result: resultOf(certificate, fingerprint),
    };
  } catch (thrown) {
    return { ...always, result: { outcome: 'refused', reason: `x509: ${messageOf(thrown)}` } };
  }
}

function resultOf(certificate: X509Certificate, fingerprint: string): AuthenticationResult {
  const usages: readonly string[] | undefined = certificate.keyUsage;
  if (usages !== undefined && !usages.includes(clientAuthUsage) && !usages.includes(anyUsage)) {
    return { outcome: 'refused', reason: 'x509: certificate specifies an incompatible key usage' };
  }
  const subject = certificate.toLegacyObject().subject as unknown as Record<string, string | string[] | undefined>;
  const name = valuesOf(subject['CN']).at(-1);
  if (name === undefined || name === '') return { outcome: 'none' };
  const uids = valuesOf(subject[uidAttribute]);
  if (uids.length > 1) return { outcome: 'refused', reason: 'expected 1 UID, but found multiple' };
  const user: UserInfo = {
    name,
    ...(uids.length === 1 ? { uid: uids[0]! } : {}),
    groups: valuesOf(subject['O']),
    extra: { [credentialIdKey]: [`X509SHA256=${fingerprint}`] },
  };
  return { outcome: 'authenticated', user };
}

/** Subject attributes come as text, or as a list when there are several of a kind. */
function valuesOf(attribute: string | string[] | undefined): string[] {
  if (attribute === undefined) return [];
  return Array.isArray(attribute) ? attribute : [attribute];
}

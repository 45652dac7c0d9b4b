import { X509Certificate } from 'node:crypto';
import type { HttpRequest } from '@keelson/base';
import type { AuthenticationResult, Authenticator } from './contract.ts';
import { RecentCache } from './recent-cache.ts';

/** Who may say in headers whom a request is from (kube-apiserver's --requestheader- options). */
export interface RequestHeaderOptions {
  /** PEM of the authority of proxies' certificates. The listener has to ask for certificates of it, too. */
  readonly clientAuthority: string;
  /** Common names of proxies; none: every certificate of the authority. */
  readonly allowedNames: readonly string[];
  readonly usernameHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraHeadersPrefix: readonly string[];
}

const cacheLimit = 256;

/** The certificates of a PEM bundle. @throws Error */
function certificatesOf(pem: string): X509Certificate[] {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return found.map((one) => new X509Certificate(one));
}

/** Tells certificates of an authentic proxy. */
export class ProxyCertificates {
  readonly #authorities: readonly X509Certificate[];
  readonly #known = new RecentCache<string, X509Certificate | 'foreign'>(cacheLimit);

  /** @throws Error for what is no certificate */
  constructor(pem: string) {
    this.#authorities = certificatesOf(pem);
  }

  /** The certificate, when the proxies' authority signed it; undefined when not. */
  own(der: Uint8Array | undefined): X509Certificate | undefined {
    if (der === undefined) return undefined;
    const key = Buffer.from(der).toString('base64');
    let found = this.#known.get(key);
    if (found === undefined) {
      const certificate = new X509Certificate(der);
      const signed = this.#authorities.some(
        (authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
      );
      found = signed ? certificate : 'foreign';
      this.#known.set(key, found);
    }
    return found === 'foreign' ? undefined : found;
  }
}

/**
 * Believes a proxy in front of the server whom a request is from
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#authenticating-proxy). Nobody else's headers
 * count.
 */
export class RequestHeaderAuthenticator implements Authenticator {
  readonly #options: RequestHeaderOptions;
  readonly #proxies: ProxyCertificates;
  readonly #now: () => number;

  constructor(options: RequestHeaderOptions, proxies: ProxyCertificates, now: () => number) {
    this.#options = options;
    this.#proxies = proxies;
    this.#now = now;
  }

  async authenticate({ headers, peer }: HttpRequest): Promise<AuthenticationResult> {
    const certificate = this.#proxies.own(peer.certificates[0]);
    if (certificate === undefined) return { outcome: 'none' };
    const now = this.#now();
    if (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo))
      return { outcome: 'refused', reason: 'x509: certificate has expired or is not yet valid' };
    const subject = certificate.toLegacyObject().subject as unknown as Record<string, string | string[] | undefined>;
    const name = [subject['CN'] ?? ''].flat().at(-1) ?? '';
    const { allowedNames } = this.#options;
    if (allowedNames.length > 0 && !allowedNames.includes(name))
      return { outcome: 'refused', reason: `x509: subject with cn=${name} is not in the allowed list` };
    const user = first(headers, this.#options.usernameHeaders);
    if (user === undefined) return { outcome: 'none' };
    const uid = first(headers, this.#options.uidHeaders);
    const groups = this.#options.groupHeaders.flatMap((header) => listOf(headers[header.toLowerCase()]));
    const extra = this.#extra(headers);
    return {
      outcome: 'authenticated',
      user: { name: user, groups, ...(uid === undefined ? {} : { uid }), ...(extra === undefined ? {} : { extra }) },
    };
  }

  #extra(headers: HttpRequest['headers']): Record<string, string[]> | undefined {
    const found: [string, string[]][] = [];
    for (const prefix of this.#options.extraHeadersPrefix) {
      const start = prefix.toLowerCase();
      for (const [name, value] of Object.entries(headers))
        if (name.startsWith(start)) found.push([unescaped(name.slice(start.length)), listOf(value)]);
    }
    return found.length === 0 ? undefined : Object.fromEntries(found);
  }
}

/** Header values are bytes that are read as UTF-8. */
function textOf(value: string): string {
  return Buffer.from(value, 'latin1').toString('utf8');
}

function first(headers: HttpRequest['headers'], names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = (headers[name.toLowerCase()] ?? '').trim();
    if (value !== '') return textOf(value);
  }
  return undefined;
}

function listOf(value: string | undefined): string[] {
  return value === undefined ? [] : value.split(',').map((part) => textOf(part.trim()));
}

function unescaped(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

import { readFileSync } from 'node:fs';
import { messageOf } from '@keelson/base';
import type { ApiServerSettings } from './api-server-settings.ts';
import { ConfigurationError } from './shape.ts';

/** What settings say of TLS, as the listener takes it. */
export interface ListenerSettings {
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** OpenSSL's names, the first preferred. */
  readonly ciphers?: string;
  /** PEM of authorities whose certificates clients may show, beside the cluster's own. */
  readonly otherAuthorities: string;
}

const versions: Readonly<Record<string, ListenerSettings['minVersion']>> = {
  VersionTLS12: 'TLSv1.2',
  VersionTLS13: 'TLSv1.3',
};

/** Cipher suites of TLS 1.2 by their IANA names, as Go has them; those of TLS 1.3 are not chosen. */
const suites: Readonly<Record<string, string>> = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
};
/** What HTTP/2 needs (RFC 9113, 9.2.2), with an ECDSA certificate or an RSA one. */
const needed = ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'];

/** @throws ConfigurationError for names that are not known, and files that cannot be read */
export function listenerSettings(settings: ApiServerSettings): ListenerSettings {
  const version = settings.tlsMinVersion ?? 'VersionTLS12';
  const minVersion = Object.hasOwn(versions, version) ? versions[version] : undefined;
  if (minVersion === undefined)
    throw new ConfigurationError(
      `unknown tls version ${JSON.stringify(version)}: one of ${Object.keys(versions).join(', ')}`,
    );
  const path = settings.requestheaderClientCaFile;
  const ciphers = ciphersOf(settings.tlsCipherSuites ?? [], minVersion);
  return { minVersion, ...(ciphers ? { ciphers } : {}), otherAuthorities: path === undefined ? '' : textOf(path) };
}

function ciphersOf(names: readonly string[], minVersion: string): string | undefined {
  if (names.length === 0) return undefined;
  const chosen = names.map((name) => {
    const suite = Object.hasOwn(suites, name) ? suites[name] : undefined;
    if (suite === undefined) throw new ConfigurationError(`Cipher suite ${name} not supported or doesn't exist`);
    return suite;
  });
  if (minVersion === 'TLSv1.2' && !chosen.some((suite) => needed.includes(suite)))
    throw new ConfigurationError(
      'http2: TLSConfig.CipherSuites is missing an HTTP/2-required AES_128_GCM_SHA256 cipher (need at least one of TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 or TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)',
    );
  return [...new Set(chosen)].join(':');
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigurationError(`${path} cannot be read: ${messageOf(error)}`);
  }
}

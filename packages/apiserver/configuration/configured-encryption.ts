import type { World } from '@keelson/base';
import type { Store } from '@keelson/store';
import { aesGcmCipher } from '../encryption/aes-ciphers.ts';
import { EncryptedStore } from '../encryption/encrypted-store.ts';
import { type EncryptionRule, readEncryption } from '../encryption/encryption-configuration.ts';
import { KmsCipher } from '../encryption/kms-cipher.ts';
import { identityCipher } from '../encryption/value-cipher.ts';
import type { HealthCheck } from '../observe/health.ts';
import type { ApiServerSettings } from './api-server-settings.ts';
import { ConfigurationFile } from './configuration-file.ts';

/** How long ciphers go on that a changed configuration does not name any more, in milliseconds. */
const lingering = 60_000;

/** A store whose values are encrypted as configured, and what keeps that current. */
export interface ConfiguredEncryption {
  readonly store: Store;
  readonly healthChecks: readonly HealthCheck[];
  start(): void;
  stop(): void;
}

/**
 * Encrypts what the settings say; without settings Secrets, under the cluster's own key.
 * @param key 32 bytes that the cluster has for this; absent in clusters made before there was one
 * @throws ConfigurationError
 */
export function configuredEncryption(
  settings: ApiServerSettings,
  store: Store,
  world: World,
  key: Uint8Array | undefined,
): ConfiguredEncryption {
  const own = key && aesGcmCipher('cluster', key);
  const path = settings.encryptionProviderConfig;
  if (path === undefined) {
    const rules = own ? [{ resources: ['secrets'], ciphers: [own, identityCipher] }] : [];
    const kept = own ? new EncryptedStore(store, rules) : store;
    return { store: kept, healthChecks: [], start: () => {}, stop: () => {} };
  }
  const file = new ConfigurationFile(path, world, (text) => readEncryption(text, world));
  const encrypted = new EncryptedStore(store, file.current, own ? [own] : []);
  return {
    store: encrypted,
    healthChecks: [{ name: 'kms-providers', check: () => firstProblem(plugins(file.current)) }],
    start: () =>
      file.follow((rules, before) => {
        encrypted.use(rules);
        world.clock.setTimer(lingering, () => {
          for (const plugin of plugins(before)) plugin.close();
        });
      }),
    stop: () => {
      file.stop();
      for (const plugin of plugins(file.current)) plugin.close();
    },
  };
}

function plugins(rules: readonly EncryptionRule[]): KmsCipher[] {
  return rules.flatMap(({ ciphers }) => ciphers.filter((cipher) => cipher instanceof KmsCipher));
}

async function firstProblem(all: readonly KmsCipher[]): Promise<string | undefined> {
  for (const plugin of all) {
    const problem = await plugin.problem();
    if (problem !== undefined) return problem;
  }
  return undefined;
}

import type { Secret } from '@keelson/model/generated/types/core-v1.ts';
import type { ImageCredentials } from '../runtime.ts';
import { registryOf } from './image-name.ts';

interface Entry {
  readonly username?: string;
  readonly password?: string;
  readonly auth?: string;
}

/** The first credentials in `secrets` that are meant for the registry of `image`; a secret that cannot be read is skipped. */
export function credentialsFor(image: string, secrets: readonly Secret[]): ImageCredentials | undefined {
  const wanted = registryOf(image);
  for (const secret of secrets)
    for (const [address, entry] of Object.entries(entriesOf(secret))) {
      if (hostOf(address) !== wanted) continue;
      const credentials = readEntry(entry, wanted);
      if (credentials !== undefined) return credentials;
    }
  return undefined;
}

function entriesOf({ type, data }: Secret): Record<string, Entry> {
  const modern = type === 'kubernetes.io/dockerconfigjson';
  const text = data?.[modern ? '.dockerconfigjson' : '.dockercfg'];
  if (text === undefined) return {};
  try {
    const parsed = JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
    const entries = modern ? parsed?.auths : parsed;
    return typeof entries === 'object' && entries !== null ? entries : {};
  } catch {
    return {};
  }
}

function hostOf(address: string): string {
  const bare = address.replace(/^https?:\/\//, '').split('/')[0]!;
  return bare === 'index.docker.io' || bare === 'registry-1.docker.io' ? 'docker.io' : bare;
}

function readEntry(entry: Entry, serverAddress: string): ImageCredentials | undefined {
  if (typeof entry?.auth === 'string') {
    const decoded = Buffer.from(entry.auth, 'base64').toString('utf8');
    const colon = decoded.indexOf(':');
    if (colon > 0) return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1), serverAddress };
  }
  if (typeof entry?.username === 'string' && typeof entry.password === 'string')
    return { username: entry.username, password: entry.password, serverAddress };
  return undefined;
}

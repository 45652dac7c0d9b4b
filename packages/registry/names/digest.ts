import { createHash, type Hash } from 'node:crypto';
import { RegistryError } from '../errors/registry-error.ts';

const forms = { sha256: /^[0-9a-f]{64}$/, sha512: /^[0-9a-f]{128}$/ } as const;

export type DigestAlgorithm = keyof typeof forms;

/** True for `sha256:<64 hex digits>` and `sha512:<128 hex digits>`, the registered algorithms of the OCI image spec. */
export function isDigest(text: string): boolean {
  const colon = text.indexOf(':');
  const algorithm = text.slice(0, colon);
  return Object.hasOwn(forms, algorithm) && forms[algorithm as DigestAlgorithm].test(text.slice(colon + 1));
}

/** `text` as it is. @throws RegistryError DIGEST_INVALID when it is no digest. */
export function checkDigest(text: string): string {
  if (!isDigest(text)) {
    throw new RegistryError('DIGEST_INVALID', {
      message: 'invalid checksum digest format',
      detail: { digest: text.slice(0, 200) },
    });
  }
  return text;
}

/** The algorithm of a valid digest. */
export function algorithmOf(digest: string): DigestAlgorithm {
  return digest.slice(0, digest.indexOf(':')) as DigestAlgorithm;
}

/** The hex digits of a valid digest. */
export function hexOf(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1);
}

/** A hash for `algorithm` that is being computed. */
export function startHash(algorithm: DigestAlgorithm): Hash {
  return createHash(algorithm);
}

/** The digest of `bytes`. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

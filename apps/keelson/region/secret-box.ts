import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Seals secrets for the store: AES-256-GCM under the region's key, bound to the place they are kept in. */
export interface SecretBox {
  /** `context` names the place: what is sealed for one place cannot be opened in another. */
  seal(plain: string, context: string): string;
  /** @throws Error when it was not sealed by this key for this place, or was changed. */
  open(sealed: string, context: string): string;
}

const nonceLength = 12;
const tagLength = 16;

export function createSecretBox(key: Uint8Array): SecretBox {
  return {
    seal(plain, context) {
      // The nonce must never repeat under one key, so it is not taken from a seeded generator.
      const nonce = randomBytes(nonceLength);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64');
    },
    open(sealed, context) {
      const bytes = Buffer.from(sealed, 'base64');
      if (bytes.length < nonceLength + tagLength) throw new Error(`what is sealed for ${context} is too short`);
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceLength))
        .setAAD(Buffer.from(context))
        .setAuthTag(bytes.subarray(nonceLength, nonceLength + tagLength));
      return Buffer.concat([decipher.update(bytes.subarray(nonceLength + tagLength)), decipher.final()]).toString(
        'utf8',
      );
    },
  };
}

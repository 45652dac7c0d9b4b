import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Random } from '@keelson/base';

const nonceLength = 12;
const tagLength = 16;

/** Encrypts what must not lie open in the store or in a client's hands, under the region's key. */
export interface Sealer {
  /** Text that only this region can open, and only for the same `purpose`; base64. */
  seal(purpose: string, text: string): string;
  /** What was sealed; undefined when it was not sealed here for this purpose, or was changed since. */
  open(purpose: string, sealed: string): string | undefined;
}

/** A sealer over the region's key of 32 bytes (AES-256-GCM, bound to the purpose). `random` must never repeat itself. */
export function createSealer(regionKey: Uint8Array, random: Random): Sealer {
  if (regionKey.length !== 32) throw new Error('the region key must have 32 bytes');
  return {
    seal(purpose, text) {
      const nonce = random.bytes(nonceLength);
      const cipher = createCipheriv('aes-256-gcm', regionKey, nonce).setAAD(Buffer.from(purpose));
      const content = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), content]).toString('base64');
    },
    open(purpose, sealed) {
      const bytes = Buffer.from(sealed, 'base64');
      if (bytes.length < nonceLength + tagLength) return undefined;
      const nonce = bytes.subarray(0, nonceLength);
      const decipher = createDecipheriv('aes-256-gcm', regionKey, nonce, { authTagLength: tagLength });
      decipher.setAAD(Buffer.from(purpose)).setAuthTag(bytes.subarray(nonceLength, nonceLength + tagLength));
      try {
        const content = bytes.subarray(nonceLength + tagLength);
        return Buffer.concat([decipher.update(content), decipher.final()]).toString('utf8');
      } catch {
        return undefined;
      }
    },
  };
}

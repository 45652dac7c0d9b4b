import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { DecryptionError, type ValueCipher } from './value-cipher.ts';

const blockSize = 16;
const nonceSize = 12;
const tagSize = 16;
const infoSize = 32;

/** AES in CBC mode with PKCS #7 padding; 16, 24 or 32 bytes of key. It keeps values secret, and tells no changes. */
export function aesCbcCipher(name: string, key: Uint8Array): ValueCipher {
  const algorithm = `aes-${key.length * 8}-cbc`;
  return {
    prefix: `k8s:enc:aescbc:v1:${name}:`,
    seal: (plain) => {
      const vector = randomBytes(blockSize);
      const cipher = createCipheriv(algorithm, key, vector);
      return Buffer.concat([vector, cipher.update(plain), cipher.final()]);
    },
    open: (sealed) => {
      if (sealed.length < 2 * blockSize || sealed.length % blockSize !== 0)
        throw new DecryptionError('the stored data was shorter than the required size');
      try {
        const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, blockSize));
        return Buffer.concat([decipher.update(sealed.subarray(blockSize)), decipher.final()]);
      } catch {
        throw new DecryptionError('invalid padding on input');
      }
    },
  };
}

/** What AES in Galois/Counter mode makes of a value: nonce, cipher text, tag. */
export function sealGcm(key: Uint8Array, plain: Uint8Array, storedAt: string): Uint8Array {
  const nonce = randomBytes(nonceSize);
  const cipher = createCipheriv(`aes-${key.length * 8}-gcm` as 'aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(storedAt));
  const text = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([nonce, text, cipher.getAuthTag()]);
}

/** @throws DecryptionError */
export function openGcm(key: Uint8Array, sealed: Uint8Array, storedAt: string): Uint8Array {
  if (sealed.length < nonceSize + tagSize)
    throw new DecryptionError('the stored data was shorter than the required size');
  const algorithm = `aes-${key.length * 8}-gcm` as 'aes-256-gcm';
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceSize), { authTagLength: tagSize });
  decipher.setAAD(Buffer.from(storedAt));
  decipher.setAuthTag(sealed.subarray(sealed.length - tagSize));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(nonceSize, sealed.length - tagSize)), decipher.final()]);
  } catch {
    throw new DecryptionError('cipher: message authentication failed');
  }
}

/** AES in Galois/Counter mode; 16, 24 or 32 bytes of key, which is good for some 2^32 writes. */
export function aesGcmCipher(name: string, key: Uint8Array): ValueCipher {
  return {
    prefix: `k8s:enc:aesgcm:v1:${name}:`,
    seal: (plain, storedAt) => sealGcm(key, plain, storedAt),
    open: (sealed, storedAt) => openGcm(key, sealed, storedAt),
  };
}

/** HKDF's second half (RFC 5869) for 32 bytes: one block of HMAC. */
function expanded(seed: Uint8Array, info: Uint8Array): Uint8Array {
  return createHmac('sha256', seed).update(info).update(Uint8Array.of(1)).digest();
}

/** AES-GCM with a key of its own for each value, drawn from `seed`: as often as one likes. */
export function sealWithSeed(seed: Uint8Array, plain: Uint8Array, storedAt: string): Uint8Array {
  const info = randomBytes(infoSize);
  return Buffer.concat([info, sealGcm(expanded(seed, info), plain, storedAt)]);
}

/** @throws DecryptionError */
export function openWithSeed(seed: Uint8Array, sealed: Uint8Array, storedAt: string): Uint8Array {
  if (sealed.length < infoSize) throw new DecryptionError('the stored data was shorter than the required size');
  const info = sealed.subarray(0, infoSize);
  return openGcm(expanded(seed, info), sealed.subarray(infoSize), storedAt);
}

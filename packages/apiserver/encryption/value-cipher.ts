/** Why a stored value cannot be read. */
export class DecryptionError extends Error {
  override readonly name = 'DecryptionError';
}

/**
 * One way to keep values, with one key of its own. What it sealed begins with `prefix` in the store, by which it is found
 * again. The key under which a value is stored goes into the seal: a value put elsewhere cannot be read there.
 */
export interface ValueCipher {
  /** `k8s:enc:aesgcm:v1:key1:`; empty for what leaves values as they are. */
  readonly prefix: string;
  /** What follows the prefix. */
  seal(plain: Uint8Array, storedAt: string): Uint8Array | Promise<Uint8Array>;
  /** @throws DecryptionError; a promise rejects with it, or with an Error when somebody could not be asked */
  open(sealed: Uint8Array, storedAt: string): Uint8Array | Promise<Uint8Array>;
}

/** Leaves values as they are. What another cipher sealed is not taken for plain. */
export const identityCipher: ValueCipher = {
  prefix: '',
  seal: (plain) => plain,
  open: (sealed) => {
    if (Buffer.from(sealed.buffer, sealed.byteOffset, Math.min(8, sealed.length)).toString('latin1') === 'k8s:enc:')
      throw new DecryptionError('identity transformer tried to read encrypted data');
    return sealed;
  },
};

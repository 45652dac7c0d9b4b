import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/** A key that service account tokens are verified with. */
export interface VerificationKey {
  /** What a token's `kid` names it by. */
  readonly keyId: string;
  readonly publicKey: KeyObject;
}

/** A key that service account tokens are signed with. */
export interface SigningKey extends VerificationKey {
  readonly privateKey: KeyObject;
}

/**
 * Reads a signing key.
 * @param pem an RSA private key, PKCS #1 or #8
 * @param keyId by default what kube-apiserver derives: the base64url SHA-256 of the public key's DER
 * @throws Error when it is no RSA private key
 */
export function signingKey(pem: string, keyId?: string): SigningKey {
  const privateKey = createPrivateKey(pem);
  const publicKey = createPublicKey(privateKey);
  requireRsa(publicKey);
  return { keyId: keyId ?? derivedKeyId(publicKey), publicKey, privateKey };
}

/** Reads a verification key from a public key's, a certificate's or a private key's PEM. @throws Error when it is not RSA */
export function verificationKey(pem: string, keyId?: string): VerificationKey {
  const publicKey = createPublicKey(pem);
  requireRsa(publicKey);
  return { keyId: keyId ?? derivedKeyId(publicKey), publicKey };
}

function requireRsa(key: KeyObject): void {
  if (key.asymmetricKeyType !== 'rsa') throw new Error('service account tokens are signed with an RSA key (RS256)');
}

function derivedKeyId(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
}

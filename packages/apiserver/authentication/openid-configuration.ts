import type { VerificationKey } from './service-account-key.ts';

/** Where the two documents are served (OpenID Connect Discovery 1.0, as kube-apiserver does). */
export const openIdConfigurationPath = '/.well-known/openid-configuration';
export const keySetPath = '/openid/v1/jwks';
/** How long they may be kept, in seconds; and their media types. */
export const openIdMaxAge = 3600;
export const openIdConfigurationType = 'application/json';
export const keySetType = 'application/jwk-set+json';

/** The discovery document of a service account issuer. */
export function openIdConfiguration(issuer: string, keySetUrl: string): Record<string, unknown> {
  return {
    issuer,
    jwks_uri: keySetUrl,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
}

/** The JSON Web Key Set (RFC 7517) that tokens of the issuer can be verified with. */
export function keySet(keys: readonly VerificationKey[]): { keys: Record<string, string>[] } {
  return {
    keys: keys.map((key) => {
      const { n = '', e = '' } = key.publicKey.export({ format: 'jwk' });
      return { use: 'sig', kty: 'RSA', kid: key.keyId, alg: 'RS256', n, e };
    }),
  };
}

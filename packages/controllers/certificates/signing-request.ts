import { type CertificateRequest, CertificateRequestError, readCertificateRequest } from '@keelson/model';
import type { CertificateSigningRequest } from '@keelson/model/generated/types/certificates-v1.ts';

export function hasCondition(csr: CertificateSigningRequest, type: string): boolean {
  return csr.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') === true;
}

/** What is asked for; undefined for what the API server would not have let in. */
export function readRequest(csr: CertificateSigningRequest): CertificateRequest | undefined {
  try {
    return readCertificateRequest(Buffer.from(String(csr.spec.request), 'base64').toString('latin1'));
  } catch (thrown) {
    if (thrown instanceof CertificateRequestError) return undefined;
    throw thrown;
  }
}

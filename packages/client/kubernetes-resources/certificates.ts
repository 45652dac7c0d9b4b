import type { CertificateSigningRequest } from '@keelson/model/generated/types/certificates-v1.ts';
import type { ResourceRef } from '../client.ts';

export const certificateSigningRequests: ResourceRef<CertificateSigningRequest> = {
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  resource: 'certificatesigningrequests',
  namespaced: false,
};

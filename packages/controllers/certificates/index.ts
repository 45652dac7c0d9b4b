/** The controllers of certificates.k8s.io: who is let in without being asked, what is signed, and what is thrown away. */
export { CertificateApprovingController } from './approving.ts';
export { CertificateCleanerController } from './cleaner.ts';
export { type CertificateSigner, CertificateSigningController } from './signing.ts';

/** Who may approve, deny and sign certificates, and for whom none is signed (upstream's plug-ins certificates/…). */
import { CertificateRequestError, readCertificateRequest, sameValue } from '@keelson/model';
import type { UserInfo } from '../authentication/contract.ts';
import { quoted } from '../authentication/quoted.ts';
import type { Authorizer } from '../authorization/contract.ts';
import type { AdmissionPlugin, AdmissionRequest } from './contract.ts';
import { forbidden, isWriteTo } from './refusal.ts';

const group = 'certificates.k8s.io';
const resource = 'certificatesigningrequests';
const clientSigner = 'kubernetes.io/kube-apiserver-client';

/** Whether a user may do `verb` for a signer, by its name or by its domain's: `kubernetes.io/*`. */
async function mayFor(authorizer: Authorizer, user: UserInfo, verb: string, signer: string): Promise<boolean> {
  const slash = signer.indexOf('/');
  const names = slash < 0 ? [signer] : [signer, `${signer.slice(0, slash)}/*`];
  for (const name of names) {
    const { decision } = await authorizer.authorize({
      user,
      verb,
      resourceRequest: true,
      namespace: '',
      apiGroup: group,
      apiVersion: '*',
      resource: 'signers',
      subresource: '',
      name,
      path: '',
    });
    if (decision === 'allow') return true;
  }
  return false;
}

/** CertificateApproval: who approves or denies needs `approve` for the signer. */
export class CertificateApproval implements AdmissionPlugin {
  readonly name = 'CertificateApproval';
  readonly #authorizer: Authorizer;

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer;
  }

  validate(request: AdmissionRequest): Promise<void> | void {
    if (request.operation === 'UPDATE' && isWriteTo(request, group, resource, 'approval')) return this.#check(request);
  }

  async #check(request: AdmissionRequest): Promise<void> {
    const signer: string = request.previous?.['spec']?.signerName ?? '';
    if (await mayFor(this.#authorizer, request.user, 'approve', signer)) return;
    throw forbidden(request, `user not permitted to approve requests with signerName ${quoted(signer)}`);
  }
}

/** CertificateSigning: who writes a certificate, or any condition, needs `sign` for the signer. */
export class CertificateSigning implements AdmissionPlugin {
  readonly name = 'CertificateSigning';
  readonly #authorizer: Authorizer;

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer;
  }

  validate(request: AdmissionRequest): Promise<void> | void {
    if (request.operation === 'UPDATE' && isWriteTo(request, group, resource, 'status')) return this.#check(request);
  }

  async #check(request: AdmissionRequest): Promise<void> {
    const [status, before] = [request.object?.['status'] ?? {}, request.previous?.['status'] ?? {}];
    const same = sameValue(status.certificate, before.certificate) && sameValue(status.conditions, before.conditions);
    if (same) return;
    const signer: string = request.previous?.['spec']?.signerName ?? '';
    if (await mayFor(this.#authorizer, request.user, 'sign', signer)) return;
    throw forbidden(request, `user not permitted to sign requests with signerName ${quoted(signer)}`);
  }
}

/** CertificateSubjectRestriction: nobody is made a member of system:masters by a certificate of the cluster's signer. */
export class CertificateSubjectRestriction implements AdmissionPlugin {
  readonly name = 'CertificateSubjectRestriction';

  validate(request: AdmissionRequest): void {
    if (request.operation !== 'CREATE' || !isWriteTo(request, group, resource)) return;
    const spec = request.object?.['spec'] ?? {};
    if (spec.signerName !== clientSigner) return;
    try {
      const pem = Buffer.from(spec.request ?? '', 'base64').toString('latin1');
      if (!readCertificateRequest(pem).organizations.includes('system:masters')) return;
    } catch (error) {
      if (error instanceof CertificateRequestError) throw forbidden(request, error.message);
      throw error;
    }
    throw forbidden(request, `use of ${clientSigner} signer with system:masters group is not allowed`);
  }
}

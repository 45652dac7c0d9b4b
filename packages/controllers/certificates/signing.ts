import { isConflict, isNotFound, kubernetesResources, type SharedCache } from '@keelson/client';
import type { Controller, ControllerContext } from '@keelson/controller-kit';
import type { CertificateRequest } from '@keelson/model';
import type { CertificateSigningRequest } from '@keelson/model/generated/types/certificates-v1.ts';
import { signers, signingProblem } from './kubelet-requests.ts';
import { hasCondition, readRequest } from './signing-request.ts';

const { certificateSigningRequests } = kubernetesResources;
const day = 86_400_000;
/** How long certificates live at the most, and when nobody says (--cluster-signing-duration). */
const longest = 365 * day;
const shortest = 600_000;

/** Makes a certificate, PEM, with the cluster's authority. `lifetime` is in milliseconds. */
export type CertificateSigner = (order: {
  readonly request: CertificateRequest;
  readonly usages: readonly string[];
  readonly lifetime: number;
}) => string;

/** Signs what was approved for Kubernetes' own signers, and fails what they do not sign. */
export class CertificateSigningController implements Controller {
  readonly name = 'csrsigning';
  readonly #sign: CertificateSigner;
  #context!: ControllerContext;
  #requests!: SharedCache<CertificateSigningRequest>;

  constructor(sign: CertificateSigner) {
    this.#sign = sign;
  }

  start(context: ControllerContext): void {
    this.#context = context;
    this.#requests = context.caches.of(certificateSigningRequests);
    this.#requests.onChange((_, now) => {
      if (now !== undefined) context.queue.add(now.metadata!.name!);
    });
  }

  async reconcile(name: string): Promise<number | undefined> {
    const csr = this.#requests.get(undefined, name);
    if (csr === undefined || csr.status?.certificate) return undefined;
    if (!Object.values<string>(signers).includes(csr.spec.signerName)) return undefined;
    if (!hasCondition(csr, 'Approved') || hasCondition(csr, 'Denied') || hasCondition(csr, 'Failed')) return undefined;
    const request = readRequest(csr);
    if (request === undefined) return undefined;
    const usages: readonly string[] = csr.spec.usages ?? [];
    const problem = signingProblem(csr.spec.signerName, request, usages);
    if (problem !== undefined) {
      const failed = { type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message: problem };
      return this.#report(csr, { ...csr.status, conditions: [...(csr.status?.conditions ?? []), failed] });
    }
    const pem = this.#sign({ request, usages, lifetime: lifetimeOf(csr) });
    return this.#report(csr, { ...csr.status, certificate: Buffer.from(pem).toString('base64') });
  }

  async #report(csr: CertificateSigningRequest, status: object): Promise<undefined> {
    await this.#context.client
      .resource(certificateSigningRequests)
      .updateStatus({ ...csr, status } as CertificateSigningRequest)
      .catch((thrown) => {
        if (!isConflict(thrown) && !isNotFound(thrown)) throw thrown;
      });
  }
}

function lifetimeOf({ spec }: CertificateSigningRequest): number {
  if (spec.expirationSeconds === undefined) return longest;
  return Math.min(longest, Math.max(shortest, spec.expirationSeconds * 1000));
}

import { isConflict, isNotFound, kubernetesResources, type SharedCache } from '@keelson/client';
import type { Controller, ControllerContext } from '@keelson/controller-kit';
import type { CertificateSigningRequest } from '@keelson/model/generated/types/certificates-v1.ts';
import { kubeletClientProblem, signers } from './kubelet-requests.ts';
import { hasCondition, readRequest } from './signing-request.ts';

const { certificateSigningRequests, subjectAccessReviews } = kubernetesResources;
/** Whoever asked may get the right to later. */
const RETRY = 60_000;

/** Approves kubelets' requests to be clients, when who asks may: for its own name, or for any node's. */
export class CertificateApprovingController implements Controller {
  readonly name = 'csrapproving';
  #context!: ControllerContext;
  #requests!: SharedCache<CertificateSigningRequest>;

  start(context: ControllerContext): void {
    this.#context = context;
    this.#requests = context.caches.of(certificateSigningRequests);
    this.#requests.onChange((_, now) => {
      if (now !== undefined) context.queue.add(now.metadata!.name!);
    });
  }

  async reconcile(name: string): Promise<number | undefined> {
    const csr = this.#requests.get(undefined, name);
    if (csr === undefined || csr.spec.signerName !== signers.kubeletClient) return undefined;
    if (csr.status?.certificate || hasCondition(csr, 'Approved') || hasCondition(csr, 'Denied')) return undefined;
    const request = readRequest(csr);
    if (request === undefined || kubeletClientProblem(request, csr.spec.usages ?? []) !== undefined) return undefined;
    const own = csr.spec.username === request.commonName;
    if (own && (await this.#may(csr, 'selfnodeclient'))) {
      return this.#approve(csr, 'Auto approving self kubelet client certificate after SubjectAccessReview.');
    }
    if (await this.#may(csr, 'nodeclient')) {
      return this.#approve(csr, 'Auto approving kubelet client certificate after SubjectAccessReview.');
    }
    return RETRY;
  }

  async #may({ spec }: CertificateSigningRequest, subresource: string): Promise<boolean> {
    const review = await this.#context.client.resource(subjectAccessReviews).create({
      spec: {
        ...(spec.username === undefined ? {} : { user: spec.username }),
        ...(spec.uid === undefined ? {} : { uid: spec.uid }),
        ...(spec.groups === undefined ? {} : { groups: spec.groups }),
        ...(spec.extra === undefined ? {} : { extra: spec.extra }),
        resourceAttributes: {
          group: 'certificates.k8s.io',
          resource: 'certificatesigningrequests',
          verb: 'create',
          subresource,
        },
      },
    });
    return review.status?.allowed === true;
  }

  async #approve(csr: CertificateSigningRequest, message: string): Promise<undefined> {
    const condition = { type: 'Approved', status: 'True', reason: 'AutoApproved', message };
    const status = { ...csr.status, conditions: [...(csr.status?.conditions ?? []), condition] };
    await this.#context.client
      .resource(certificateSigningRequests)
      .updateSubresource(csr.metadata!.name!, undefined, 'approval', { ...csr, status })
      .catch((thrown) => {
        if (!isConflict(thrown) && !isNotFound(thrown)) throw thrown;
      });
  }
}

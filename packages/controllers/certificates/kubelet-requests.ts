/** What a request for each of Kubernetes' own signers has to look like (certificates.k8s.io, Kubernetes signers). Pure. */
import type { CertificateRequest } from '@keelson/model';

export const signers = {
  client: 'kubernetes.io/kube-apiserver-client',
  kubeletClient: 'kubernetes.io/kube-apiserver-client-kubelet',
  kubeletServing: 'kubernetes.io/kubelet-serving',
  legacy: 'kubernetes.io/legacy-unknown',
} as const;

const nodePrefix = 'system:node:';

function sameUsages(usages: readonly string[], ...sets: readonly (readonly string[])[]): boolean {
  const given = new Set(usages);
  return sets.some((set) => set.length === given.size && set.every((usage) => given.has(usage)));
}

function nodeProblem(request: CertificateRequest): string | undefined {
  if (request.organizations.length !== 1 || request.organizations[0] !== 'system:nodes') {
    return 'subject organization is not system:nodes';
  }
  return request.commonName.startsWith(nodePrefix)
    ? undefined
    : `subject common name does not begin with ${nodePrefix}`;
}

/** Why this is no request of a kubelet that wants to be a client. */
export function kubeletClientProblem(request: CertificateRequest, usages: readonly string[]): string | undefined {
  const { dns, emails, addresses, uris } = request.names;
  const base = nodeProblem(request);
  if (request.organizations[0] !== 'system:nodes' || request.organizations.length !== 1) return base;
  if (dns.length > 0) return 'DNS subjectAltNames are not allowed';
  if (emails.length > 0) return 'Email subjectAltNames are not allowed';
  if (addresses.length > 0) return 'IP subjectAltNames are not allowed';
  if (uris.length > 0) return 'URI subjectAltNames are not allowed';
  if (base !== undefined) return base;
  const needed = ['client auth', 'digital signature'];
  if (sameUsages(usages, needed, [...needed, 'key encipherment'])) return undefined;
  return 'usages did not match [client auth digital signature key encipherment]';
}

/** Why this is no request of a kubelet that wants to serve. */
export function kubeletServingProblem(request: CertificateRequest, usages: readonly string[]): string | undefined {
  const { dns, emails, addresses, uris } = request.names;
  const base = nodeProblem(request);
  if (request.organizations[0] !== 'system:nodes' || request.organizations.length !== 1) return base;
  if (dns.length === 0 && addresses.length === 0) return 'DNS or IP subjectAltName is required';
  if (emails.length > 0) return 'Email subjectAltNames are not allowed';
  if (uris.length > 0) return 'URI subjectAltNames are not allowed';
  const needed = ['digital signature', 'server auth'];
  if (!sameUsages(usages, needed, [...needed, 'key encipherment'])) {
    return 'usages did not match [digital signature key encipherment server auth]';
  }
  return base;
}

/** Why no certificate of a client of the API server is signed for these usages. */
function clientUsagesProblem(usages: readonly string[]): string | undefined {
  const other = usages.find((usage) => !['client auth', 'digital signature', 'key encipherment'].includes(usage));
  if (other !== undefined) return `invalid usage for client certificate: ${other}`;
  return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth';
}

/** Why a signer does not sign this; undefined when it does. */
export function signingProblem(
  signer: string,
  request: CertificateRequest,
  usages: readonly string[],
): string | undefined {
  switch (signer) {
    case signers.client:
      return clientUsagesProblem(usages);
    case signers.kubeletClient:
      return kubeletClientProblem(request, usages);
    case signers.kubeletServing:
      return kubeletServingProblem(request, usages);
    default:
      return undefined;
  }
}

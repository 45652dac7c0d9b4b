/** Which labels a node may write on its own Node (k8s.io/kubelet, pkg/apis; NodeRestriction). */
const kubeletLabels: ReadonlySet<string> = new Set([
  'kubernetes.io/hostname',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
]);
const kubeletDomains = ['kubelet.kubernetes.io', 'node.kubernetes.io'];
const kubernetesDomains = ['kubernetes.io', 'k8s.io'];
const restricted = ['node-restriction.kubernetes.io'];

type Labels = Readonly<Record<string, string>>;

/** Of the labels that differ between `after` and `before`, those that a node may not touch; sorted. */
export function forbiddenLabels(after: Labels | undefined, before: Labels | undefined): string[] {
  const keys = new Set([...Object.keys(after ?? {}), ...Object.keys(before ?? {})]);
  return [...keys].filter((key) => after?.[key] !== before?.[key] && isForbidden(key)).sort();
}

function isForbidden(key: string): boolean {
  const domain = key.includes('/') ? key.slice(0, key.indexOf('/')) : '';
  if (isIn(domain, restricted)) return true;
  return isIn(domain, kubernetesDomains) && !kubeletLabels.has(key) && !isIn(domain, kubeletDomains);
}

function isIn(domain: string, parents: readonly string[]): boolean {
  return parents.some((parent) => domain === parent || domain.endsWith(`.${parent}`));
}

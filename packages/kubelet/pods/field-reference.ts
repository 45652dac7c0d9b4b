import { quantityToNumber } from '@keelson/model';
import type { Container, Pod, ResourceFieldSelector } from '@keelson/model/generated/types/core-v1.ts';

/** A reference that leads nowhere; the message is shown with reason CreateContainerConfigError or FailedMount. */
export class DanglingReference extends Error {
  override readonly name = 'DanglingReference';
}

/** What the node adds to what the pod itself says. */
export interface PodPlace {
  readonly nodeName: string;
  readonly hostAddresses: readonly string[];
  /** Empty until the sandbox is there. */
  readonly podAddresses: readonly string[];
}

/**
 * The value at a field path of the downward API (`metadata.labels['a']`, `status.podIP`).
 * @throws DanglingReference for a path that it does not offer.
 */
export function podField(pod: Pod, path: string, place: PodPlace): string {
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/s.exec(path);
  if (subscript !== null) {
    const map = subscript[1] === 'labels' ? pod.metadata?.labels : pod.metadata?.annotations;
    return map?.[subscript[2]!] ?? '';
  }
  switch (path) {
    case 'metadata.name':
      return pod.metadata?.name ?? '';
    case 'metadata.namespace':
      return pod.metadata?.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata?.uid ?? '';
    case 'metadata.labels':
      return formatMap(pod.metadata?.labels);
    case 'metadata.annotations':
      return formatMap(pod.metadata?.annotations);
    case 'spec.nodeName':
      return place.nodeName;
    case 'spec.serviceAccountName':
      return pod.spec?.serviceAccountName ?? '';
    case 'status.hostIP':
      return place.hostAddresses[0] ?? '';
    case 'status.hostIPs':
      return place.hostAddresses.join(',');
    case 'status.podIP':
      return place.podAddresses[0] ?? '';
    case 'status.podIPs':
      return place.podAddresses.join(',');
    default:
      throw new DanglingReference(`unsupported fieldPath: ${path}`);
  }
}

/** A map as the downward API writes it into a file: one `key="value"` a line, sorted. */
function formatMap(map: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(map ?? {})
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');
}

/** What a node can give: the value of a limit that a container does not set. */
export type Allocatable = Readonly<Record<string, string>>;

/**
 * The value of a resourceFieldRef, divided by its divisor and rounded up.
 * @throws DanglingReference for a resource that it does not offer or a container that does not exist.
 */
export function resourceField(
  pod: Pod,
  container: Container | undefined,
  { resource, divisor }: ResourceFieldSelector,
  allocatable: Allocatable,
): string {
  if (container === undefined) throw new DanglingReference(`container not found in pod ${pod.metadata?.name}`);
  const match = /^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)$/.exec(resource);
  if (match === null) throw new DanglingReference(`unsupported container resource : ${resource}`);
  const [, kind, name] = match as unknown as [string, 'limits' | 'requests', string];
  const { limits = {}, requests = {} } = container.resources ?? {};
  const quantity = kind === 'limits' ? (limits[name] ?? allocatable[name]) : (requests[name] ?? limits[name]);
  const by = divisor === undefined || quantityToNumber(divisor) === 0 ? 1 : quantityToNumber(divisor);
  return String(Math.ceil(quantityToNumber(quantity ?? '0') / by - 1e-9));
}

import { type Quantity, quantityOrUndefined } from '../../../quantity/quantity.ts';
import type { Fields } from './fields.ts';

export type QualityOfService = 'Guaranteed' | 'Burstable' | 'BestEffort';

/** Only these two decide: more than nothing of them. */
function positive(resources: Readonly<Record<string, unknown>> | undefined): Map<string, Quantity> {
  const found = new Map<string, Quantity>();
  for (const name of ['cpu', 'memory']) {
    const quantity = quantityOrUndefined(resources?.[name]);
    if (quantity !== undefined && quantity.sign() > 0) found.set(name, quantity);
  }
  return found;
}

function merge(total: Map<string, Quantity>, part: Map<string, Quantity>): void {
  for (const [name, quantity] of part) total.set(name, total.get(name)?.add(quantity) ?? quantity);
}

/**
 * The class that decides who is evicted first: Guaranteed when everything that runs has equal requests and limits of
 * both, BestEffort when nothing asks for anything.
 */
export function qualityOfService(spec: Fields): QualityOfService {
  const requests = new Map<string, Quantity>();
  const limits = new Map<string, Quantity>();
  let limited = true;
  const podLevel = spec['resources'];
  const hasPodLevel =
    podLevel !== undefined &&
    Object.keys(podLevel.requests ?? {}).length + Object.keys(podLevel.limits ?? {}).length > 0;
  const holders: Fields[] = hasPodLevel
    ? [podLevel]
    : [...(spec['containers'] ?? []), ...(spec['initContainers'] ?? [])].map(
        (container: Fields) => container['resources'] ?? {},
      );
  for (const resources of holders) {
    merge(requests, positive(resources['requests']));
    const own = positive(resources['limits']);
    if (own.size < 2) limited = false;
    merge(limits, own);
  }
  if (requests.size === 0 && limits.size === 0) return 'BestEffort';
  const equal = [...requests].every(([name, quantity]) => limits.get(name)?.compare(quantity) === 0);
  return limited && equal && requests.size === limits.size ? 'Guaranteed' : 'Burstable';
}

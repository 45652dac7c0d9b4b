import { quantityOrUndefined } from './quantity.ts';

/**
 * Puts a list of resources (`{cpu: '1000m'}`) into the form that the API keeps: canonical, nothing finer than a
 * thousandth. What is no quantity stays for validation to refuse.
 */
export function canonicalQuantities(resources: Record<string, unknown> | undefined | null): void {
  if (resources === undefined || resources === null) return;
  for (const [name, value] of Object.entries(resources)) {
    const quantity = quantityOrUndefined(value);
    if (quantity !== undefined) resources[name] = quantity.roundUpToMilli().toString();
  }
}

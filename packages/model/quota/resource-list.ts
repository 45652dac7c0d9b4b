/** Amounts by resource name, as quotas add and compare them (k8s.io/apiserver/pkg/quota/v1). */
import { parseQuantity, type Quantity, quantityOrUndefined } from '../quantity/quantity.ts';

export type ResourceList = ReadonlyMap<string, Quantity>;

const none = parseQuantity('0');

/** Reads `{cpu: '1'}`; what is no quantity is left out. */
export function readList(list: Readonly<Record<string, unknown>> | undefined | null): Map<string, Quantity> {
  const found = new Map<string, Quantity>();
  for (const [name, value] of Object.entries(list ?? {})) {
    const quantity = quantityOrUndefined(value);
    if (quantity !== undefined) found.set(name, quantity);
  }
  return found;
}

/** The list as an object holds it, by name. */
export function writeList(list: ResourceList): Record<string, string> {
  const names = [...list.keys()].sort();
  return Object.fromEntries(names.map((name) => [name, list.get(name)!.toString()]));
}

export function count(pieces: number): Quantity {
  return parseQuantity(String(pieces));
}

export function addLists(left: ResourceList, right: ResourceList): Map<string, Quantity> {
  const sum = new Map(left);
  for (const [name, quantity] of right) sum.set(name, (sum.get(name) ?? none).add(quantity));
  return sum;
}

/** How much more `left` is than `right`, name by name; nothing less than none. */
export function growth(left: ResourceList, right: ResourceList): Map<string, Quantity> {
  const more = new Map<string, Quantity>();
  for (const [name, quantity] of left) {
    const rest = quantity.subtract(right.get(name) ?? none);
    more.set(name, rest.sign() < 0 ? none : rest);
  }
  for (const name of right.keys()) if (!more.has(name)) more.set(name, none);
  return more;
}

/** Those of `names` alone. */
export function masked(list: ResourceList, names: Iterable<string>): Map<string, Quantity> {
  const kept = new Map<string, Quantity>();
  for (const name of names) {
    const quantity = list.get(name);
    if (quantity !== undefined) kept.set(name, quantity);
  }
  return kept;
}

export function withoutZeros(list: ResourceList): Map<string, Quantity> {
  return new Map([...list].filter(([, quantity]) => quantity.sign() !== 0));
}

export function sameList(left: ResourceList, right: ResourceList): boolean {
  if (left.size !== right.size) return false;
  for (const [name, quantity] of left) {
    const other = right.get(name);
    if (other === undefined || other.compare(quantity) !== 0) return false;
  }
  return true;
}

/** The names that are in both and of which `list` has more than `limits`, sorted. */
export function exceeding(list: ResourceList, limits: ResourceList): string[] {
  const over = [...list].filter(([name, quantity]) => {
    const limit = limits.get(name);
    return limit !== undefined && quantity.compare(limit) > 0;
  });
  return over.map(([name]) => name).sort();
}

/** `cpu=1,pods=2`. */
export function listText(list: ResourceList): string {
  return [...list.keys()]
    .sort()
    .map((name) => `${name}=${list.get(name)}`)
    .join(',');
}

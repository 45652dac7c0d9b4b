import { isProperties, type Properties } from '../codec/own-property.ts';
import { goText, goTypeText } from './go-text.ts';
import { PatchError } from './patch-error.ts';

/** Elements of a merged list are told apart by this: the value of the merge key, or the element itself. */
export function identityOf(element: unknown, mergeKey: string | undefined): unknown {
  return mergeKey === undefined ? element : (element as Properties)[mergeKey];
}

/** @throws PatchError when an element of a list that is merged by key has not got the key. */
export function checkMergeKeys(list: readonly unknown[], mergeKey: string | undefined): void {
  if (mergeKey === undefined) return;
  for (const element of list) {
    if (!isProperties(element)) {
      throw new PatchError('invalid', `expected a map[string]interface {}, but received a ${goTypeText(element)}`);
    }
    if (!Object.hasOwn(element, mergeKey)) {
      throw new PatchError('invalid', `map: ${goText(element)} does not contain declared merge key: ${mergeKey}`);
    }
  }
}

function positions(list: readonly unknown[], mergeKey: string | undefined): Map<unknown, number> {
  const found = new Map<unknown, number>();
  list.forEach((element, index) => {
    const identity = identityOf(element, mergeKey);
    if (!found.has(identity)) found.set(identity, index);
  });
  return found;
}

function sortedBy(
  list: readonly unknown[],
  order: ReadonlyMap<unknown, number>,
  mergeKey: string | undefined,
): unknown[] {
  const place = (element: unknown) => order.get(identityOf(element, mergeKey)) ?? Number.MAX_SAFE_INTEGER;
  return [...list].sort((left, right) => place(left) - place(right));
}

/**
 * Puts a merged list in order: what the patch names stands in the patch's order, the rest in the order that the list
 * had, and the two are interleaved as they were before.
 */
export function orderElements(
  merged: readonly unknown[],
  patchOrder: readonly unknown[],
  liveOrder: readonly unknown[],
  mergeKey: string | undefined,
): unknown[] {
  const inPatch = positions(patchOrder, mergeKey);
  const live = positions(liveOrder, mergeKey);
  const fromPatch = sortedBy(
    merged.filter((element) => inPatch.has(identityOf(element, mergeKey))),
    inPatch,
    mergeKey,
  );
  const others = sortedBy(
    merged.filter((element) => !inPatch.has(identityOf(element, mergeKey))),
    live,
    mergeKey,
  );
  const result: unknown[] = [];
  let other = 0;
  for (const element of fromPatch) {
    const own = live.get(identityOf(element, mergeKey));
    while (other < others.length) {
      const place = live.get(identityOf(others[other], mergeKey));
      if (own === undefined || place === undefined || place >= own) break;
      result.push(others[other++]);
    }
    result.push(element);
  }
  return [...result, ...others.slice(other)];
}

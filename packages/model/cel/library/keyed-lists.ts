import type { Meter } from '../evaluate/meter.ts';
import { equalValues } from '../values/equality.ts';
import { ArrayList, type CelList, CelMap, type CelValue } from '../values/value.ts';

function sameKey(left: CelValue, right: CelValue, keys: readonly string[], meter: Meter): boolean {
  if (keys.length === 0) return equalValues(left, right, meter);
  if (!(left instanceof CelMap && right instanceof CelMap)) return false;
  return keys.every((key) => {
    const mine = left.find(key);
    const theirs = right.find(key);
    if (mine === undefined || theirs === undefined) return mine === theirs;
    return equalValues(mine, theirs, meter);
  });
}

/**
 * `left + right` of a set (the union) or a list map (elements of `right` replace those with the same key), as Kubernetes
 * has it for lists with x-kubernetes-list-type. The order of `left` is kept.
 */
export function mergeKeyed(left: CelList, right: CelList, keys: readonly string[], meter: Meter): CelList {
  const elements = Array.from({ length: left.size }, (_, position) => left.at(position));
  for (let position = 0; position < right.size; position += 1) {
    const element = right.at(position);
    meter.work(40 * elements.length);
    const same = elements.findIndex((each) => sameKey(each, element, keys, meter));
    if (same < 0) elements.push(element);
    else if (keys.length > 0) elements[same] = element;
  }
  return new ArrayList(elements, keys);
}

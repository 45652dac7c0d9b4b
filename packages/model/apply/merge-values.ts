import { getOwn, isProperties, type Properties, setOwn } from '../codec/own-property.ts';
import type { ApplyListType, ApplyMapType, ApplyType } from './apply-schema.ts';
import { listElement } from './list-element.ts';
import { hasNothing, kindOf, type ValueKind } from './value-kind.ts';

/**
 * A live value with a configuration put over it: what the configuration says replaces what is there, objects are merged
 * name by name, lists of type map and set element by element, in an order that keeps the configuration's and disturbs the
 * live one as little as that allows. Neither is changed; the result shares parts with both.
 * @param live, @param config `undefined`: it is not there
 * @returns undefined when nothing is left
 * @throws ListElementError when an element of a list cannot be told apart from others
 */
export function mergeValues(type: ApplyType, live: unknown, config: unknown): unknown {
  if (config === undefined) return mergeAs(kindOf(type, live), type, live, undefined);
  return mergeAs(kindOf(type, config === null ? (live ?? null) : config), type, live, config);
}

function mergeAs(kind: ValueKind, type: ApplyType, live: unknown, config: unknown): unknown {
  if (kind === 'map' && !type.map!.atomic) {
    const one = isProperties(live) ? live : undefined;
    const other = isProperties(config) ? config : undefined;
    if (!hasNothing(one) || !hasNothing(other)) return mergeMaps(type.map!, one, other);
  } else if (kind === 'list' && !type.list!.atomic) {
    const one = Array.isArray(live) ? live : [];
    const other = Array.isArray(config) ? config : [];
    if (one.length > 0 || other.length > 0) return mergeLists(type.list!, one, other);
  }
  return config === undefined ? live : config;
}

function mergeMaps(map: ApplyMapType, live: Properties = {}, config: Properties = {}): unknown {
  const result: Properties = {};
  const put = (name: string, one: unknown, other: unknown) => {
    const type = map.fields.get(name)?.type ?? map.element;
    const merged = type === undefined ? (other ?? one) : mergeValues(type, one, other);
    if (merged !== undefined) setOwn(result, name, merged);
  };
  for (const name in live) {
    const other = getOwn(config, name);
    if (other === undefined) setOwn(result, name, live[name]);
    else put(name, live[name], other);
  }
  for (const name in config) if (!Object.hasOwn(live, name)) put(name, undefined, config[name]);
  return hasNothing(result) ? undefined : result;
}

/** The elements of a list with what finds them; those of the live list that are there twice merge with nothing. */
interface Indexed {
  readonly elements: readonly string[];
  readonly found: ReadonlyMap<string, unknown>;
}

function indexed(list: ApplyListType, values: readonly unknown[]): Indexed {
  const elements = values.map((value) => listElement(list, value));
  const found = new Map<string, unknown>();
  elements.forEach((element, at) => {
    found.set(element, found.has(element) ? null : values[at]);
  });
  return { elements, found };
}

function mergeLists(list: ApplyListType, live: readonly unknown[], config: readonly unknown[]): unknown {
  const left = indexed(list, live);
  const right = indexed(list, config);
  const result: unknown[] = [];
  const put = (one: unknown, other: unknown) => {
    const merged = mergeValues(list.element, one, other);
    if (merged !== undefined) result.push(merged);
  };
  const shared = right.elements.filter((element) => left.found.has(element));
  let nextShared = 0;
  const merged = new Set<string>();
  const take = (element: string) => {
    merged.add(element);
    put(left.found.get(element), right.found.get(element));
  };
  let l = 0;
  let r = 0;
  while (l < left.elements.length || r < right.elements.length) {
    const mine = left.elements[l];
    const theirs = right.elements[r];
    if (mine !== undefined && mine === theirs) {
      take(mine);
      l++;
      r++;
      nextShared++;
      continue;
    }
    if (mine !== undefined) {
      const isShared = right.found.has(mine);
      if (isShared && theirs !== undefined && nextShared < shared.length && shared[nextShared] !== mine) {
        l++;
        continue;
      }
      if (!isShared) {
        put(live[l], undefined);
        l++;
        continue;
      }
      if (merged.has(mine)) l++;
    }
    if (theirs === undefined) continue;
    take(theirs);
    r++;
    if (shared[nextShared] === theirs) nextShared++;
  }
  return result.length > 0 ? result : undefined;
}

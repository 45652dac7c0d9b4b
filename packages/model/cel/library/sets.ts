import type { CelList, CelValue } from '../values/value.ts';
import { type Evaluation, type Overload, overload } from './declaration.ts';
import { listContains } from './standard.ts';

/** The sets extension of cel-go: contains, equivalent, intersects. */

function containsAll(list: CelValue, other: CelValue, evaluation: Evaluation): boolean {
  const wanted = other as CelList;
  for (let position = 0; position < wanted.size; position += 1) {
    if (!listContains(wanted.at(position), list as CelList, evaluation)) return false;
  }
  return true;
}

function intersects(list: CelValue, other: CelValue, evaluation: Evaluation): boolean {
  const first = list as CelList;
  for (let position = 0; position < first.size; position += 1) {
    if (listContains(first.at(position), other as CelList, evaluation)) return true;
  }
  return false;
}

export const setOverloads: readonly Overload[] = [
  overload('list_sets_contains_list', 'sets.contains(list<T>, list<T>) -> bool', ([list, other], evaluation) =>
    containsAll(list!, other!, evaluation),
  ),
  overload(
    'list_sets_equivalent_list',
    'sets.equivalent(list<T>, list<T>) -> bool',
    ([list, other], evaluation) => containsAll(list!, other!, evaluation) && containsAll(other!, list!, evaluation),
  ),
  overload('list_sets_intersects_list', 'sets.intersects(list<T>, list<T>) -> bool', ([list, other], evaluation) =>
    intersects(list!, other!, evaluation),
  ),
];

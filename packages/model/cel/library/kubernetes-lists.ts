import { compareValues, equalValues } from '../values/equality.ts';
import { CelDuration, CelFailure, CelList, CelUint, type CelValue } from '../values/value.ts';
import { add } from './arithmetic.ts';
import { type Evaluation, type Implementation, type Overload, overload } from './declaration.ts';

/** Kubernetes' functions of lists: isSorted, sum, min, max, indexOf, lastIndexOf, includes. */

const comparable = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'];
const zeros: Readonly<Record<string, CelValue>> = {
  int: 0n,
  uint: new CelUint(0n),
  double: 0,
  duration: new CelDuration(0n),
};

const isSorted: Implementation = ([list], { meter }) => {
  const values = list as CelList;
  for (let position = 1; position < values.size; position += 1) {
    const order = compareValues(values.at(position - 1), values.at(position), meter);
    if (order instanceof CelFailure) return order;
    if (order > 0) return false;
  }
  return true;
};

function sum(zero: CelValue): Implementation {
  return ([list], { meter }) => {
    let total = zero;
    for (let position = 0; position < (list as CelList).size; position += 1) {
      const value = (list as CelList).at(position);
      total = value instanceof CelFailure ? value : add(total, value, meter);
      if (total instanceof CelFailure) return total;
    }
    return total;
  };
}

function extreme(name: 'min' | 'max'): Implementation {
  return ([list], { meter }) => {
    const values = list as CelList;
    if (values.size === 0) return new CelFailure(`${name} called on empty list`);
    let best = values.at(0);
    for (let position = 1; position < values.size; position += 1) {
      const value = values.at(position);
      const order = compareValues(best, value, meter);
      if (order instanceof CelFailure) return order;
      if (name === 'min' ? order > 0 : order < 0) best = value;
    }
    return best;
  };
}

function position(list: CelValue, value: CelValue, last: boolean, { meter }: Evaluation): CelValue {
  const values = list as CelList;
  for (let count = 0; count < values.size; count += 1) {
    const at = last ? values.size - 1 - count : count;
    if (equalValues(values.at(at), value, meter)) return BigInt(at);
  }
  return -1n;
}

export const kubernetesListOverloads: readonly Overload[] = [
  ...comparable.flatMap((type) => [
    overload(`list_${type}_is_sorted_bool`, `(list<${type}>).isSorted() -> bool`, isSorted),
    overload(`list_${type}_max_${type}`, `(list<${type}>).max() -> ${type}`, extreme('max')),
    overload(`list_${type}_min_${type}`, `(list<${type}>).min() -> ${type}`, extreme('min')),
  ]),
  ...Object.entries(zeros).map(([type, zero]) =>
    overload(`list_${type}_sum_${type}`, `(list<${type}>).sum() -> ${type}`, sum(zero)),
  ),
  overload('list_a_index_of_int', '(list<A>).indexOf(A) -> int', ([list, value], evaluation) =>
    position(list!, value!, false, evaluation),
  ),
  overload('list_a_last_index_of_int', '(list<A>).lastIndexOf(A) -> int', ([list, value], evaluation) =>
    position(list!, value!, true, evaluation),
  ),
];

/** Of 1.37 and later. */
export const laterListOverloads: readonly Overload[] = [
  overload('list_includes_dyn_dyn', '(dyn).includes(dyn) -> bool', ([target, value], evaluation) => {
    if (!(target instanceof CelList)) return equalValues(target!, value!, evaluation.meter);
    return position(target, value!, false, evaluation) !== -1n;
  }),
];

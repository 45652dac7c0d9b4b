import {
  ArrayList,
  CelDuration,
  CelFailure,
  CelList,
  CelMap,
  CelOptional,
  CelTimestamp,
  CelUint,
  type CelValue,
  noValue,
  shownValue,
} from '../values/value.ts';
import { noSuchOverload, type Overload, overload } from './declaration.ts';

/** Optional types: values that may not be there. */

function isZero(value: CelValue): boolean {
  if (value === null || value === false || value === 0n || value === 0 || value === '') return true;
  if (value instanceof CelList || value instanceof CelMap) return value.size === 0;
  if (value instanceof Uint8Array) return value.length === 0;
  if (value instanceof CelUint) return value.value === 0n;
  if (value instanceof CelDuration) return value.nanos === 0n;
  if (value instanceof CelTimestamp) return value.nanos === -62_135_596_800_000_000_000n;
  return value instanceof CelOptional && value.value === undefined;
}

function end(list: CelValue, last: boolean): CelValue {
  const { size } = list as CelList;
  return size === 0 ? noValue : new CelOptional((list as CelList).at(last ? size - 1 : 0));
}

function unwrap([list]: readonly CelValue[]): CelValue {
  const values: CelValue[] = [];
  for (let position = 0; position < (list as CelList).size; position += 1) {
    const value = (list as CelList).at(position);
    if (!(value instanceof CelOptional)) return new CelFailure(`value ${shownValue(value)} is not optional`);
    if (value.value !== undefined) values.push(value.value);
  }
  return new ArrayList(values);
}

/** Selections and or/orValue are the interpreter's own. */
function byInterpreter(): CelValue {
  return noSuchOverload;
}

export const optionalOverloads: readonly Overload[] = [
  overload('optional_of', 'optional.of(V) -> optional<V>', ([value]) => new CelOptional(value!)),
  overload('optional_ofNonZeroValue', 'optional.ofNonZeroValue(V) -> optional<V>', ([value]) =>
    isZero(value!) ? noValue : new CelOptional(value!),
  ),
  overload('optional_none', 'optional.none() -> optional<V>', () => noValue),
  overload(
    'optional_value',
    '(optional<V>).value() -> V',
    ([value]) => (value as CelOptional).value ?? new CelFailure('optional.none() dereference'),
  ),
  overload(
    'optional_hasValue',
    '(optional<V>).hasValue() -> bool',
    ([value]) => (value as CelOptional).value !== undefined,
  ),
  overload('optional_or_optional', '(optional<V>).or(optional<V>) -> optional<V>', byInterpreter),
  overload('optional_orValue_value', '(optional<V>).orValue(V) -> V', byInterpreter),
  overload('list_optindex_optional_int', '_[?_](list<V>, int) -> optional<V>', byInterpreter),
  overload('optional_list_optindex_optional_int', '_[?_](optional<list<V>>, int) -> optional<V>', byInterpreter),
  overload('map_optindex_optional_value', '_[?_](map<K, V>, K) -> optional<V>', byInterpreter),
  overload('optional_map_optindex_optional_value', '_[?_](optional<map<K, V>>, K) -> optional<V>', byInterpreter),
  overload('optional_list_index_int', '_[_](optional<list<V>>, int) -> optional<V>', byInterpreter),
  overload('optional_map_index_value', '_[_](optional<map<K, V>>, K) -> optional<V>', byInterpreter),
  overload('list_last', '(list<V>).last() -> optional<V>', ([list]) => end(list!, true)),
  overload('list_first', '(list<V>).first() -> optional<V>', ([list]) => end(list!, false)),
  overload('optional_unwrap', 'optional.unwrap(list<optional<V>>) -> list<V>', unwrap),
  overload('optional_unwrapOpt', '(list<optional<V>>).unwrapOpt() -> list<V>', unwrap),
];

import { compareValues, equalValues } from '../values/equality.ts';
import { codePointCount } from '../values/text-size.ts';
import {
  CelFailure,
  CelList,
  CelMap,
  CelTypeValue,
  type CelValue,
  EntryMap,
  runtimeType,
  shownValue,
} from '../values/value.ts';
import { add, divide, multiply, negate, remainder, subtract } from './arithmetic.ts';
import { conversions } from './conversions.ts';
import { type Evaluation, noSuchOverload, type Overload, overload } from './declaration.ts';
import { matches } from './regex.ts';
import { timeFunctions } from './time-functions.ts';

/** The operators and functions of the language itself (cel-go's common/stdlib). */

type Comparison = (order: number) => boolean;

const orders: readonly [name: string, id: string, holds: Comparison][] = [
  ['_<_', 'less', (order) => order < 0],
  ['_<=_', 'less_equals', (order) => order <= 0],
  ['_>_', 'greater', (order) => order > 0],
  ['_>=_', 'greater_equals', (order) => order >= 0],
];
const orderedTypes: readonly [type: string, id: string][] = [
  ['bool', 'bool'],
  ['int', 'int64'],
  ['uint', 'uint64'],
  ['double', 'double'],
  ['string', 'string'],
  ['bytes', 'bytes'],
  ['timestamp', 'timestamp'],
  ['duration', 'duration'],
];
const numbers: readonly [string, string][] = [
  ['int', 'int64'],
  ['uint', 'uint64'],
  ['double', 'double'],
];

function comparison(holds: Comparison) {
  return ([left, right]: readonly CelValue[], { meter }: Evaluation): CelValue => {
    const order = compareValues(left!, right!, meter);
    return order instanceof CelFailure ? order : holds(order);
  };
}

function* comparisons(): Generator<Overload> {
  for (const [name, id, holds] of orders) {
    for (const [type, short] of orderedTypes) {
      yield overload(`${id}_${short}`, `${name}(${type}, ${type}) -> bool`, comparison(holds));
      if (!numbers.some(([number]) => number === type)) continue;
      for (const [other, otherShort] of numbers) {
        if (other === type) continue;
        yield overload(`${id}_${short}_${otherShort}`, `${name}(${type}, ${other}) -> bool`, comparison(holds));
      }
    }
  }
}

function arithmetic(
  name: string,
  id: string,
  operate: (left: CelValue, right: CelValue, evaluation: Evaluation) => CelValue,
  types: string[],
) {
  return types.map((type) => {
    const [left, right, result, suffix] = type.split(' ') as [string, string, string, string];
    return overload(`${id}_${suffix}`, `${name}(${left}, ${right}) -> ${result}`, ([a, b], evaluation) =>
      operate(a!, b!, evaluation),
    );
  });
}

const ofInts = ['int int int int64', 'uint uint uint uint64'];
const ofNumbers = ['double double double double', ...ofInts];

const arithmetics = [
  ...arithmetic('_+_', 'add', (left, right, { meter }) => add(left, right, meter), [
    'bytes bytes bytes bytes',
    'double double double double',
    'duration duration duration duration_duration',
    'duration timestamp timestamp duration_timestamp',
    'timestamp duration timestamp timestamp_duration',
    'int int int int64',
    'list<A> list<A> list<A> list',
    'string string string string',
    'uint uint uint uint64',
  ]),
  ...arithmetic('_-_', 'subtract', subtract, [
    'double double double double',
    'duration duration duration duration_duration',
    'int int int int64',
    'timestamp duration timestamp timestamp_duration',
    'timestamp timestamp duration timestamp_timestamp',
    'uint uint uint uint64',
  ]),
  ...arithmetic('_*_', 'multiply', multiply, ofNumbers),
  ...arithmetic('_/_', 'divide', divide, ofNumbers),
  ...arithmetic('_%_', 'modulo', remainder, ofInts),
  overload('negate_double', '-_(double) -> double', ([value]) => negate(value!)),
  overload('negate_int64', '-_(int) -> int', ([value]) => negate(value!)),
];

/** `element in list`: true when one of its elements is equal. */
export function listContains(element: CelValue, list: CelList, { meter }: Evaluation): boolean {
  for (let position = 0; position < list.size; position += 1) {
    if (equalValues(list.at(position), element, meter)) return true;
  }
  return false;
}

function size([value]: readonly CelValue[], { meter }: Evaluation): CelValue {
  if (typeof value === 'string') return BigInt(codePointCount(value, meter));
  if (value instanceof CelList || value instanceof CelMap) return BigInt(value.size);
  return value instanceof Uint8Array ? BigInt(value.length) : noSuchOverload;
}

function insert([map, key, value]: readonly CelValue[]): CelValue {
  if (!(map instanceof EntryMap)) return noSuchOverload;
  // The map belongs to the macro that gathers into it.
  if (map.insert(key!, value!)) return map;
  return new CelFailure(`insert failed: key ${shownValue(key!)} already exists`);
}

function insertAll([map, added]: readonly CelValue[]): CelValue {
  if (!(map instanceof EntryMap) || !(added instanceof CelMap)) return noSuchOverload;
  for (const key of added.allKeys()) {
    const failed = insert([map, key, added.find(key)!]);
    if (failed instanceof CelFailure) return failed;
  }
  return map;
}

/** Stands for operators that the interpreter does itself; it never calls them. */
function byInterpreter(): CelValue {
  return noSuchOverload;
}

const operatorOverloads = [
  overload('conditional', '_?_:_(bool, A, A) -> A', byInterpreter),
  overload('logical_and', '_&&_(bool, bool) -> bool', byInterpreter),
  overload('logical_or', '_||_(bool, bool) -> bool', byInterpreter),
  overload('logical_not', '!_(bool) -> bool', ([value]) => !value),
  overload('not_strictly_false', '@not_strictly_false(bool) -> bool', byInterpreter),
  overload('equals', '_==_(A, A) -> bool', byInterpreter),
  overload('not_equals', '_!=_(A, A) -> bool', byInterpreter),
  overload('index_list', '_[_](list<A>, int) -> A', byInterpreter),
  overload('index_map', '_[_](map<A, B>, A) -> B', byInterpreter),
  overload('in_list', '@in(A, list<A>) -> bool', ([element, list], evaluation) =>
    listContains(element!, list as CelList, evaluation),
  ),
  overload('in_map', '@in(A, map<A, B>) -> bool', ([key, map]) => {
    const found = (map as CelMap).find(key!);
    return found instanceof CelFailure ? found : found !== undefined;
  }),
];

const sizes = [
  ['bytes', 'bytes'],
  ['list', 'list<A>'],
  ['map', 'map<A, B>'],
  ['string', 'string'],
].flatMap(([id, type]) => [
  overload(`size_${id}`, `size(${type}) -> int`, size),
  overload(`${id}_size`, `(${type}).size() -> int`, size),
]);

const texts = [
  overload('contains_string', '(string).contains(string) -> bool', ([text, part], { meter }) => {
    meter.work((text as string).length >> 1);
    return (text as string).includes(part as string);
  }),
  overload('ends_with_string', '(string).endsWith(string) -> bool', ([text, part]) =>
    (text as string).endsWith(part as string),
  ),
  overload('starts_with_string', '(string).startsWith(string) -> bool', ([text, part]) =>
    (text as string).startsWith(part as string),
  ),
  overload('matches', 'matches(string, string) -> bool', matches),
  overload('matches_string', '(string).matches(string) -> bool', matches),
];

export const standardOverloads: readonly Overload[] = [
  ...operatorOverloads,
  ...arithmetics,
  ...comparisons(),
  ...sizes,
  ...texts,
  overload('type', 'type(A) -> type<A>', ([value]) => new CelTypeValue(runtimeType(value!))),
  overload('to_dyn', 'dyn(A) -> dyn', ([value]) => value!),
  ...conversions,
  ...timeFunctions,
];

/** What two-variable macros gather maps with. */
export const mapInsertions: readonly Overload[] = [
  overload('@mapInsert_map_key_value', 'cel.@mapInsert(map<K, V>, K, V) -> map<K, V>', insert),
  overload('@mapInsert_map_map', 'cel.@mapInsert(map<K, V>, map<K, V>) -> map<K, V>', insertAll),
];

import { accumulatorName, type Expression, operators } from './expression.ts';
import type { SourceErrors } from './source-error.ts';

/** Which macros and which syntax there are. */
export interface MacroOptions {
  /** Optional syntax (`a.?b`, `a[?b]`, `{?a: b}`) with optMap and optFlatMap. */
  readonly optional: boolean;
  /** Macros with two variables. */
  readonly twoVariables: boolean;
  /** `list.sortBy(v, key)`. */
  readonly sortBy: boolean;
}

/** A call that may be a macro. */
export interface MacroCall {
  readonly name: string;
  readonly target: Expression | undefined;
  readonly parts: readonly Expression[];
  readonly offset: number;
}

/** What is wrong with a macro's arguments. */
class MacroProblem {
  readonly offset: number;
  readonly message: string;
  constructor(offset: number, message: string) {
    this.offset = offset;
    this.message = message;
  }
}

type Build = (call: MacroCall) => Expression;

const oldAccumulator = '__result__';

/** Makes nodes at the place of the macro. */
class Maker {
  readonly offset: number;
  constructor(offset: number) {
    this.offset = offset;
  }
  literal(value: boolean | bigint): Expression {
    return { kind: 'literal', value, offset: this.offset };
  }
  name(name: string): Expression {
    return { kind: 'identifier', name, offset: this.offset };
  }
  get accumulator(): Expression {
    return this.name(accumulatorName);
  }
  list(...elements: Expression[]): Expression {
    return { kind: 'list', elements, optional: new Set(), offset: this.offset };
  }
  call(name: string, ...parts: Expression[]): Expression {
    return { kind: 'call', name, arguments: parts, offset: this.offset };
  }
  method(name: string, target: Expression): Expression {
    return { kind: 'call', name, target, arguments: [], offset: this.offset };
  }
}

function simpleName(part: Expression, message: string): string {
  if (part.kind !== 'identifier') throw new MacroProblem(part.offset, message);
  return part.name;
}

function iterationName(part: Expression, message: string): string {
  const name = simpleName(part, message);
  if (name === oldAccumulator || name === accumulatorName) {
    throw new MacroProblem(part.offset, 'iteration variable overwrites accumulator variable');
  }
  return name;
}

interface Loop {
  readonly initial: Expression;
  readonly condition: Expression;
  readonly step: Expression;
  readonly result: Expression;
}

const loops = {
  all(make: Maker, predicate: Expression): Loop {
    return {
      initial: make.literal(true),
      condition: make.call(operators.notStrictlyFalse, make.accumulator),
      step: make.call(operators.and, make.accumulator, predicate),
      result: make.accumulator,
    };
  },
  exists(make: Maker, predicate: Expression): Loop {
    return {
      initial: make.literal(false),
      condition: make.call(operators.notStrictlyFalse, make.call(operators.not, make.accumulator)),
      step: make.call(operators.or, make.accumulator, predicate),
      result: make.accumulator,
    };
  },
  existsOne(make: Maker, predicate: Expression): Loop {
    const counted = make.call(operators.add, make.accumulator, make.literal(1n));
    return {
      initial: make.literal(0n),
      condition: make.literal(true),
      step: make.call(operators.conditional, predicate, counted, make.accumulator),
      result: make.call(operators.equals, make.accumulator, make.literal(1n)),
    };
  },
};

function gather(make: Maker, initial: Expression, added: Expression, filter: Expression | undefined): Loop {
  const step = filter === undefined ? added : make.call(operators.conditional, filter, added, make.accumulator);
  return { initial, condition: make.literal(true), step, result: make.accumulator };
}

function comprehension(call: MacroCall, variables: readonly string[], loop: Loop): Expression {
  const [variable, secondVariable] = variables as [string, string | undefined];
  return {
    kind: 'comprehension',
    range: call.target!,
    variable,
    ...(secondVariable === undefined ? {} : { secondVariable }),
    accumulator: accumulatorName,
    ...loop,
    offset: call.offset,
  };
}

function quantifier(kind: keyof typeof loops): Build {
  return (call) => {
    const name = iterationName(call.parts[0]!, 'argument must be a simple name');
    return comprehension(call, [name], loops[kind](new Maker(call.offset), call.parts[1]!));
  };
}

function mapMacro(call: MacroCall): Expression {
  const name = iterationName(call.parts[0]!, 'argument is not an identifier');
  const make = new Maker(call.offset);
  const filter = call.parts.length === 3 ? call.parts[1] : undefined;
  const added = make.call(operators.add, make.accumulator, make.list(call.parts.at(-1)!));
  return comprehension(call, [name], gather(make, make.list(), added, filter));
}

function filterMacro(call: MacroCall): Expression {
  const [variable, predicate] = call.parts as [Expression, Expression];
  const name = iterationName(variable, 'argument is not an identifier');
  const make = new Maker(call.offset);
  const added = make.call(operators.add, make.accumulator, make.list(variable));
  return comprehension(call, [name], gather(make, make.list(), added, predicate));
}

function hasMacro(call: MacroCall): Expression {
  const part = call.parts[0]!;
  if (part.kind !== 'select' || part.test) throw new MacroProblem(part.offset, 'invalid argument to has() macro');
  return { ...part, test: true, offset: call.offset };
}

function twoNames(call: MacroCall): [string, string] {
  const [first, second] = call.parts as [Expression, Expression];
  const names = [first, second].map((part) => simpleName(part, 'argument must be a simple name')) as [string, string];
  if (names[0] === names[1]) throw new MacroProblem(second.offset, `duplicate variable name: ${names[0]}`);
  iterationName(first, '');
  iterationName(second, '');
  return names;
}

function twoVariableQuantifier(kind: keyof typeof loops): Build {
  return (call) => comprehension(call, twoNames(call), loops[kind](new Maker(call.offset), call.parts[2]!));
}

function transform(kind: 'list' | 'map' | 'entry'): Build {
  return (call) => {
    const names = twoNames(call);
    const make = new Maker(call.offset);
    const filter = call.parts.length === 4 ? call.parts[2] : undefined;
    const made = call.parts.at(-1)!;
    if (kind === 'list') {
      const added = make.call(operators.add, make.accumulator, make.list(made));
      return comprehension(call, names, gather(make, make.list(), added, filter));
    }
    const inserted = kind === 'map' ? [make.name(names[0]), made] : [made];
    const added = make.call('cel.@mapInsert', make.accumulator, ...inserted);
    const empty: Expression = { kind: 'map', entries: [], offset: call.offset };
    return comprehension(call, names, gather(make, empty, added, filter));
  };
}

/** `target.optMap(v, e)`: a loop over nothing, whose accumulator `v` is the value. */
function optionalMap(flat: boolean): Build {
  return (call) => {
    const macro = flat ? 'optFlatMap' : 'optMap';
    const name = simpleName(call.parts[0]!, `${macro}() variable name must be a simple identifier`);
    const make = new Maker(call.offset);
    const bound: Expression = {
      kind: 'comprehension',
      range: make.list(),
      variable: '#unused',
      accumulator: name,
      initial: make.method('value', call.target!),
      condition: make.literal(false),
      step: make.name(name),
      result: call.parts[1]!,
      offset: call.offset,
    };
    const present = flat ? bound : make.call('optional.of', bound);
    const has = make.method('hasValue', call.target!);
    return make.call(operators.conditional, has, present, make.call('optional.none'));
  };
}

const standardMacros: Readonly<Record<string, Build>> = {
  'all/2': quantifier('all'),
  'exists/2': quantifier('exists'),
  'exists_one/2': quantifier('existsOne'),
  'existsOne/2': quantifier('existsOne'),
  'map/2': mapMacro,
  'map/3': mapMacro,
  'filter/2': filterMacro,
};
const twoVariableMacros: Readonly<Record<string, Build>> = {
  'all/3': twoVariableQuantifier('all'),
  'exists/3': twoVariableQuantifier('exists'),
  'exists_one/3': twoVariableQuantifier('existsOne'),
  'existsOne/3': twoVariableQuantifier('existsOne'),
  'transformList/3': transform('list'),
  'transformList/4': transform('list'),
  'transformMap/3': transform('map'),
  'transformMap/4': transform('map'),
  'transformMapEntry/3': transform('entry'),
  'transformMapEntry/4': transform('entry'),
};
const optionalMacros: Readonly<Record<string, Build>> = {
  'optMap/2': optionalMap(false),
  'optFlatMap/2': optionalMap(true),
};

const sortInput = '@__sortBy_input__';
const sortable = new Set(['list', 'select', 'identifier', 'comprehension', 'call']);

/** `list.sortBy(v, key)`: the list has a name while its keys are made of it. */
function sortBy(call: MacroCall): Expression {
  if (!sortable.has(call.target!.kind)) {
    const kinds = 'a list, identifier, comprehension, call or select expression';
    throw new MacroProblem(call.target!.offset, `sortBy can only be applied to ${kinds}`);
  }
  const make = new Maker(call.offset);
  const keys = mapMacro({ ...call, target: make.name(sortInput) });
  const sorted: Expression = {
    kind: 'call',
    name: '@sortByAssociatedKeys',
    target: make.name(sortInput),
    arguments: [keys],
    offset: call.offset,
  };
  return {
    kind: 'comprehension',
    range: make.list(),
    variable: '#unused',
    accumulator: sortInput,
    initial: call.target!,
    condition: make.literal(false),
    step: make.name(sortInput),
    result: sorted,
    offset: call.offset,
  };
}

function macroFor(call: MacroCall, options: MacroOptions): Build | undefined {
  const key = `${call.name}/${call.parts.length}`;
  if (call.target === undefined) return key === 'has/1' ? hasMacro : undefined;
  if (Object.hasOwn(standardMacros, key)) return standardMacros[key];
  if (options.twoVariables && Object.hasOwn(twoVariableMacros, key)) return twoVariableMacros[key];
  if (options.sortBy && key === 'sortBy/2') return sortBy;
  return options.optional && Object.hasOwn(optionalMacros, key) ? optionalMacros[key] : undefined;
}

/** What a call that is a macro stands for; undefined when it is an ordinary call. */
export function expandMacro(call: MacroCall, options: MacroOptions, errors: SourceErrors): Expression | undefined {
  const build = macroFor(call, options);
  if (build === undefined) return undefined;
  try {
    return build(call);
  } catch (problem) {
    if (!(problem instanceof MacroProblem)) throw problem;
    errors.report(problem.offset, problem.message);
    return { kind: 'literal', value: null, offset: call.offset };
  }
}

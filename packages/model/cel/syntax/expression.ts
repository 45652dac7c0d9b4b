/** The abstract syntax of CEL, as the parser makes it and the checker resolves names in it. */

export type Literal = null | boolean | bigint | number | string | Uint8Array | UnsignedLiteral;

/** An unsigned integer, which has no JavaScript type of its own. */
export class UnsignedLiteral {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}

interface Node {
  /** Where messages about it point, in UTF-16 units. */
  readonly offset: number;
}

export interface LiteralNode extends Node {
  readonly kind: 'literal';
  readonly value: Literal;
}
export interface IdentifierNode extends Node {
  readonly kind: 'identifier';
  readonly name: string;
}
export interface SelectNode extends Node {
  readonly kind: 'select';
  readonly operand: Expression;
  readonly field: string;
  /** `has(operand.field)`. */
  readonly test: boolean;
}
export interface CallNode extends Node {
  readonly kind: 'call';
  readonly name: string;
  readonly target?: Expression;
  readonly arguments: readonly Expression[];
}
export interface ListNode extends Node {
  readonly kind: 'list';
  readonly elements: readonly Expression[];
  /** Positions of elements written `?e`. */
  readonly optional: ReadonlySet<number>;
}
export interface Entry extends Node {
  readonly key: Expression;
  readonly value: Expression;
  readonly optional: boolean;
}
export interface MapNode extends Node {
  readonly kind: 'map';
  readonly entries: readonly Entry[];
}
export interface FieldInitializer extends Node {
  readonly name: string;
  readonly value: Expression;
  readonly optional: boolean;
}
export interface StructNode extends Node {
  readonly kind: 'struct';
  readonly name: string;
  readonly fields: readonly FieldInitializer[];
}
/** What a macro becomes: the accumulator starts as `initial` and becomes `step` for each of `range` while `condition`. */
export interface ComprehensionNode extends Node {
  readonly kind: 'comprehension';
  readonly range: Expression;
  readonly variable: string;
  readonly secondVariable?: string;
  readonly accumulator: string;
  readonly initial: Expression;
  readonly condition: Expression;
  readonly step: Expression;
  readonly result: Expression;
}

export type Expression =
  | LiteralNode
  | IdentifierNode
  | SelectNode
  | CallNode
  | ListNode
  | MapNode
  | StructNode
  | ComprehensionNode;

/** Operators' names, as cel-go's messages and the cost model know them. */
export const operators = {
  conditional: '_?_:_',
  and: '_&&_',
  or: '_||_',
  not: '!_',
  negate: '-_',
  equals: '_==_',
  notEquals: '_!=_',
  index: '_[_]',
  optionalIndex: '_[?_]',
  optionalSelect: '_?._',
  in: '@in',
  notStrictlyFalse: '@not_strictly_false',
  add: '_+_',
} as const;

/** The accumulator of macros: no name that an expression can write. */
export const accumulatorName = '@result';

import {
  boolType,
  bytesType,
  type CelType,
  checkedTypeText,
  doubleType,
  dynType,
  errorType,
  intType,
  listType,
  mapType,
  nullType,
  optionalType,
  sameCelType,
  stringType,
  typeOfType,
  uintType,
} from '../cel-type.ts';
import type { Overload } from '../library/declaration.ts';
import {
  type CallNode,
  type ComprehensionNode,
  type Expression,
  type ListNode,
  type Literal,
  type MapNode,
  operators,
  type SelectNode,
  type StructNode,
} from '../syntax/expression.ts';
import type { SourceErrors } from '../syntax/source-error.ts';
import { type Declarations, Scope } from './scope.ts';
import { isDyn, mostGeneral, Unifier, unwrapOptional, withParameters } from './unifier.ts';

/** What the checker found a node to be. */
export type Reference =
  | { readonly kind: 'variable'; readonly name: string; readonly local: boolean }
  | { readonly kind: 'type'; readonly type: CelType }
  /** A call that one of these answers; with `receiver` it is the first argument. */
  | {
      readonly kind: 'function';
      readonly name: string;
      readonly overloads: readonly Overload[];
      readonly receiver?: Expression;
    };

/** An expression whose names and types are known. */
export interface Checked {
  readonly root: Expression;
  typeOf(node: Expression): CelType;
  readonly references: ReadonlyMap<Expression, Reference>;
}

function literalType(value: Literal): CelType {
  if (value === null) return nullType;
  if (typeof value === 'boolean') return boolType;
  if (typeof value === 'bigint') return intType;
  if (typeof value === 'number') return doubleType;
  if (typeof value === 'string') return stringType;
  return value instanceof Uint8Array ? bytesType : uintType;
}

/** `a.b.c` as a name, when it may be one. */
function qualifiedName(node: Expression): string | undefined {
  if (node.kind === 'identifier') return node.name;
  if (node.kind !== 'select' || node.test) return undefined;
  const prefix = qualifiedName(node.operand);
  return prefix === undefined ? undefined : `${prefix}.${node.field}`;
}

/** The type checker of cel-go: names become references, nodes get types, and what does not fit is reported. */
export class Checker {
  readonly types = new Map<Expression, CelType>();
  readonly references = new Map<Expression, Reference>();
  private readonly declarations: Declarations;
  private readonly errors: SourceErrors;
  private readonly unifier = new Unifier();
  private scope = new Scope(new Map());

  constructor(declarations: Declarations, errors: SourceErrors) {
    this.declarations = declarations;
    this.errors = errors;
  }

  check(root: Expression): Checked {
    this.visit(root);
    const final = new Map<Expression, CelType>();
    return {
      root,
      references: this.references,
      typeOf: (node) => {
        let type = final.get(node);
        if (type === undefined) {
          type = this.unifier.resolve(this.types.get(node) ?? dynType, true);
          final.set(node, type);
        }
        return type;
      },
    };
  }

  private report(node: { offset: number }, message: string): void {
    this.errors.report(node.offset, message);
  }

  private undeclared(node: Expression, name: string): CelType {
    this.report(node, `undeclared reference to '${name}' (in container '')`);
    return errorType;
  }

  private typeOf(node: Expression): CelType {
    return this.types.get(node) ?? errorType;
  }

  /** Checks a node once; macros share nodes. */
  private visit(node: Expression): CelType {
    const known = this.types.get(node);
    if (known !== undefined) return known;
    const type = this.typeFor(node);
    this.types.set(node, type);
    return type;
  }

  private typeFor(node: Expression): CelType {
    switch (node.kind) {
      case 'literal':
        return literalType(node.value);
      case 'identifier':
        return this.named(node, node.name) ?? this.undeclared(node, node.name);
      case 'select':
        return this.select(node);
      case 'call':
        return this.call(node);
      case 'list':
        return this.list(node);
      case 'map':
        return this.map(node);
      case 'struct':
        return this.struct(node);
      case 'comprehension':
        return this.comprehension(node);
    }
  }

  /** What a name means: a loop's variable, a declared one, a type. */
  private named(node: Expression, written: string): CelType | undefined {
    const global = written.startsWith('.');
    const name = global ? written.slice(1) : written;
    const local = global ? undefined : this.scope.find(name);
    if (local !== undefined) {
      this.references.set(node, { kind: 'variable', name, local: true });
      return local;
    }
    const variable = this.declarations.variable(name);
    if (variable !== undefined) {
      this.references.set(node, { kind: 'variable', name, local: false });
      return variable;
    }
    const type = this.declarations.type(name);
    if (type === undefined) return undefined;
    this.references.set(node, { kind: 'type', type });
    return typeOfType(type);
  }

  private select(node: SelectNode): CelType {
    const name = node.test ? undefined : qualifiedName(node);
    if (name !== undefined && this.scope.find(name.split('.', 1)[0]!) === undefined) {
      const type = this.named(node, name);
      if (type !== undefined) return type;
    }
    const type = this.field(node, node.operand, node.field, false);
    return node.test ? boolType : this.unifier.resolve(type, false);
  }

  private field(node: Expression, operand: Expression, name: string, makesOptional: boolean): CelType {
    const { type: target, optional } = unwrapOptional(this.unifier.resolve(this.visit(operand), false));
    let result = errorType;
    if (target.kind === 'map') result = target.parameters[1]!;
    else if (target.kind === 'object') {
      const field = target.field?.(name);
      if (field === undefined) this.report(node, `undefined field '${name}'`);
      else result = field;
    } else {
      if (target.kind === 'parameter') this.unifier.assignable(dynType, target);
      else if (target.kind !== 'dyn' && target.kind !== 'error') {
        this.report(node, `type '${checkedTypeText(target)}' does not support field selection`);
      }
      result = dynType;
    }
    return optional || makesOptional ? optionalType(result) : result;
  }

  private call(node: CallNode): CelType {
    if (node.name === operators.optionalSelect) {
      const [operand, field] = node.arguments as [Expression, Expression];
      const name = field.kind === 'literal' && typeof field.value === 'string' ? field.value : '';
      this.visit(field);
      return this.unifier.resolve(this.field(node, operand, name, true), false);
    }
    for (const part of node.arguments) this.visit(part);
    if (node.target === undefined) return this.resolveCall(node, node.name.replace(/^\./, ''), undefined);
    const prefix = qualifiedName(node.target);
    const qualified = prefix === undefined ? undefined : `${prefix.replace(/^\./, '')}.${node.name}`;
    if (qualified !== undefined && this.declarations.functions.overloads.has(qualified)) {
      return this.resolveCall(node, qualified, undefined);
    }
    this.visit(node.target);
    return this.resolveCall(node, node.name, node.target);
  }

  private resolveCall(node: CallNode, name: string, receiver: Expression | undefined): CelType {
    const overloads = this.declarations.functions.overloads.get(name);
    if (overloads === undefined) return this.undeclared(node, node.target === undefined ? node.name : name);
    const parts = receiver === undefined ? node.arguments : [receiver, ...node.arguments];
    const given = parts.map((part) => this.typeOf(part));
    const matching: Overload[] = [];
    let result: CelType | undefined;
    for (const overload of overloads) {
      if (overload.member !== (receiver !== undefined)) continue;
      const { parameters, result: own } = this.fresh(overload);
      if (!this.unifier.assignableAll(given, parameters)) continue;
      matching.push(overload);
      const resolved = this.unifier.resolve(own, false);
      if (result === undefined) result = resolved;
      else if (!isDyn(result) && !sameCelType(resolved, result)) result = dynType;
    }
    if (result === undefined) {
      const texts = given.map((type) => checkedTypeText(this.unifier.resolve(type, true)));
      const signature = receiver === undefined ? `(${texts.join(', ')})` : `${texts[0]}.(${texts.slice(1).join(', ')})`;
      this.report(node, `found no matching overload for '${name}' applied to '${signature}'`);
      return errorType;
    }
    this.references.set(node, {
      kind: 'function',
      name,
      overloads: matching,
      ...(receiver === undefined ? {} : { receiver }),
    });
    return result;
  }

  /** The overload with type variables of its own for its open types. */
  private fresh(overload: Overload): { parameters: readonly CelType[]; result: CelType } {
    if (overload.open.length === 0) return overload;
    const variables = new Map(overload.open.map((name) => [name, this.unifier.newVariable()]));
    const replace = (type: CelType): CelType => {
      if (type.kind === 'parameter') return variables.get(type.name) ?? type;
      return type.parameters.length === 0 ? type : withParameters(type, type.parameters.map(replace));
    };
    return { parameters: overload.parameters.map(replace), result: replace(overload.result) };
  }

  private unwrapElement(node: Expression, type: CelType): CelType {
    const unwrapped = unwrapOptional(type);
    if (!unwrapped.optional && !isDyn(type)) this.mismatch(node, optionalType(type), type);
    return unwrapped.type;
  }

  private mismatch(node: { offset: number }, expected: CelType, actual: CelType): void {
    this.report(node, `expected type '${checkedTypeText(expected)}' but found '${checkedTypeText(actual)}'`);
  }

  /** The type of two elements of one literal, which has to be one (Kubernetes' HomogeneousAggregateLiterals). */
  private join(node: Expression, previous: CelType | undefined, current: CelType): CelType {
    if (previous === undefined) return current;
    if (this.unifier.assignable(previous, current)) return mostGeneral(previous, current);
    this.mismatch(node, this.unifier.resolve(previous, true), this.unifier.resolve(current, true));
    return errorType;
  }

  private list(node: ListNode): CelType {
    let element: CelType | undefined;
    node.elements.forEach((part, position) => {
      const type = this.visit(part);
      const own = node.optional.has(position) ? this.unwrapElement(part, type) : type;
      element = this.join(part, element, own);
    });
    return listType(element ?? this.unifier.newVariable());
  }

  private map(node: MapNode): CelType {
    let key: CelType | undefined;
    let value: CelType | undefined;
    for (const entry of node.entries) {
      key = this.join(entry.key, key, this.visit(entry.key));
      const type = this.visit(entry.value);
      value = this.join(entry.value, value, entry.optional ? this.unwrapElement(entry.value, type) : type);
    }
    return mapType(key ?? this.unifier.newVariable(), value ?? this.unifier.newVariable());
  }

  private struct(node: StructNode): CelType {
    const type = this.declarations.struct(node.name.replace(/^\./, ''));
    for (const field of node.fields) this.visit(field.value);
    if (type === undefined) return this.undeclared(node, node.name);
    for (const field of node.fields) {
      const declared = type.field?.(field.name);
      if (declared === undefined) this.report(field, `undefined field '${field.name}'`);
      const given = this.typeOf(field.value);
      const own = field.optional ? this.unwrapElement(field.value, given) : given;
      if (declared !== undefined && !this.unifier.assignable(declared, own)) {
        const [wanted, provided] = [checkedTypeText(declared), checkedTypeText(this.unifier.resolve(own, true))];
        this.report(field, `expected type of field '${field.name}' is '${wanted}' but provided type is '${provided}'`);
      }
    }
    return type;
  }

  private comprehension(node: ComprehensionNode): CelType {
    const range = this.unifier.resolve(this.visit(node.range), false);
    const accumulator = this.visit(node.initial);
    const outer = this.scope;
    const around = new Scope(new Map([[node.accumulator, accumulator]]), outer);
    const [first, second] = this.iterationTypes(node, range);
    const names = new Map([[node.variable, first]]);
    if (node.secondVariable !== undefined) names.set(node.secondVariable, second);
    this.scope = new Scope(names, around);
    for (const [part, wanted] of [
      [node.condition, boolType],
      [node.step, accumulator],
    ] as const) {
      const type = this.visit(part);
      if (!this.unifier.assignable(wanted, type)) {
        this.mismatch(part, this.unifier.resolve(wanted, true), this.unifier.resolve(type, true));
      }
    }
    this.scope = around;
    const result = this.visit(node.result);
    this.scope = outer;
    return this.unifier.resolve(result, false);
  }

  /** The types of the iteration variables; with two the first is the index or key. */
  private iterationTypes(node: ComprehensionNode, range: CelType): [CelType, CelType] {
    const two = node.secondVariable !== undefined;
    if (range.kind === 'list') return two ? [intType, range.parameters[0]!] : [range.parameters[0]!, dynType];
    if (range.kind === 'map') return [range.parameters[0]!, range.parameters[1]!];
    if (range.kind === 'dyn' || range.kind === 'error' || range.kind === 'parameter') {
      this.unifier.assignable(dynType, range);
      return [dynType, dynType];
    }
    const text = checkedTypeText(range);
    this.report(
      node.range,
      `expression of type '${text}' cannot be range of a comprehension (must be list, map, or dynamic)`,
    );
    return [errorType, errorType];
  }
}

import {
  type CelType,
  dynType,
  listType,
  mapType,
  opaqueType,
  parameterType,
  sameCelType,
  typeOfType,
} from '../cel-type.ts';

/** Thrown when checking a hostile expression's types would take too long. */
export class TooComplex extends Error {}

/** More steps than this are not taken for one expression. */
const maxSteps = 500_000;

export function isDyn(type: CelType): boolean {
  return type.kind === 'dyn';
}

function isDynOrError(type: CelType): boolean {
  return type.kind === 'dyn' || type.kind === 'error';
}

function isNullable(type: CelType): boolean {
  return ['opaque', 'object', 'duration', 'timestamp', 'null'].includes(type.kind);
}

/** The element of an optional type, and whether it is one. */
export function unwrapOptional(type: CelType): { type: CelType; optional: boolean } {
  const optional = type.kind === 'opaque' && type.name === 'optional_type';
  return optional ? { type: type.parameters[0]!, optional } : { type, optional };
}

/** True when `left` is as general as `right`, or more. */
function isEqualOrLessSpecific(left: CelType, right: CelType): boolean {
  if (isDyn(left) || left.kind === 'parameter') return true;
  if (isDyn(right) || right.kind === 'parameter') return false;
  if (left.kind !== right.kind) return false;
  if (left.kind === 'type') return true;
  if (left.parameters.length === 0) return sameCelType(left, right);
  return (
    left.name === right.name &&
    left.parameters.length === right.parameters.length &&
    left.parameters.every((each, position) => isEqualOrLessSpecific(each, right.parameters[position]!))
  );
}

export function mostGeneral(left: CelType, right: CelType): CelType {
  return isEqualOrLessSpecific(left, right) ? left : right;
}

/** What the open types of one expression turn out to be (the unification of cel-go's checker). */
export class Unifier {
  private readonly bound = new Map<string, CelType>();
  /** Names whose binding changed, with what it was: to take back what a failed attempt bound. */
  private readonly trail: [string, CelType | undefined][] = [];
  private steps = 0;
  private fresh = 0;

  newVariable(): CelType {
    this.fresh += 1;
    return parameterType(`_var${this.fresh - 1}`);
  }

  /** True when a value of type `from` may stand where `to` is wanted; binds open types when it may. */
  assignable(from: CelType, to: CelType): boolean {
    return this.attempt(() => this.unify(from, to));
  }

  assignableAll(from: readonly CelType[], to: readonly CelType[]): boolean {
    if (from.length !== to.length) return false;
    return this.attempt(() => from.every((each, position) => this.unify(each, to[position]!)));
  }

  /** The type with bound open types replaced; those not bound become dyn when `openToDyn`. */
  resolve(type: CelType, openToDyn: boolean): CelType {
    this.step();
    if (type.kind === 'parameter') {
      const binding = this.bound.get(type.name);
      if (binding !== undefined) return this.resolve(binding, openToDyn);
      return openToDyn ? dynType : type;
    }
    if (type.parameters.length === 0) return type;
    return withParameters(
      type,
      type.parameters.map((each) => this.resolve(each, openToDyn)),
    );
  }

  private step(): void {
    this.steps += 1;
    if (this.steps > maxSteps) throw new TooComplex();
  }

  private attempt(unify: () => boolean): boolean {
    const mark = this.trail.length;
    if (unify()) return true;
    while (this.trail.length > mark) {
      const [name, before] = this.trail.pop()!;
      if (before === undefined) this.bound.delete(name);
      else this.bound.set(name, before);
    }
    return false;
  }

  private bind(name: string, type: CelType): void {
    this.trail.push([name, this.bound.get(name)]);
    this.bound.set(name, type);
  }

  private unify(from: CelType, to: CelType): boolean {
    this.step();
    if (to.kind === 'parameter') {
      const { valid, hadBinding } = this.substitute(from, to);
      if (valid) return true;
      if (hadBinding) return false;
    }
    if (from.kind === 'parameter') return this.substitute(to, from).valid;
    if (isDynOrError(from) || isDynOrError(to)) return true;
    if (from.kind === 'null') return isNullable(to);
    if (to.kind === 'null') return isNullable(from);
    if (from.kind !== to.kind) return false;
    if (from.kind === 'type') return true;
    if (from.name !== to.name || from.parameters.length !== to.parameters.length) return false;
    return from.parameters.every((each, position) => this.unify(each, to.parameters[position]!));
  }

  /** Whether `variable` can stand for `type`; binds it when it was free. */
  private substitute(type: CelType, variable: CelType): { valid: boolean; hadBinding: boolean } {
    if (type.kind === 'parameter' && type.name === variable.name) return { valid: true, hadBinding: true };
    const binding = this.bound.get(variable.name);
    if (binding !== undefined) {
      if (sameCelType(type, binding)) return { valid: true, hadBinding: true };
      if (!this.unify(type, binding)) return { valid: false, hadBinding: true };
      const general = mostGeneral(type, binding);
      if (this.isFreeIn(variable.name, general)) this.bind(variable.name, general);
      return { valid: true, hadBinding: true };
    }
    if (!this.isFreeIn(variable.name, type)) return { valid: false, hadBinding: false };
    this.bind(variable.name, type);
    return { valid: true, hadBinding: false };
  }

  /** True when `name` does not occur in the type (the occurs check). */
  private isFreeIn(name: string, type: CelType): boolean {
    this.step();
    if (type.kind === 'parameter') {
      if (type.name === name) return false;
      const binding = this.bound.get(type.name);
      return binding === undefined || this.isFreeIn(name, binding);
    }
    return type.parameters.every((each) => this.isFreeIn(name, each));
  }
}

/** The same kind of type with other parameters. Bounds and names stay. */
export function withParameters(type: CelType, parameters: readonly CelType[]): CelType {
  if (parameters.every((each, position) => each === type.parameters[position])) return type;
  if (type.kind === 'list') return { ...listType(parameters[0]!, type.maxElements), ...keysOf(type) };
  if (type.kind === 'map') return mapType(parameters[0]!, parameters[1]!, type.maxElements);
  if (type.kind === 'type') return typeOfType(parameters[0]!);
  return opaqueType(type.name, ...parameters);
}

function keysOf(type: CelType): { listKeys?: readonly string[] } {
  return type.listKeys === undefined ? {} : { listKeys: type.listKeys };
}

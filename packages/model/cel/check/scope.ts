import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  listType,
  mapType,
  nullType,
  objectType,
  optionalType,
  stringType,
  timestampType,
  typeType,
  uintType,
} from '../cel-type.ts';
import type { CelEnvironment } from '../contract.ts';
import type { FunctionIndex } from '../library/functions.ts';

/** The names of one loop: its accumulator and iteration variables. */
export class Scope {
  private readonly names: ReadonlyMap<string, CelType>;
  private readonly outer: Scope | undefined;
  constructor(names: ReadonlyMap<string, CelType>, outer?: Scope) {
    this.names = names;
    this.outer = outer;
  }
  find(name: string): CelType | undefined {
    return this.names.get(name) ?? this.outer?.find(name);
  }
}

const namedTypes: ReadonlyMap<string, CelType> = new Map([
  ['bool', boolType],
  ['bytes', bytesType],
  ['double', doubleType],
  ['int', intType],
  ['uint', uintType],
  ['string', stringType],
  ['null_type', nullType],
  ['type', typeType],
  ['dyn', dynType],
  ['list', listType(dynType)],
  ['map', mapType(dynType, dynType)],
  ['google.protobuf.Timestamp', timestampType],
  ['google.protobuf.Duration', durationType],
]);

/** The object that `Object{…}` makes: every field is there and of any type. */
function patchObject(name: string): CelType {
  return objectType(name, () => dynType);
}

const jsonPatchFields: Readonly<Record<string, CelType>> = {
  op: stringType,
  path: stringType,
  from: stringType,
  value: dynType,
};
/** The type of the operations that a JSONPatch mutation makes. */
export const jsonPatchType = objectType('JSONPatch', (name) =>
  Object.hasOwn(jsonPatchFields, name) ? jsonPatchFields[name] : undefined,
);
/** The type of what an ApplyConfiguration mutation makes. */
export const applyConfigurationType = patchObject('Object');

/** What names mean outside of all loops. */
export class Declarations {
  readonly functions: FunctionIndex;
  readonly optional: boolean;
  private readonly environment: CelEnvironment;

  constructor(environment: CelEnvironment, functions: FunctionIndex, optional: boolean) {
    this.environment = environment;
    this.functions = functions;
    this.optional = optional;
  }

  variable(name: string): CelType | undefined {
    const { variables } = this.environment;
    return Object.hasOwn(variables, name) ? variables[name] : undefined;
  }

  /** The type that a name is of: `int`, `net.IP`. */
  type(name: string): CelType | undefined {
    const own = namedTypes.get(name) ?? this.functions.types.get(name);
    if (own !== undefined) return own;
    if (this.optional && name === 'optional_type') return optionalType(dynType);
    return this.struct(name);
  }

  /** The type that a literal `name{…}` makes. */
  struct(name: string): CelType | undefined {
    if (this.environment.patchTypes !== true) return undefined;
    if (name === 'JSONPatch') return jsonPatchType;
    return name === 'Object' || name.startsWith('Object.') ? patchObject(name) : undefined;
  }
}

import type { RawMember, RawOperation, RawShape, RawTable } from '../../packages/aws-protocol/raw-table.ts';
import type { BotocoreModel, BotocoreShape } from './botocore-model.ts';
import {
  kinds,
  listBit,
  mapBit,
  resolveMember,
  type Schema,
  type SdkService,
  simpleTypes,
  type Traits,
} from './sdk-schema.ts';
import type { SourceService } from './source-services.ts';

/** Enumerations longer than this (instance types …) are the service's own business and are not in the table. */
const longestEnumeration = 150;

/** The table of one service. */
export function buildTable(source: SourceService, sdk: SdkService, model: BotocoreModel): RawTable {
  return new TableBuilder(source, sdk, model).build();
}

class TableBuilder {
  readonly #source: SourceService;
  readonly #sdk: SdkService;
  readonly #model: BotocoreModel;
  readonly #shapes: Record<string, RawShape> = {};
  readonly #enumerations: Record<string, readonly string[]> = {};

  constructor(source: SourceService, sdk: SdkService, model: BotocoreModel) {
    this.#source = source;
    this.#sdk = sdk;
    this.#model = model;
  }

  build(): RawTable {
    const operations = this.#buildOperations();
    const errors: RawTable['errors'] = Object.fromEntries(
      this.#sdk.errors.map((schema) => {
        const traits = schema[3] as Traits;
        const query = traits['awsQueryError'] as [string, number] | undefined;
        const status = query?.[1] ?? traits['httpError'] ?? (traits['error'] === 'server' ? 500 : 400);
        this.#structure(schema, undefined);
        return [schema[2], [query?.[0] ?? schema[2], status]];
      }),
    ) as RawTable['errors'];
    const target = this.#model.service.metadata.targetPrefix ?? this.#sdk.target;
    return {
      name: this.#source.name,
      serviceId: this.#sdk.serviceId,
      protocol: this.#sdk.protocol.slice(this.#sdk.protocol.indexOf('#') + 1) as RawTable['protocol'],
      apiVersion: this.#sdk.apiVersion,
      ...(this.#sdk.xmlNamespace === undefined ? {} : { xmlNamespace: withSlash(this.#sdk.xmlNamespace) }),
      target,
      operations,
      errors,
      enumerations: sorted(this.#enumerations),
      shapes: sorted(this.#shapes),
    };
  }

  #buildOperations(): RawTable['operations'] {
    // What botocore knows comes first: a shape is described when it is met, and then its constraints are at hand.
    const known = (schema: readonly unknown[]) => (this.#model.service.operations[String(schema[2])] ? 0 : 1);
    const built = new Map<string, RawOperation>();
    for (const schema of [...this.#sdk.operations].sort((left, right) => known(left) - known(right))) {
      const name = String(schema[2]);
      const http = (schema[3] as Traits)?.['http'] as [string, string, number] | undefined;
      built.set(name, {
        input: this.#structure(resolveMember(schema[4]).schema, this.#model.input(name)),
        output: this.#structure(resolveMember(schema[5]).schema, this.#model.output(name)),
        ...(http === undefined ? {} : { http }),
        errors: this.#sdk.thrown.get(name) ?? [],
      });
    }
    return sorted(Object.fromEntries(built));
  }

  #structure(raw: Schema, botocore: BotocoreShape | undefined): string {
    if (!Array.isArray(raw)) return 'unit';
    const name = String(raw[2]);
    if (name === 'Unit') return 'unit';
    if (name in this.#shapes) return `#${name}`;
    const shape: { members: Record<string, RawMember>; union?: 1 } = { members: {} };
    if (raw[0] === kinds.union) shape.union = 1;
    this.#shapes[name] = shape;
    const names = raw[4] as readonly string[];
    const requiredCount = Number(raw[6] ?? 0);
    for (const [position, member] of names.entries())
      shape.members[member] = this.#member(
        (raw[5] as readonly unknown[])[position],
        this.#model.member(botocore, member),
        this.#model.memberShapeName(botocore, member),
        position < requiredCount,
      );
    return `#${name}`;
  }

  #member(raw: unknown, botocore: BotocoreShape | undefined, name: string | undefined, required = false): RawMember {
    const { schema, traits } = resolveMember(raw);
    const merged = { ...shapeTraits(schema), ...traits };
    const facts = {
      ...(required ? { r: 1 as const } : {}),
      ...bindingFacts(merged),
      ...this.#constraints(botocore, name),
    };
    const t = this.#type(schema, botocore, name);
    return Object.keys(facts).length === 0 ? t : { t, ...facts };
  }

  #constraints(shape: BotocoreShape | undefined, name: string | undefined): Partial<Exclude<RawMember, string>> {
    if (shape === undefined) return {};
    const enumeration = shape.enum !== undefined && shape.enum.length <= longestEnumeration ? name : undefined;
    if (enumeration !== undefined) {
      const values = new Set([...shape.enum!, ...this.#sdk.enumeration(enumeration)]);
      this.#enumerations[enumeration] = [...values];
    }
    return {
      ...(shape.min === undefined ? {} : { min: shape.min }),
      ...(shape.max === undefined ? {} : { max: shape.max }),
      ...(shape.pattern === undefined ? {} : { p: shape.pattern }),
      ...(enumeration === undefined ? {} : { e: enumeration }),
    };
  }

  #type(schema: Schema, botocore: BotocoreShape | undefined, name: string | undefined): string {
    if (typeof schema === 'number') return this.#numberedType(schema, botocore, name);
    const tuple = schema as readonly unknown[];
    const own = String(tuple[2]);
    if (tuple[0] === kinds.structure || tuple[0] === kinds.union) return this.#structure(schema, botocore);
    if (tuple[0] === kinds.list) return this.#list(own, tuple[4], botocore);
    if (tuple[0] === kinds.map) return this.#map(own, tuple[4], tuple[5], botocore);
    return simple(tuple[4] as number, botocore);
  }

  #numberedType(code: number, botocore: BotocoreShape | undefined, name: string | undefined): string {
    if ((code & mapBit) !== 0) return this.#map(`${name ?? 'anonymous'}`, 0, code & ~mapBit, botocore);
    if ((code & listBit) !== 0) return this.#list(`${name ?? 'anonymous'}`, code & ~listBit, botocore);
    return simple(code, botocore);
  }

  #list(name: string, element: unknown, botocore: BotocoreShape | undefined): string {
    const anonymous = name === 'anonymous';
    if (!anonymous && name in this.#shapes) return `#${name}`;
    const shape: { list: RawMember } = { list: 'string' };
    if (!anonymous) this.#shapes[name] = shape;
    shape.list = this.#member(element, this.#model.shape(botocore?.member?.shape), botocore?.member?.shape);
    return anonymous ? `list:${shape.list as string}` : `#${name}`;
  }

  #map(name: string, key: unknown, value: unknown, botocore: BotocoreShape | undefined): string {
    const anonymous = name === 'anonymous';
    if (!anonymous && name in this.#shapes) return `#${name}`;
    const shape: { map: [RawMember, RawMember] } = { map: ['string', 'string'] };
    if (!anonymous) this.#shapes[name] = shape;
    const keyShape = botocore?.key?.shape;
    const valueShape = botocore?.value?.shape;
    shape.map = [
      this.#member(key, this.#model.shape(keyShape), keyShape),
      this.#member(value, this.#model.shape(valueShape), valueShape),
    ];
    return anonymous ? `map:${shape.map[1] as string}` : `#${name}`;
  }
}

function withSlash(namespace: string): string {
  return namespace.endsWith('/') ? namespace : `${namespace}/`;
}

function simple(code: number, botocore: BotocoreShape | undefined): string {
  const type = simpleTypes[code];
  if (type === undefined) throw new Error(`the SDK has a simple type that this tool does not know: ${code}`);
  if (type !== 'number') return type;
  return botocore !== undefined && ['double', 'float'].includes(botocore.type) ? 'double' : 'integer';
}

/** Traits that stand on a list or map shape itself and matter to its members. */
function shapeTraits(schema: Schema): Traits {
  const traits = Array.isArray(schema) ? schema[3] : undefined;
  return traits !== null && typeof traits === 'object' && 'xmlFlattened' in traits ? { xmlFlattened: 1 } : {};
}

function bindingFacts(traits: Traits): Partial<Exclude<RawMember, string>> {
  const text = (name: string) => traits[name] as string | undefined;
  const binding =
    (traits['httpLabel'] && 'label') ||
    (traits['httpPayload'] && 'payload') ||
    (text('httpQuery') && `query:${text('httpQuery')}`) ||
    (text('httpHeader') && `header:${text('httpHeader')}`);
  return {
    ...(binding ? { h: String(binding) } : {}),
    ...(text('xmlName') ? { x: text('xmlName')! } : {}),
    ...(text('ec2QueryName') ? { q: text('ec2QueryName')! } : {}),
    ...(text('jsonName') ? { j: text('jsonName')! } : {}),
    ...(traits['xmlFlattened'] ? { f: 1 } : {}),
    ...(traits['idempotencyToken'] ? { k: 1 } : {}),
  };
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([left], [right]) => (left < right ? -1 : 1)));
}

import type { RawMember, RawOperation, RawTable } from './raw-table.ts';

export type ProtocolName = RawTable['protocol'];

export type TimestampFormat = 'date-time' | 'http-date' | 'epoch-seconds';

/** A type of a value in a request or response. */
export type Type =
  | { readonly kind: 'string' | 'integer' | 'double' | 'boolean' | 'blob' | 'document' }
  | { readonly kind: 'timestamp'; readonly format: TimestampFormat | undefined }
  | { readonly kind: 'structure'; readonly name: string; readonly members: readonly Member[]; readonly union: boolean }
  | { readonly kind: 'list'; readonly element: Member }
  | { readonly kind: 'map'; readonly key: Member; readonly value: Member };

export type StructureType = Extract<Type, { kind: 'structure' }>;

/** Where a member of a restJson1 request or response is when it is not in the body. */
export interface HttpBinding {
  readonly place: 'label' | 'payload' | 'query' | 'header';
  readonly name: string;
}

/** A member of a structure, or the element, key or value of a list or map, with what is known of it. */
export class Member {
  readonly name: string;
  readonly required: boolean;
  readonly binding: HttpBinding | undefined;
  readonly xmlName: string | undefined;
  readonly queryName: string | undefined;
  readonly jsonName: string;
  readonly flattened: boolean;
  readonly idempotencyToken: boolean;
  /** Least length, size or value, as the type has it. */
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  /** A regular expression that the whole text must match, as AWS writes it. */
  readonly pattern: string | undefined;
  readonly values: readonly string[] | undefined;
  readonly #resolve: () => Type;
  #type: Type | undefined;

  constructor(name: string, raw: RawMember, table: ServiceTable) {
    const facts = typeof raw === 'string' ? { t: raw } : raw;
    this.name = name;
    this.required = facts.r === 1;
    this.binding = facts.h === undefined ? undefined : bindingOf(facts.h, name);
    this.xmlName = facts.x;
    this.queryName = facts.q;
    this.jsonName = facts.j ?? name;
    this.flattened = facts.f === 1;
    this.idempotencyToken = facts.k === 1;
    this.minimum = facts.min;
    this.maximum = facts.max;
    this.pattern = facts.p;
    this.values = facts.e === undefined ? undefined : table.raw.enumerations[facts.e];
    this.#resolve = () => table.type(facts.t);
  }

  get type(): Type {
    this.#type ??= this.#resolve();
    return this.#type;
  }
}

function bindingOf(text: string, member: string): HttpBinding {
  const [place, name] = text.split(':') as [HttpBinding['place'], string | undefined];
  return { place, name: name ?? member };
}

/** One operation of a service. */
export interface Operation {
  readonly name: string;
  readonly input: StructureType;
  readonly output: StructureType;
  readonly http: { readonly method: string; readonly template: string; readonly status: number } | undefined;
}

const unit: StructureType = { kind: 'structure', name: 'Unit', members: [], union: false };

/** What is known of one AWS service's API. Shapes are made when they are asked for. */
export class ServiceTable {
  readonly raw: RawTable;
  readonly #types = new Map<string, Type>();
  readonly #operations = new Map<string, Operation>();
  readonly #statuses: ReadonlyMap<string, number>;

  constructor(raw: RawTable) {
    this.raw = raw;
    const statuses = new Map<string, number>();
    for (const [shape, [code, status]] of Object.entries(raw.errors)) statuses.set(shape, status).set(code, status);
    this.#statuses = statuses;
  }

  /** The service's name in a credential scope: `eks`. */
  get name(): string {
    return this.raw.name;
  }

  get protocol(): ProtocolName {
    return this.raw.protocol;
  }

  get operationNames(): readonly string[] {
    return Object.keys(this.raw.operations);
  }

  operation(name: string): Operation | undefined {
    const known = this.#operations.get(name);
    if (known !== undefined) return known;
    const raw = Object.hasOwn(this.raw.operations, name) ? this.raw.operations[name] : undefined;
    if (raw === undefined) return undefined;
    const made = this.#makeOperation(name, raw);
    this.#operations.set(name, made);
    return made;
  }

  #makeOperation(name: string, raw: RawOperation): Operation {
    return {
      name,
      input: this.type(raw.input) as StructureType,
      output: this.type(raw.output) as StructureType,
      http: raw.http && { method: raw.http[0], template: raw.http[1], status: raw.http[2] },
    };
  }

  /** The HTTP status of an error code that the service documents. */
  statusOf(code: string): number | undefined {
    return this.#statuses.get(code);
  }

  /** The members of the error with this code; undefined when the service documents none of that name. */
  errorType(code: string): StructureType | undefined {
    const shape = Object.entries(this.raw.errors).find(([name, [wire]]) => wire === code || name === code)?.[0];
    return shape === undefined ? undefined : (this.type(`#${shape}`) as StructureType);
  }

  /** The type that a table writes as `reference`. */
  type(reference: string): Type {
    const known = this.#types.get(reference);
    if (known !== undefined) return known;
    const made = this.#makeType(reference);
    this.#types.set(reference, made);
    return made;
  }

  #makeType(reference: string): Type {
    if (reference === 'unit') return unit;
    if (reference.startsWith('list:')) return { kind: 'list', element: new Member('', reference.slice(5), this) };
    if (reference.startsWith('map:'))
      return { kind: 'map', key: new Member('', 'string', this), value: new Member('', reference.slice(4), this) };
    if (!reference.startsWith('#')) return simpleType(reference);
    const name = reference.slice(1);
    const shape = this.raw.shapes[name];
    if (shape === undefined) throw new Error(`the table of ${this.name} has no shape ${name}`);
    if ('list' in shape) return { kind: 'list', element: new Member('', shape.list, this) };
    if ('map' in shape)
      return { kind: 'map', key: new Member('', shape.map[0], this), value: new Member('', shape.map[1], this) };
    const members = Object.entries(shape.members).map(([member, raw]) => new Member(member, raw, this));
    return { kind: 'structure', name, members, union: shape.union === 1 };
  }
}

function simpleType(reference: string): Type {
  const [kind, format] = reference.split(':') as [string, TimestampFormat | undefined];
  if (kind === 'timestamp') return { kind, format };
  return { kind: kind as 'string' };
}

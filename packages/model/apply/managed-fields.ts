import { isProperties, type Properties } from '../codec/own-property.ts';
import type { ManagedFieldsEntry, ObjectMeta } from '../object.ts';
import { type FieldSet, fieldSetText, isEmptySet, parseFieldSet } from './field-set.ts';
import { FieldSetError, readFieldSet } from './path-element.ts';

/** Who manages fields: an apply is one manager in whatever version it speaks, updates are told apart by theirs. */
export interface Manager {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  /** Empty for the resource itself. */
  readonly subresource: string;
}

/** One manager's fields. Its set is read from its text, and its text made from its set, when somebody asks. */
export class ManagedEntry implements Manager {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  /** RFC 3339; undefined for an entry that never changed anything. */
  readonly time: string | undefined;
  #fields: FieldSet | undefined;
  #text: string | undefined;

  constructor(of: Manager, time: string | undefined, fields: FieldSet | string) {
    this.manager = of.manager;
    this.operation = of.operation;
    this.apiVersion = of.apiVersion;
    this.subresource = of.subresource;
    this.time = time;
    if (typeof fields === 'string') this.#text = fields;
    else this.#fields = fields;
  }

  get fields(): FieldSet {
    this.#fields ??= parseFieldSet(this.#text!);
    return this.#fields;
  }

  /** FieldsV1 as JSON. */
  get text(): string {
    this.#text ??= fieldSetText(this.#fields!);
    return this.#text;
  }

  /** The same manager and time with other fields. */
  with(fields: FieldSet, apiVersion = this.apiVersion): ManagedEntry {
    return new ManagedEntry({ ...this.#of(), apiVersion }, this.time, fields);
  }

  /** The same fields of the same manager, changed at another time. */
  at(time: string | undefined): ManagedEntry {
    return new ManagedEntry(this.#of(), time, this.#text ?? this.#fields!);
  }

  #of(): Manager {
    const { manager, operation, apiVersion, subresource } = this;
    return { manager, operation, apiVersion, subresource };
  }
}

/** What tells managers apart: upstream's own form, since conflicts are told in the order of these. */
export function identityOf(of: Manager): string {
  return JSON.stringify({
    ...(of.manager === '' ? {} : { manager: of.manager }),
    operation: of.operation,
    ...(of.operation === 'Apply' ? {} : { apiVersion: of.apiVersion }),
    ...(of.subresource === '' ? {} : { subresource: of.subresource }),
  });
}

/** Entries begin with their operation, and nothing in an entry's fields can look like this: quotes in texts are escaped. */
const entryStart = '{"operation":"';
const fieldsStart = ',"fieldsType":"FieldsV1","fieldsV1":';

function entryText(entry: ManagedEntry): string {
  const { operation, manager, apiVersion, time, subresource } = entry;
  let head = `${entryStart}${operation}"`;
  if (manager !== '') head += `,"manager":${JSON.stringify(manager)}`;
  head += `,"apiVersion":${JSON.stringify(apiVersion)}`;
  if (time !== undefined) head += `,"time":${JSON.stringify(time)}`;
  if (subresource !== '') head += `,"subresource":${JSON.stringify(subresource)}`;
  return `${head}${fieldsStart}${entry.text}}`;
}

function parseEntry(text: string): ManagedEntry {
  const split = text.indexOf(fieldsStart);
  const head = JSON.parse(`${text.slice(0, split)}}`) as ManagedFieldsEntry;
  const { manager = '', operation, apiVersion = '', subresource = '', time } = head;
  const of: Manager = { manager, operation: operation === 'Apply' ? 'Apply' : 'Update', apiVersion, subresource };
  return new ManagedEntry(of, time, text.slice(split + fieldsStart.length, -1));
}

function order(one: ManagedEntry, other: ManagedEntry): number {
  return (
    compared(one.operation, other.operation) ||
    (one.time === undefined ? 0 : Date.parse(one.time)) - (other.time === undefined ? 0 : Date.parse(other.time)) ||
    compared(one.manager, other.manager) ||
    compared(one.apiVersion, other.apiVersion) ||
    compared(one.subresource, other.subresource)
  );
}

function compared(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/**
 * metadata.managedFields of one object: the managers with their fields. Never changed. What is stored of it is one text,
 * which is taken apart only when a write has to look into it.
 */
export class ManagedFields {
  static readonly none = new ManagedFields([]);
  #entries: readonly ManagedEntry[] | undefined;
  #text: string | undefined;

  private constructor(content: readonly ManagedEntry[] | string) {
    if (typeof content === 'string') this.#text = content;
    else this.#entries = content;
  }

  static of(entries: readonly ManagedEntry[]): ManagedFields {
    return entries.length === 0 ? ManagedFields.none : new ManagedFields([...entries].sort(order));
  }

  /** @param text what `text` said */
  static stored(text: string): ManagedFields {
    return new ManagedFields(text);
  }

  /**
   * Reads what a client sent. Entries whose fields are as in `known` keep their text, so that it is not made anew.
   * @throws FieldSetError with upstream's words
   */
  static read(value: unknown, known: ManagedFields = ManagedFields.none): ManagedFields {
    if (!Array.isArray(value)) return ManagedFields.none;
    const entries = new Map<string, ManagedEntry>();
    const texts = new Set(known.entries.map(({ text }) => text));
    value.forEach((each, index) => {
      const entry = readEntry(each, index, texts);
      entries.set(identityOf(entry), entry);
    });
    return ManagedFields.of([...entries.values()]);
  }

  get isEmpty(): boolean {
    return this.#text === undefined ? this.#entries!.length === 0 : this.#text === '[]';
  }

  get entries(): readonly ManagedEntry[] {
    this.#entries ??= split(this.#text!);
    return this.#entries;
  }

  /** The JSON of all entries, in the form that is stored. */
  get text(): string {
    this.#text ??= `[${this.#entries!.map(entryText).join(',')}]`;
    return this.#text;
  }

  /** As a client sees it: a value of its own at every call. Hence objects that have it become JSON as usual. */
  toJSON(): ManagedFieldsEntry[] {
    return JSON.parse(this.text);
  }
}

function split(text: string): ManagedEntry[] {
  if (text === '[]') return [];
  const parts = text.slice(1, -1).split(`}},${entryStart}`);
  return parts.map((part, at) => {
    const begun = at === 0 ? part : entryStart + part;
    return parseEntry(at === parts.length - 1 ? begun : `${begun}}}`);
  });
}

function readEntry(value: unknown, index: number, known: ReadonlySet<string>): ManagedEntry {
  const entry: Properties = isProperties(value) ? value : {};
  const { operation, apiVersion, fieldsType, fieldsV1 = {}, manager = '', subresource = '', time } = entry;
  if (operation !== 'Apply' && operation !== 'Update') throw new FieldSetError('operation must be `Apply` or `Update`');
  if (typeof apiVersion !== 'string' || apiVersion === '') throw new FieldSetError('apiVersion must not be empty');
  if (fieldsType === undefined || fieldsType === '')
    throw new FieldSetError(`missing fieldsType in managed fields entry ${index}`);
  if (fieldsType !== 'FieldsV1')
    throw new FieldSetError(`invalid fieldsType ${JSON.stringify(fieldsType)} in managed fields entry ${index}`);
  const of: Manager = { manager: String(manager), operation, apiVersion, subresource: String(subresource) };
  const since = typeof time === 'string' ? time : undefined;
  const text = JSON.stringify(fieldsV1 ?? {});
  return new ManagedEntry(of, since, known.has(text) ? text : readFieldSet(fieldsV1 ?? {}));
}

/** Whether two entries are of the same manager. */
export function sameManager(one: Manager, other: Manager): boolean {
  return (
    one.manager === other.manager &&
    one.operation === other.operation &&
    one.subresource === other.subresource &&
    (one.operation === 'Apply' || one.apiVersion === other.apiVersion)
  );
}

/** Whether two lists are the same but for their times. */
export function sameButForTimes(one: ManagedFields, other: ManagedFields): boolean {
  if (one === other) return true;
  const left = one.entries;
  const right = other.entries;
  if (left.length !== right.length) return false;
  return left.every((entry, at) => {
    const twin = right[at]!;
    return sameManager(entry, twin) && entry.apiVersion === twin.apiVersion && entry.text === twin.text;
  });
}

/** The entries that own anything. */
export function owning(entries: readonly ManagedEntry[]): ManagedEntry[] {
  return entries.filter((entry) => entry.text.length > 2 || !isEmptySet(entry.fields));
}

/** Takes an object's managed fields out of its metadata; those that cannot be read are none. */
export function takeManagedFields(metadata: ObjectMeta | undefined): ManagedFields {
  const present = metadata?.managedFields;
  if (present === undefined) return ManagedFields.none;
  delete metadata!.managedFields;
  return readableManagedFields(present);
}

/** Puts managed fields into metadata, or nothing when there are none. */
export function putManagedFields(metadata: ObjectMeta, managed: ManagedFields): void {
  if (!managed.isEmpty) metadata.managedFields = managed;
  else if (metadata.managedFields !== undefined) delete metadata.managedFields;
}

/** Makes entries of metadata's managed fields, as clients see them, for those who copy or convert the object. */
export function showManagedFields(metadata: ObjectMeta | undefined): void {
  const managed = metadata?.managedFields;
  if (managed instanceof ManagedFields) metadata!.managedFields = managed.toJSON();
}

/** Managed fields in whatever form they are there; those that cannot be read are none. */
export function readableManagedFields(value: ObjectMeta['managedFields']): ManagedFields {
  if (value instanceof ManagedFields) return value;
  try {
    return ManagedFields.read(value);
  } catch (error) {
    if (error instanceof FieldSetError) return ManagedFields.none;
    throw error;
  }
}

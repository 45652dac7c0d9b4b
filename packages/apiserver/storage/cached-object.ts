import {
  type ApiObject,
  decodeApart,
  decodeStored,
  type FieldSelector,
  type LabelSelector,
  type ManagedApart,
  type Resource,
} from '@keelson/model';

/** What of an object selectors look at. */
interface Selectable {
  readonly labels: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string>>;
}

/** Which objects a list or watch wants. Absent parts want all. */
export interface Selection {
  readonly namespace?: string;
  readonly labels?: LabelSelector;
  readonly fields?: FieldSelector;
}

/**
 * One revision of one object as the store holds it: bytes first. What selectors need is read out when one asks, and the
 * parsed object is kept only once somebody in this process reads it.
 */
export class CachedObject {
  readonly resource: Resource;
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  /** The revision of the write that made these bytes: the object's resourceVersion. */
  readonly revision: number;
  readonly bytes: Uint8Array;
  #object: ApiObject | undefined;
  #selectable: Selectable | undefined;

  constructor(resource: Resource, key: string, namespace: string, name: string, revision: number, bytes: Uint8Array) {
    this.resource = resource;
    this.key = key;
    this.namespace = namespace;
    this.name = name;
    this.revision = revision;
    this.bytes = bytes;
  }

  /** The object without its managed fields, shared by everyone who asks: never to be changed. */
  get object(): Readonly<ApiObject> {
    this.#object ??= this.decodeApart().object;
    return this.#object;
  }

  /** A copy of the object that belongs to the caller. */
  decode(): ApiObject {
    return decodeStored(this.bytes, String(this.revision));
  }

  /** The same without its managed fields, which costs less, and these as they are stored. */
  decodeApart(): ManagedApart {
    return decodeApart(this.bytes, String(this.revision));
  }

  get selectable(): Selectable {
    this.#selectable ??= this.#select(this.#object ?? this.decodeApart().object);
    return this.#selectable;
  }

  /** The value of a selectable field, without parsing for those that the key tells. */
  field(name: string): string {
    if (name === 'metadata.name') return this.name;
    if (name === 'metadata.namespace') return this.namespace;
    return this.selectable.fields[name] ?? '';
  }

  matches(selection: Selection): boolean {
    if (selection.namespace && selection.namespace !== this.namespace) return false;
    if (selection.fields) {
      for (const { field, operator, value } of selection.fields) {
        if ((this.field(field) === value) !== (operator === '=')) return false;
      }
    }
    return selection.labels === undefined || selection.labels.matches(this.selectable.labels);
  }

  #select(object: Readonly<ApiObject>): Selectable {
    const fields: Record<string, string> = {};
    const selectable = this.resource.strategy.selectableFields;
    if (selectable) for (const name of Object.keys(selectable)) fields[name] = selectable[name]!(object);
    return { labels: object.metadata?.labels ?? {}, fields };
  }
}

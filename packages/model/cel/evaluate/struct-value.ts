import { CelMap, type CelValue } from '../values/value.ts';

/** What `Object{…}` and `JSONPatch{…}` make: a map with its fields' names that remembers its type. */
export class StructValue extends CelMap {
  readonly typeName: string;
  private readonly fields: ReadonlyMap<string, CelValue>;
  constructor(typeName: string, fields: ReadonlyMap<string, CelValue>) {
    super();
    this.typeName = typeName;
    this.fields = fields;
  }
  get size(): number {
    return this.fields.size;
  }
  find(key: CelValue): CelValue | undefined {
    return typeof key === 'string' ? this.fields.get(key) : undefined;
  }
  allKeys(): CelValue[] {
    return [...this.fields.keys()];
  }
}

import {
  type ApplyField,
  type ApplyListType,
  type ApplyMapType,
  type ApplyType,
  deducedType,
  type ScalarKind,
  untypedAtomicType,
} from '../apply/apply-schema.ts';
import { tableApplyType } from '../apply/table-types.ts';
import type { StructuralSchema } from './structural-schema.ts';

const objectMeta = 'meta/v1.ObjectMeta';

/** What a schema of a custom resource says of how configurations are merged, put together as far as it is asked for. */
class StructuralType implements ApplyType {
  readonly scalar?: ScalarKind;
  readonly #schema: StructuralSchema;
  /** It, or something around it, keeps properties that are not named. */
  readonly #preserves: boolean;
  readonly #kinds: { readonly list: boolean; readonly map: boolean };
  #list: ApplyListType | undefined;
  #map: ApplyMapType | undefined;

  constructor(schema: StructuralSchema, preserves: boolean) {
    const { type = '', format } = schema.props;
    this.#schema = schema;
    this.#preserves = preserves || schema.preserves;
    // Without a type it may be anything: x-kubernetes-int-or-string, and what is not looked into.
    this.#kinds = { list: type === 'array' || type === '', map: type === 'object' || type === '' };
    const scalar = scalarKind(type, format ?? '');
    if (scalar !== undefined) this.scalar = scalar;
  }

  get list(): ApplyListType | undefined {
    if (!this.#kinds.list) return undefined;
    this.#list ??= this.#makeList();
    return this.#list;
  }

  get map(): ApplyMapType | undefined {
    if (!this.#kinds.map) return undefined;
    this.#map ??= this.#makeMap();
    return this.#map;
  }

  #inner(schema: StructuralSchema): ApplyType {
    return new StructuralType(schema, this.#preserves);
  }

  #makeList(): ApplyListType {
    const { props, items } = this.#schema;
    const element = items === undefined ? untypedAtomicType : this.#inner(items);
    const listType = props['x-kubernetes-list-type'];
    if (listType === 'map') return { atomic: false, keys: props['x-kubernetes-list-map-keys'] ?? [], element };
    return { atomic: listType !== 'set', keys: [], element };
  }

  #makeMap(): ApplyMapType {
    const { props, properties, additionalProperties, open, embedded } = this.#schema;
    const fields = new Map<string, ApplyField>();
    for (const [name, schema] of properties) {
      const fallback = schema.props.default;
      fields.set(name, { type: this.#inner(schema), ...(fallback === undefined ? {} : { default: fallback }) });
    }
    if (embedded) {
      for (const name of ['apiVersion', 'kind']) fields.set(name, { type: { scalar: 'string' } });
      fields.set('metadata', { type: tableApplyType(objectMeta)! });
    }
    let element: ApplyType | undefined;
    if (additionalProperties !== undefined) element = this.#inner(additionalProperties);
    else if (open ? props.additionalProperties === true : this.#preserves || fields.size === 0) element = deducedType;
    return { atomic: props['x-kubernetes-map-type'] === 'atomic', fields, element };
  }
}

function scalarKind(type: string, format: string): ScalarKind | undefined {
  if (type === 'integer' || type === 'number') return 'numeric';
  if (type === 'boolean') return 'boolean';
  if (type === '') return 'untyped';
  if (type !== 'string') return undefined;
  return format === '' || format === 'byte' ? 'string' : 'untyped';
}

/** The type of a custom resource's objects in one version, as its schema says it. */
export function structuralApplyType(schema: StructuralSchema): ApplyType {
  return new StructuralType(schema, false);
}

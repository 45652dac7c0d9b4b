import {
  type ApiObject,
  type ApplySchema,
  type ApplyTarget,
  type ApplyType,
  deducedType,
  emptyObject,
  fieldSetOf,
  matchingPart,
  outsideOf,
  type Resource,
  type ResourceCatalogue,
  tableApplyType,
} from '@keelson/model';
import { apiVersionOf } from '../request/decode-body.ts';

/** What the managed fields of every resource and sub-resource are kept by; each is put together when it is first written. */
export class ApplyTargets {
  readonly #catalogue: ResourceCatalogue;
  readonly #schemas = new WeakMap<Resource, ApplySchema>();
  readonly #targets = new WeakMap<Resource, Map<string, ApplyTarget>>();

  constructor(catalogue: ResourceCatalogue) {
    this.#catalogue = catalogue;
  }

  of(resource: Resource, subresource: string): ApplyTarget {
    let targets = this.#targets.get(resource);
    if (targets === undefined) {
      targets = new Map();
      this.#targets.set(resource, targets);
    }
    let target = targets.get(subresource);
    if (target === undefined) {
      target = this.#make(resource, subresource);
      targets.set(subresource, target);
    }
    return target;
  }

  #make(resource: Resource, subresource: string): ApplyTarget {
    return {
      schema: this.#schemaOf(resource),
      apiVersion: apiVersionOf(resource),
      kind: resource.kind,
      subresource,
      changeable: changeableBy(resource, subresource),
      empty: (apiVersion) => {
        const type = this.#version(resource, apiVersion)?.type;
        return type === undefined || tableApplyType(type) === undefined ? null : emptyObject(type);
      },
    };
  }

  #schemaOf(resource: Resource): ApplySchema {
    let schema = resource.strategy.applySchema ?? this.#schemas.get(resource);
    if (schema === undefined) {
      schema = {
        typeOf: (apiVersion) => this.#typeOf(resource, apiVersion),
        convert: (object, apiVersion) => this.#convert(resource, object, apiVersion),
      };
      this.#schemas.set(resource, schema);
    }
    return schema;
  }

  #typeOf(resource: Resource, apiVersion: string): ApplyType | undefined {
    const version = this.#version(resource, apiVersion);
    return version && (tableApplyType(version.type) ?? deducedType);
  }

  /** The resource in another version, of another group when its objects are those of that group. */
  #version(resource: Resource, apiVersion: string): Resource | undefined {
    if (apiVersion === apiVersionOf(resource)) return resource;
    const [first = '', second] = apiVersion.split('/', 2);
    const [group, version] = second === undefined ? ['', first] : [first, second];
    const found = this.#catalogue.findKind(group, version, resource.kind);
    return found?.storage.group === resource.storage.group ? found : undefined;
  }

  #convert(resource: Resource, object: Readonly<ApiObject>, apiVersion: string): ApiObject {
    const from = this.#version(resource, object.apiVersion ?? '')?.strategy.storedAs;
    const to = this.#version(resource, apiVersion)?.strategy.storedAs;
    const stored = from === undefined ? object : from.toStored(object);
    const converted = to === undefined ? { ...stored } : to.fromStored(stored);
    converted.apiVersion = apiVersion;
    converted.kind = resource.kind;
    return converted;
  }
}

function changeableBy(resource: Resource, subresource: string): ApplyTarget['changeable'] {
  const { resetFields, changedFields } = resource.strategy;
  const replicas = subresource === 'scale' ? [resource.strategy.scale?.replicasPath ?? 'spec.replicas'] : undefined;
  const changed = replicas ?? changedFields?.[subresource];
  if (changed !== undefined) {
    const pattern = fieldSetOf(changed);
    return (_, set) => matchingPart(set, pattern);
  }
  const reset = fieldSetOf(resetFields?.[subresource] ?? usualReset(resource, subresource));
  return (_, set) => outsideOf(set, reset);
}

function usualReset(resource: Resource, subresource: string): string[] {
  // Without a rule of the kind's own a status update leaves the metadata alone, too.
  if (subresource === 'status') return resource.strategy.prepareForStatusUpdate ? ['spec'] : ['metadata', 'spec'];
  return Object.hasOwn(resource.subresources, 'status') ? ['status'] : [];
}

import { type Clock, rfc3339 } from '@keelson/base';
import { ApiError, type Client, type DeleteOptions, type ResourceClient, type ResourceRef } from '@keelson/client';
import type { ApiObject } from '@keelson/model';

/** The part of the API that identities need, over a map: for tests that have no region. */
export function memoryClient(clock: Clock): Client {
  const objects = new Map<string, Map<string, ApiObject>>();
  let revision = 0;
  return {
    resource<T extends ApiObject>(ref: ResourceRef<T>) {
      let own = objects.get(ref.resource);
      if (own === undefined) {
        own = new Map();
        objects.set(ref.resource, own);
      }
      return memoryResource(ref, own as Map<string, T>, clock, () => String(++revision));
    },
    discover: () => Promise.reject(new Error('the memory client has no discovery')),
    transact: () => Promise.reject(new Error('the memory client has no transactions')),
  };
}

function refuse(code: number, reason: string, message: string): ApiError {
  return new ApiError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code, reason, message });
}

function memoryResource<T extends ApiObject>(
  ref: ResourceRef<T>,
  objects: Map<string, T>,
  clock: Clock,
  nextRevision: () => string,
): ResourceClient<T> {
  const existing = (name: string): T => {
    const object = objects.get(name);
    if (object === undefined) throw refuse(404, 'NotFound', `${ref.resource} "${name}" not found`);
    return object;
  };
  const keep = (object: T, metadata: object): T => {
    const kept = structuredClone({ ...object, metadata: { ...object.metadata, ...metadata } });
    objects.set(kept.metadata!.name!, kept);
    return structuredClone(kept);
  };
  const part = {
    async get(name: string) {
      return structuredClone(existing(name));
    },
    async list() {
      const names = [...objects.keys()].sort();
      return { items: names.map((name) => structuredClone(objects.get(name)!)) };
    },
    async create(object: T) {
      const name = object.metadata!.name!;
      if (objects.has(name)) throw refuse(409, 'AlreadyExists', `${ref.resource} "${name}" already exists`);
      const resourceVersion = nextRevision();
      return keep(object, {
        resourceVersion,
        uid: `uid-${resourceVersion}`,
        creationTimestamp: rfc3339(clock.now()),
      });
    },
    async update(object: T) {
      const previous = existing(object.metadata!.name!);
      if (object.metadata!.resourceVersion !== previous.metadata!.resourceVersion)
        throw refuse(409, 'Conflict', 'the object has been modified');
      return keep(object, { resourceVersion: nextRevision() });
    },
    async delete(name: string, _namespace?: string, options?: DeleteOptions) {
      const { metadata } = existing(name);
      const wanted = options?.preconditions?.resourceVersion;
      if (wanted !== undefined && wanted !== metadata!.resourceVersion)
        throw refuse(409, 'Conflict', 'the object has been modified');
      objects.delete(name);
    },
  };
  return new Proxy(part, {
    get(target, name) {
      if (name in target) return target[name as keyof typeof target];
      return () => Promise.reject(new Error(`the memory client has no ${String(name)}`));
    },
  }) as unknown as ResourceClient<T>;
}

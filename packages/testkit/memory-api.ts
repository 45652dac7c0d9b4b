import { rfc3339, type World } from '@keelson/base';
import {
  ApiError,
  type Client,
  type DeleteOptions,
  type DiscoveredResource,
  kubernetesResources,
  type ListOptions,
  type ResourceClient,
  type ResourceRef,
  type WatchEvent,
  type WatchOptions,
  type WriteOptions,
} from '@keelson/client';
import type { ApiList, ApiObject } from '@keelson/model';

type Attempt = { readonly verb: string; readonly resource: string; readonly name: string };

interface Watcher {
  readonly resource: string;
  readonly options: WatchOptions;
  readonly pending: WatchEvent<ApiObject>[];
  wake: () => void;
}

/**
 * A Client over plain maps, for tests of components that need no real API server: objects, watches, status patches,
 * bindings and the graceful deletion of pods behave as upstream's do; nothing is defaulted, validated or authorised.
 */
export class MemoryApi implements Client {
  /** Every write, in order. */
  readonly attempts: Attempt[] = [];
  /** Throws to refuse an attempt. */
  refuse: (attempt: Attempt) => void = () => {};
  /** Answers POSTs to sub-resources that it does not know itself. */
  answer: (resource: string, name: string, subresource: string, body: ApiObject) => ApiObject = (resource, name) => {
    throw failure(404, 'NotFound', `${resource} "${name}" not found`);
  };
  readonly #world: World;
  readonly #objects = new Map<string, Map<string, ApiObject>>();
  readonly #watchers = new Set<Watcher>();
  #revision = 0;

  constructor(world: World) {
    this.#world = world;
  }

  resource<T extends ApiObject>(ref: ResourceRef<T>): ResourceClient<T> {
    return new MemoryResource(this, ref as unknown as ResourceRef) as unknown as ResourceClient<T>;
  }

  async transact(): Promise<ApiObject[]> {
    throw failure(404, 'NotFound', 'the server could not find the requested resource');
  }

  async discover(): Promise<DiscoveredResource[]> {
    const refs: readonly ResourceRef[] = Object.values(kubernetesResources) as unknown as ResourceRef[];
    return refs.map((ref) => ({ ...ref, verbs: ['list', 'watch'] }));
  }

  /** Puts an object in as the server would have it. */
  put(resource: string, object: ApiObject): ApiObject {
    const objects = this.objectsOf(resource);
    const key = keyOf(object.metadata?.namespace, object.metadata?.name ?? '');
    const before = objects.get(key);
    const metadata = {
      uid: `uid-${resource}-${object.metadata?.name}-${this.#revision}`,
      creationTimestamp: rfc3339(this.#world.clock.now()),
      ...object.metadata,
      ...(before && { uid: before.metadata?.uid }),
      resourceVersion: String(++this.#revision),
    };
    const stored = structuredClone({ ...object, metadata });
    objects.set(key, stored);
    this.#tell(resource, before === undefined ? 'ADDED' : 'MODIFIED', before, stored);
    return stored;
  }

  object(resource: string, namespace: string | undefined, name: string): ApiObject | undefined {
    return this.objectsOf(resource).get(keyOf(namespace, name));
  }

  remove(resource: string, namespace: string | undefined, name: string): void {
    const key = keyOf(namespace, name);
    const object = this.objectsOf(resource).get(key);
    if (object === undefined) return;
    this.objectsOf(resource).delete(key);
    const metadata = { ...object.metadata, resourceVersion: String(++this.#revision) };
    this.#tell(resource, 'DELETED', object, { ...object, metadata });
  }

  objectsOf(resource: string): Map<string, ApiObject> {
    let objects = this.#objects.get(resource);
    if (objects === undefined) this.#objects.set(resource, (objects = new Map()));
    return objects;
  }

  get revision(): string {
    return String(this.#revision);
  }

  attempt(verb: string, resource: string, name: string): void {
    this.attempts.push({ verb, resource, name });
    this.refuse({ verb, resource, name });
  }

  now(): string {
    return rfc3339(this.#world.clock.now());
  }

  async *watch(resource: string, options: WatchOptions): AsyncIterable<WatchEvent<ApiObject>> {
    const watcher: Watcher = { resource, options, pending: [], wake: () => {} };
    this.#watchers.add(watcher);
    const aborted = () => watcher.wake();
    options.signal.addEventListener('abort', aborted);
    try {
      while (!options.signal.aborted) {
        const next = watcher.pending.shift();
        if (next !== undefined) yield structuredClone(next);
        else
          await new Promise<void>((resolve) => {
            watcher.wake = resolve;
          });
      }
    } finally {
      this.#watchers.delete(watcher);
      options.signal.removeEventListener('abort', aborted);
    }
  }

  #tell(resource: string, type: WatchEvent<ApiObject>['type'], before: ApiObject | undefined, object: ApiObject): void {
    for (const watcher of this.#watchers) {
      if (watcher.resource !== resource) continue;
      const was = before !== undefined && selected(before, watcher.options);
      const is = type !== 'DELETED' && selected(object, watcher.options);
      if (!was && !is) continue;
      watcher.pending.push({ type: was && is ? 'MODIFIED' : is ? 'ADDED' : 'DELETED', object });
      watcher.wake();
    }
  }
}

class MemoryResource {
  readonly #api: MemoryApi;
  readonly #ref: ResourceRef;

  constructor(api: MemoryApi, ref: ResourceRef) {
    this.#api = api;
    this.#ref = ref;
  }

  async get(name: string, namespace?: string): Promise<ApiObject> {
    this.#api.refuse({ verb: 'get', resource: this.#ref.resource, name });
    return structuredClone(this.#present(name, namespace));
  }

  async list(options: ListOptions = {}): Promise<ApiList> {
    this.#api.refuse({ verb: 'list', resource: this.#ref.resource, name: '' });
    const items = [...this.#api.objectsOf(this.#ref.resource).values()].filter((object) => selected(object, options));
    return { metadata: { resourceVersion: this.#api.revision }, items: structuredClone(items) };
  }

  watch(options: WatchOptions): AsyncIterable<WatchEvent<ApiObject>> {
    return this.#api.watch(this.#ref.resource, options);
  }

  async create(object: ApiObject): Promise<ApiObject> {
    const { name = '', namespace } = object.metadata ?? {};
    this.#api.attempt('create', this.#ref.resource, name);
    if (this.#api.object(this.#ref.resource, namespace, name) !== undefined)
      throw failure(409, 'AlreadyExists', `${this.#ref.resource} "${name}" already exists`);
    return structuredClone(this.#api.put(this.#ref.resource, object));
  }

  async update(object: ApiObject): Promise<ApiObject> {
    const { name = '', namespace, resourceVersion } = object.metadata ?? {};
    this.#api.attempt('update', this.#ref.resource, name);
    const present = this.#present(name, namespace);
    if (resourceVersion && resourceVersion !== present.metadata?.resourceVersion)
      throw failure(409, 'Conflict', `the object ${name} has been modified`);
    return structuredClone(this.#api.put(this.#ref.resource, object));
  }

  updateStatus(object: ApiObject): Promise<ApiObject> {
    return this.update(object);
  }

  async patch(
    name: string,
    namespace: string | undefined,
    patch: any,
    options: WriteOptions & { subresource?: string } = {},
  ): Promise<ApiObject> {
    this.#api.attempt(options.subresource ? `patch/${options.subresource}` : 'patch', this.#ref.resource, name);
    const present = this.#present(name, namespace);
    const { uid } = patch.metadata ?? {};
    if (uid && uid !== present.metadata?.uid) throw failure(409, 'Conflict', `the object ${name} has another uid`);
    return structuredClone(this.#api.put(this.#ref.resource, merged(present, patch)));
  }

  async delete(name: string, namespace?: string, options: DeleteOptions = {}): Promise<void> {
    this.#api.attempt('delete', this.#ref.resource, name);
    const present = this.#present(name, namespace);
    if (options.preconditions?.uid && options.preconditions.uid !== present.metadata?.uid)
      throw failure(409, 'Conflict', `the object ${name} has another uid`);
    const grace = options.gracePeriodSeconds ?? present['spec']?.terminationGracePeriodSeconds ?? 30;
    const graceful = this.#ref.resource === 'pods' && grace > 0 && present['spec']?.nodeName;
    if (!graceful) this.#api.remove(this.#ref.resource, namespace, name);
    else if (present.metadata?.deletionTimestamp === undefined) {
      const metadata = { ...present.metadata, deletionTimestamp: this.#api.now(), deletionGracePeriodSeconds: grace };
      this.#api.put(this.#ref.resource, { ...present, metadata });
    }
  }

  async createSubresource(name: string, namespace: string | undefined, subresource: string, body: ApiObject) {
    this.#api.attempt(`create/${subresource}`, this.#ref.resource, name);
    const present = this.#present(name, namespace);
    if (subresource !== 'binding') return this.#api.answer(this.#ref.resource, name, subresource, body);
    if (present['spec'].nodeName) throw failure(409, 'Conflict', `pod ${name} is already assigned to a node`);
    const condition = { type: 'PodScheduled', status: 'True', lastTransitionTime: this.#api.now() };
    this.#api.put(
      'pods',
      merged(present, { spec: { nodeName: body['target'].name }, status: { conditions: [condition] } }),
    );
    return { kind: 'Status', status: 'Success' };
  }

  #present(name: string, namespace: string | undefined): ApiObject {
    const object = this.#api.object(this.#ref.resource, namespace, name);
    if (object === undefined) throw failure(404, 'NotFound', `${this.#ref.resource} "${name}" not found`);
    return object;
  }
}

function keyOf(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

function selected(object: ApiObject, { namespace, fieldSelector }: ListOptions): boolean {
  if (namespace !== undefined && object.metadata?.namespace !== namespace) return false;
  return (fieldSelector ?? '')
    .split(',')
    .filter((part) => part !== '')
    .every((part) => {
      const [path, value] = part.split('=') as [string, string];
      const found = path.split('.').reduce<any>((node, field) => node?.[field], object);
      return (found ?? '') === value;
    });
}

/** The part of a strategic merge that components use: maps merge, lists of conditions and taints by their key. */
function merged(present: any, patch: any): any {
  const out = { ...present };
  for (const [name, value] of Object.entries<any>(patch)) {
    if (value === null) delete out[name];
    else if (Array.isArray(value)) out[name] = mergedList(name, present[name], value);
    else if (typeof value === 'object') out[name] = merged(present[name] ?? {}, value);
    else out[name] = value;
  }
  return out;
}

function mergedList(name: string, present: any[] | undefined, patch: any[]): any[] {
  if (patch.some((item) => item?.['$patch'] === 'replace')) return patch.filter((item) => !item['$patch']);
  const key = { conditions: 'type', addresses: 'type', podIPs: 'ip' }[name];
  if (key === undefined) return patch;
  const out = [...(present ?? [])];
  for (const item of patch) {
    const at = out.findIndex((one) => one[key] === item[key]);
    if (at < 0) out.push(item);
    else out[at] = { ...out[at], ...item };
  }
  return out;
}

/** The error that an API server's refusal becomes. */
export function failure(code: number, reason: string, message: string): ApiError {
  return new ApiError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code });
}

import type { ApiList, ApiObject } from '@keelson/model';

/** Which resource of the API: what discovery calls it, and how it is written in objects. */
export interface ResourceRef<T extends ApiObject = ApiObject> {
  /** `''` for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** The plural: `deployments`. */
  readonly resource: string;
  readonly namespaced: boolean;
  /** Carries the type only; never set. */
  readonly object?: T;
}

export interface WatchEvent<T extends ApiObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

export interface ListOptions {
  /** All namespaces when absent. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  /** Of custom.metrics.k8s.io: which series of a metric. */
  readonly metricLabelSelector?: string;
}

export interface WatchOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Events after this revision; absent: the present objects as ADDED first. */
  readonly resourceVersion?: string;
  readonly signal: AbortSignal;
}

export interface WriteOptions {
  readonly dryRun?: boolean;
  readonly fieldManager?: string;
}

export interface DeleteOptions extends WriteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

export type PatchType = 'strategic' | 'merge' | 'json';

/**
 * The API as every component sees it. Each method rejects with ApiError when the server refuses, and with another Error
 * when it cannot be reached. Objects handed in are not changed; objects handed out belong to the caller.
 */
export interface Client {
  resource<T extends ApiObject>(ref: ResourceRef<T>): ResourceClient<T>;
  /** Several writes as one: all happen, or none (Keelson's own; only some servers offer it). Returns the written objects in order. */
  transact(operations: readonly TransactionOperation[]): Promise<ApiObject[]>;
  /** What the server serves, each resource in its group's preferred version, without sub-resources. */
  discover(): Promise<DiscoveredResource[]>;
}

/** A resource as discovery shows it. */
export interface DiscoveredResource extends ResourceRef {
  readonly verbs: readonly string[];
}

export interface ResourceClient<T extends ApiObject> {
  get(name: string, namespace?: string): Promise<T>;
  list(options?: ListOptions): Promise<ApiList<T>>;
  /** Ends when the server ends it or the signal aborts; rejects with ApiError (isExpired) when the revision is gone. */
  watch(options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  create(object: T, options?: WriteOptions): Promise<T>;
  update(object: T, options?: WriteOptions): Promise<T>;
  updateStatus(object: T, options?: WriteOptions): Promise<T>;
  patch(
    name: string,
    namespace: string | undefined,
    patch: unknown,
    options?: WriteOptions & { readonly type?: PatchType; readonly subresource?: string },
  ): Promise<T>;
  delete(name: string, namespace?: string, options?: DeleteOptions): Promise<void>;
  deleteCollection(options: ListOptions, deletion?: DeleteOptions): Promise<void>;
  /** POST to a sub-resource: `binding`, `token`, `eviction`. */
  createSubresource<R extends ApiObject>(
    name: string,
    namespace: string | undefined,
    subresource: string,
    body: ApiObject,
  ): Promise<R>;
  getSubresource<R extends ApiObject>(name: string, namespace: string | undefined, subresource: string): Promise<R>;
  updateSubresource<R extends ApiObject>(
    name: string,
    namespace: string | undefined,
    subresource: string,
    body: ApiObject,
  ): Promise<R>;
}

export type TransactionOperation =
  | { readonly verb: 'create' | 'update' | 'updateStatus'; readonly object: ApiObject }
  | {
      readonly verb: 'delete';
      readonly apiVersion: string;
      readonly kind: string;
      readonly namespace?: string;
      readonly name: string;
      readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
    };

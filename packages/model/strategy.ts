import type { ApplySchema } from './apply/apply-schema.ts';
import type { FieldError } from './field-error.ts';
import type { ApiObject } from './object.ts';

/**
 * What only a person can know of a kind. Everything else (field names and types, list types, merge keys, served
 * versions) is in the tables, and the one engine reads it there. A kind is served when it has a folder
 * `packages/model/kinds/<group>/<kind>/` whose index.ts exports its `Strategy`, listed in kinds/index.ts.
 *
 * Objects given to these functions are of the kind's storage version, private to the call and free to be changed in
 * place unless the parameter says `Readonly`. None of these functions does I/O or throws for a bad object.
 */
export interface Strategy {
  /** The storage version: `v1`, `apps/v1`, `rbac.authorization.k8s.io/v1`. */
  readonly apiVersion: string;
  readonly kind: string;

  /** Fills in what the client left out, beyond what the tables know. Must be idempotent. */
  defaults?(object: ApiObject): void;
  /** Clears or sets what a client may not decide when it creates: status, generation. metadata is the server's own work. */
  prepareForCreate?(object: ApiObject, facts: WriteFacts): void;
  /**
   * The same for an update of the main resource: usually the status is taken from `previous`. metadata.generation is
   * raised by the server when anything outside metadata and status has changed and `generation` is true.
   */
  prepareForUpdate?(object: ApiObject, previous: Readonly<ApiObject>): void;
  /**
   * An update through /status. Without this function everything but the status is taken from `previous`; with it, the
   * function does that itself, and may let more than the status through (Pod and Node: metadata).
   */
  prepareForStatusUpdate?(object: ApiObject, previous: Readonly<ApiObject>, facts: WriteFacts): void;

  /** Everything wrong with a new object, beyond types and metadata, with Kubernetes' field paths and messages. */
  validate?(object: Readonly<ApiObject>): FieldError[];
  /** Everything wrong with this change (immutable fields …); `validate`-like checks of the new object are its part too. */
  validateUpdate?(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[];
  validateStatusUpdate?(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[];
  /** Warnings for the client (`Warning: 299`), for deprecated or dubious use. `previous` is absent for a new object. */
  warnings?(object: Readonly<ApiObject>, previous?: Readonly<ApiObject>): string[];
  /** Finalizers need no domain in front: those of custom resources. */
  readonly plainFinalizers?: boolean;

  /** How metadata.name is checked; by default dnsSubdomain. */
  readonly nameForm?: 'dnsSubdomain' | 'dnsLabel' | 'dns1035Label' | 'pathSegment' | 'ipAddress';
  /** metadata.generation is kept for this kind (it has a spec that controllers observe). */
  readonly generation?: boolean;
  /** Objects are checked and answered, never stored (TokenReview, SubjectAccessReview, Binding). */
  readonly virtual?: boolean;
  /** An update of an object that does not exist creates it (Lease, Endpoints, …, as upstream's AllowCreateOnUpdate). */
  readonly createOnUpdate?: boolean;
  /** An update without resourceVersion is allowed (as upstream's AllowUnconditionalUpdate). Default true. */
  readonly unconditionalUpdate?: boolean;
  /** How dependents are treated when a deletion does not say; by default background. */
  readonly defaultPropagation?: 'Background' | 'Orphan';
  /** Warns whoever deletes without a propagation policy that dependents stay. */
  readonly orphanWarning?: string;
  /** Seconds that a deletion waits for someone else to finish it; 0: it is removed at once. Only Pod waits. */
  gracePeriod?(object: Readonly<ApiObject>, requested: number | undefined): number;
  /** Seconds after its last write that the object removes itself (Event). */
  readonly ttl?: number;

  /**
   * What writes through a sub-resource (`''`: the resource itself) leave alone, as paths: whoever writes there does not
   * become its manager. Without it the status through the resource, the spec through its status.
   */
  readonly resetFields?: Readonly<Record<string, readonly string[]>>;
  /** The other way about: all that writes through a sub-resource change; `*` in a path is any element of a list. */
  readonly changedFields?: Readonly<Record<string, readonly string[]>>;
  /** How applied configurations are merged, for a kind that the tables do not describe. */
  readonly applySchema?: ApplySchema;

  /** How the kind is read and written through /scale. */
  readonly scale?: ScaleForm;
  /**
   * Sub-resources through which the object itself is read and updated, each with rules of its own
   * (pods/ephemeralcontainers, pods/resize). Defaults and metadata.generation are treated as for the main resource.
   */
  readonly subresourceUpdates?: Readonly<Record<string, SubresourceUpdate>>;

  /** Field selectors beyond metadata.name and metadata.namespace: label to the value of the object, `''` when unset. */
  readonly selectableFields?: Readonly<Record<string, (object: Readonly<ApiObject>) => string>>;
  /**
   * Columns of a Table as `kubectl get` prints them. Name is put first and Age last unless they are named here; a list
   * that names Name is taken as it is. Without columns: Name and Created At.
   */
  readonly columns?: readonly Column[];
  /** What a Table says of a row beyond its cells: `Completed`, which lets clients hide finished pods. */
  rowConditions?(object: Readonly<ApiObject>): RowCondition[];

  /**
   * Set for a kind that is a second form of another's stored objects (events.k8s.io Event of core Event). Objects are
   * stored and watched in the other kind's form; the functions of this Strategy are given objects of this kind's own
   * form (`apiVersion` above), before they are converted to be stored and after they were converted to be served.
   */
  readonly storedAs?: StoredForm;
}

/** What a kind may write down of the request that changes it. */
export interface WriteFacts {
  /** Whoever writes (authentication.k8s.io/v1 UserInfo). */
  readonly user: {
    readonly name: string;
    readonly uid?: string;
    readonly groups: readonly string[];
    readonly extra?: Readonly<Record<string, readonly string[]>>;
  };
  /** The time of the write, RFC 3339 with seconds. */
  readonly now: string;
}

/** What an update through one sub-resource may change. */
export interface SubresourceUpdate {
  /** Takes everything from `previous` that this sub-resource does not change. */
  prepare(object: ApiObject, previous: Readonly<ApiObject>, facts: WriteFacts): void;
  /** Everything wrong with the prepared object, but for its metadata. */
  validate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[];
}

/** The /scale sub-resource: autoscaling/v1 Scale of an object. */
export interface ScaleForm {
  /** Where the object has its replicas, as a path; `spec.replicas` when it is not said. */
  readonly replicasPath?: string;
  /** The Scale, with the object's name, namespace, uid, resourceVersion and creationTimestamp. */
  read(object: Readonly<ApiObject>): ApiObject;
  /** Sets the object's replicas to what the Scale's spec says. */
  write(object: ApiObject, scale: Readonly<ApiObject>): void;
  /** Names the field of the replicas when the object does not have it. */
  missing?(object: Readonly<ApiObject>): string | undefined;
  /** What is wrong with a Scale that a client sends. */
  validate(scale: Readonly<ApiObject>): FieldError[];
}

/** How one form of an object becomes the other. Both directions lose nothing and leave their argument alone. */
export interface StoredForm {
  readonly apiVersion: string;
  readonly kind: string;
  /** Table type names differ per form; these two only move fields. apiVersion and kind are set to the result's. */
  toStored(object: Readonly<ApiObject>): ApiObject;
  fromStored(object: Readonly<ApiObject>): ApiObject;
}

/** A condition of a row of meta/v1 Table. */
export interface RowCondition {
  readonly type: 'Completed';
  readonly status: 'True';
  readonly reason: string;
  readonly message: string;
}

/** A column of meta/v1 Table. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  /** `name` for the first column only. */
  readonly format?: string;
  /** 0 is shown always, 1 with `-o wide`. */
  readonly priority: 0 | 1;
  readonly description: string;
  /** The cell. `now` is milliseconds since 1970, for ages, which are text like `3m12s`. */
  cell(object: Readonly<ApiObject>, now: number): string | number | boolean | null;
}

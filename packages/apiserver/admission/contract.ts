import type { ApiObject, GroupVersionKind, Resource, StatusDetails } from '@keelson/model';
import type { UserInfo } from '../authentication/contract.ts';
import type { Reinvocation } from './reinvocation.ts';

/** A write on its way in (admission.k8s.io/v1 AdmissionRequest). */
export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly resource: Resource;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** The object as it will be stored; mutating plug-ins change it in place. Absent for DELETE. */
  readonly object?: ApiObject;
  /** As it is stored now. Absent for CREATE. */
  readonly previous?: Readonly<ApiObject>;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  /**
   * What `object` and `previous` are when they are not of the resource's own kind: the Scale, Eviction or Binding that a
   * sub-resource is given, the options of a CONNECT.
   */
  readonly kind?: GroupVersionKind;
  /** The request's CreateOptions, UpdateOptions, PatchOptions or DeleteOptions (meta/v1), with apiVersion and kind. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  /** Takes texts for the Warning header, at any time until the write is answered. */
  readonly warnings: string[];
  /** Takes an annotation of the request's audit event; absent when there is none. */
  readonly annotate?: ((key: string, value: string) => void) | undefined;
  /**
   * To be called before the write waits for somebody outside the process: other writes of the object, which take turns
   * with it, then go on meanwhile.
   */
  readonly leaveTurn?: (() => void) | undefined;
  /** What the passes of mutation know of each other; made by the first plug-in that needs it. */
  reinvocation?: Reinvocation;
}

/** Thrown to refuse a write: becomes a Status with this code, reason and details; the message is the whole text. */
export class AdmissionError extends Error {
  override readonly name = 'AdmissionError';
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;

  constructor(message: string, code = 403, reason = 'Forbidden', details?: StatusDetails) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }
}

/**
 * One admission plug-in, by upstream's name. `mutate` runs for all plug-ins before the object is validated, `validate`
 * after. Either refuses by throwing AdmissionError. They read other objects through the server's own caches, which
 * their constructors are given. One that has nothing to do with a write says so at once, without a promise: most writes
 * pass most plug-ins.
 */
export interface AdmissionPlugin {
  readonly name: string;
  mutate?(request: AdmissionRequest): Promise<void> | void;
  validate?(request: AdmissionRequest): Promise<void> | void;
  /** Called once, before any write, with what the plug-in may write itself. */
  attach?(writer: StatusWriter): void;
}

/** What plug-ins that keep accounts write: as the server itself, past authorisation and admission. */
export interface StatusWriter {
  /**
   * `change` edits the object's status in place, and is called again when another write came between. Does nothing when
   * the object is gone. @throws StatusError, and whatever `change` throws
   */
  updateStatus(
    group: string,
    resource: string,
    namespace: string,
    name: string,
    change: (object: ApiObject) => void,
  ): Promise<void>;
}

/** One object that came, changed or went. `current` is absent when it is gone, `previous` when it is new. */
export interface ObjectChange {
  readonly current?: Readonly<ApiObject>;
  readonly previous?: Readonly<ApiObject>;
}

/** What plug-ins, authorisers and sub-resources may read of the server: current objects, in memory, read only. */
export interface ObjectReader {
  get(group: string, resource: string, namespace: string, name: string): Readonly<ApiObject> | undefined;
  list(group: string, resource: string, namespace?: string): readonly Readonly<ApiObject>[];
  /**
   * Calls `listener` for every object of the resource that is there now (as new ones), and from then on for each change,
   * in order and in the same turn in which `get` and `list` begin to show it; when a cache is filled anew, for what
   * differs. The listener is quick and does not throw. A resource that is not served has no objects. Authorisers keep
   * their indexes with it, so that a decision costs microseconds. Returns what ends it.
   */
  observe(group: string, resource: string, listener: (change: ObjectChange) => void): () => void;
  /**
   * True when `get` and `list` show what is stored of the resource, as they always do of built-in ones. What is kept of
   * a custom resource is read when it is first asked for: this waits for it, and tells false when it cannot be read.
   */
  filled(group: string, resource: string): boolean | Promise<boolean>;
}

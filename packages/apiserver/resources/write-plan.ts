import type { ApiObject, Resource } from '@keelson/model';
import type { UserInfo } from '../authentication/contract.ts';
import type { CachedObject } from '../storage/cached-object.ts';
import type { Reservation } from './resource-hooks.ts';

/** Who writes what. */
export interface WriteContext {
  readonly resource: Resource;
  readonly subresource: string;
  readonly namespace: string;
  readonly user: UserInfo;
  /** Who becomes the manager of what the write changes; the server itself when nobody is named. */
  readonly manager?: string;
  readonly dryRun: boolean;
  /** Collects texts for the Warning header. */
  readonly warnings: string[];
  /** The request's options (meta/v1 CreateOptions …) with apiVersion and kind, for admission. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  /** Takes an annotation of the request's audit event; absent when there is none. */
  readonly annotate?: ((key: string, value: string) => void) | undefined;
  /** Lets other writes of the object go on while this one waits for somebody outside. */
  readonly leaveTurn?: (() => void) | undefined;
  /** Admission has seen the write in another form (a Scale, a Binding) and is not asked again. */
  readonly admitted?: boolean;
}

export type WriteOutcome = 'created' | 'updated' | 'unchanged' | 'marked' | 'deleted';

/** One write that has passed everything but the store: what to compare, what to do, and what is answered. */
export interface WritePlan {
  readonly context: WriteContext;
  readonly name: string;
  readonly key: string;
  /** The revision that the key must have; 0: it must not exist. */
  readonly expected: number;
  readonly outcome: WriteOutcome;
  /** The object's bytes in its stored form, without a revision. For a deletion as it last was. */
  readonly bytes: Uint8Array;
  /** The object in the form of the request's version. */
  readonly object: ApiObject;
  readonly ttl: number | undefined;
  readonly reservation: Reservation | undefined;
  /** What was there when it was planned. */
  readonly previous: CachedObject | undefined;
}

/** What a write led to. */
export interface WriteResult {
  readonly outcome: WriteOutcome;
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly object: ApiObject;
  /** The object's resourceVersion; 0 when it has none (a dry run's new object). */
  readonly revision: number;
}

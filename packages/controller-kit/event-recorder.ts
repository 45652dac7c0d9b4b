import type { ApiObject } from '@keelson/model';

export type EventType = 'Normal' | 'Warning';

/** core/v1 ObjectReference: what an Event is about. */
export interface ObjectReference {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly fieldPath?: string;
}

/** Tells people what was done to an object. Never rejects and never waits: an Event that cannot be written is dropped. */
export interface EventRecorder {
  /** `reason` is one word in upper camel case; `message` a sentence for people. */
  event(about: ApiObject | ObjectReference, type: EventType, reason: string, message: string): void;
}

/** The reference to an object as Events hold it. */
export function referenceTo(about: ApiObject | ObjectReference): ObjectReference {
  const metadata = (about as ApiObject).metadata;
  if (metadata === undefined) return about as ObjectReference;
  const { namespace, name, uid, resourceVersion } = metadata;
  const { apiVersion, kind } = about;
  return { kind, ...(namespace && { namespace }), name, uid, apiVersion, resourceVersion };
}

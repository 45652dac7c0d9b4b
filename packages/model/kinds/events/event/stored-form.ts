import type { ApiObject } from '../../../object.ts';
import type { StoredForm } from '../../../strategy.ts';

/** Fields of events.k8s.io/v1 and what core/v1 calls them; all others have one name. */
const CORE_NAMES: readonly (readonly [string, string])[] = [
  ['note', 'message'],
  ['regarding', 'involvedObject'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
];
const TO_CORE = new Map(CORE_NAMES);
const FROM_CORE = new Map(CORE_NAMES.map(([name, core]) => [core, name] as const));

function rename(object: Readonly<ApiObject>, names: ReadonlyMap<string, string>, apiVersion: string): ApiObject {
  const { apiVersion: _, kind: __, ...fields } = object;
  const renamed = Object.entries(fields).map(([name, value]) => [names.get(name) ?? name, value]);
  return { apiVersion, kind: 'Event', ...Object.fromEntries(renamed) };
}

/** Events are stored as core/v1 Events, whichever group wrote them. */
export const coreEventForm: StoredForm = {
  apiVersion: 'v1',
  kind: 'Event',
  toStored: (object) => rename(object, TO_CORE, 'v1'),
  fromStored: (object) => rename(object, FROM_CORE, 'events.k8s.io/v1'),
};

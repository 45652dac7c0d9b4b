// Made by tools/generate.ts: types of events/v1.
import type * as coreV1 from './core-v1.ts';
import type * as metaV1 from './meta-v1.ts';
import type { ObjectMeta } from '../../object.ts';

export interface Event {
  kind?: string;
  apiVersion?: string;
  metadata?: ObjectMeta;
  eventTime: string;
  series?: EventSeries;
  reportingController?: string;
  reportingInstance?: string;
  action?: string;
  reason?: string;
  regarding?: coreV1.ObjectReference;
  related?: coreV1.ObjectReference;
  note?: string;
  type?: string;
  deprecatedSource?: coreV1.EventSource;
  deprecatedFirstTimestamp?: string;
  deprecatedLastTimestamp?: string;
  deprecatedCount?: number;
}

export interface EventList {
  kind?: string;
  apiVersion?: string;
  metadata?: metaV1.ListMeta;
  items: Event[];
}

export interface EventSeries {
  count: number;
  lastObservedTime: string;
}

import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { columns } from './columns.ts';
import { validate } from './validation.ts';

/** Seconds that an event is kept, unless the server is told otherwise (--event-ttl). */
export const EVENT_SECONDS = 3600;

const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value));
const about = (field: string) => (object: Readonly<ApiObject>) => text(object['involvedObject']?.[field]);

export const event: Strategy = {
  apiVersion: 'v1',
  kind: 'Event',
  // Names of events are made from names of objects of any form, and are checked no further.
  nameForm: 'pathSegment',
  createOnUpdate: true,
  ttl: EVENT_SECONDS,
  validate,
  validateUpdate: validate,
  selectableFields: {
    'involvedObject.kind': about('kind'),
    'involvedObject.namespace': about('namespace'),
    'involvedObject.name': about('name'),
    'involvedObject.uid': about('uid'),
    'involvedObject.apiVersion': about('apiVersion'),
    'involvedObject.resourceVersion': about('resourceVersion'),
    'involvedObject.fieldPath': about('fieldPath'),
    reason: (object) => text(object['reason']),
    reportingComponent: (object) => text(object['reportingComponent']),
    source: (object) => text(object['source']?.component || object['reportingComponent']),
    type: (object) => text(object['type']),
  },
  columns,
};

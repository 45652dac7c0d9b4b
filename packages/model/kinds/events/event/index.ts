import type { FieldError } from '../../../field-error.ts';
import { sameValue } from '../../../metadata/same-value.ts';
import { immutable } from '../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../object.ts';
import type { Column, Strategy } from '../../../strategy.ts';
import { columns as coreColumns } from '../../core/event/columns.ts';
import { EVENT_SECONDS } from '../../core/event/index.ts';
import { seriesErrors, strictErrors, validate as validateCore } from '../../core/event/validation.ts';
import { coreEventForm } from './stored-form.ts';

const FIXED = [
  'involvedObject',
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'type',
  'eventTime',
  'action',
  'related',
];

function validateUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  const next = coreEventForm.toStored(object);
  const old = coreEventForm.toStored(previous);
  return [
    ...validateCore(next),
    ...(sameValue(next['series'], old['series']) ? [] : seriesErrors(next)),
    ...FIXED.flatMap((field) => immutable(field, next[field], old[field])),
    ...immutable('reportingController', next['reportingComponent'], old['reportingComponent']),
    ...immutable('reportingInstance', next['reportingInstance'], old['reportingInstance']),
  ];
}

const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value));
const about = (field: string) => (object: Readonly<ApiObject>) => text(object['regarding']?.[field]);

/** The newer form of core/v1 Event: other names for the same stored objects, and stricter rules for new ones. */
export const eventsEvent: Strategy = {
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  storedAs: coreEventForm,
  createOnUpdate: true,
  ttl: EVENT_SECONDS,
  validate(object) {
    const stored = coreEventForm.toStored(object);
    return [...validateCore(stored), ...strictErrors(stored)];
  },
  validateUpdate,
  selectableFields: {
    'regarding.kind': about('kind'),
    'regarding.namespace': about('namespace'),
    'regarding.name': about('name'),
    'regarding.uid': about('uid'),
    'regarding.apiVersion': about('apiVersion'),
    'regarding.resourceVersion': about('resourceVersion'),
    'regarding.fieldPath': about('fieldPath'),
    reason: (object) => text(object['reason']),
    reportingController: (object) => text(object['reportingController']),
    type: (object) => text(object['type']),
  },
  columns: coreColumns.map(
    (column): Column => ({ ...column, cell: (object, now) => column.cell(coreEventForm.toStored(object), now) }),
  ),
};

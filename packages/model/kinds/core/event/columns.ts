import type { ApiObject } from '../../../object.ts';
import type { Column } from '../../../strategy.ts';
import { ageOf } from '../../../table/human-duration.ts';
import { nameColumn } from '../../../table/table.ts';

function firstSeen(object: Readonly<ApiObject>, now: number): string {
  return ageOf(object['firstTimestamp'] ?? object['eventTime'], now);
}

function lastSeen(object: Readonly<ApiObject>, now: number): string {
  const series = object['series'];
  if (series !== undefined && series !== null) return ageOf(series.lastObservedTime, now);
  return object['lastTimestamp'] ? ageOf(object['lastTimestamp'], now) : firstSeen(object, now);
}

function target(object: Readonly<ApiObject>): string {
  const { kind = '', name = '' } = object['involvedObject'] ?? {};
  return name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`;
}

function source(object: Readonly<ApiObject>): string {
  const { component = '', host = '' } = object['source'] ?? {};
  const [who, where]: [string, string] =
    component === '' ? [object['reportingComponent'] ?? '', object['reportingInstance'] ?? ''] : [component, host];
  return where === '' ? who : `${who}, ${where}`;
}

const text = { type: 'string', priority: 0 } as const;
const wide = { type: 'string', priority: 1 } as const;

/** Complete: the name comes last here. */
export const columns: readonly Column[] = [
  { name: 'Last Seen', ...text, description: 'How long ago it happened last.', cell: lastSeen },
  { name: 'Type', ...text, description: 'Normal or Warning.', cell: (object) => object['type'] ?? '' },
  { name: 'Reason', ...text, description: 'Why, in one word.', cell: (object) => object['reason'] ?? '' },
  { name: 'Object', ...text, description: 'What it happened to.', cell: target },
  {
    name: 'Subobject',
    ...wide,
    description: 'Which part of the object.',
    cell: (object) => object['involvedObject']?.fieldPath ?? '',
  },
  { name: 'Source', ...wide, description: 'Who reported it.', cell: source },
  {
    name: 'Message',
    ...text,
    description: 'What happened, for people.',
    cell: (object) => (object['message'] ?? '').trim(),
  },
  { name: 'First Seen', ...wide, description: 'How long ago it happened first.', cell: firstSeen },
  {
    name: 'Count',
    ...wide,
    description: 'How often it happened.',
    cell: (object) => object['series']?.count ?? (object['count'] || 1),
  },
  { ...nameColumn, priority: 1 },
];

import type { ApiObject } from '../object.ts';
import type { Column, RowCondition, Strategy } from '../strategy.ts';
import { ageOf } from './human-duration.ts';

/** How much of each object a Table's rows carry (meta/v1 TableOptions.includeObject). */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

export interface TableOptions {
  /** By default `Metadata`. */
  includeObject?: IncludeObject;
  /** Milliseconds since 1970, for ages. */
  now: number;
  /** The form asked for; by default `meta.k8s.io/v1`. */
  apiVersion?: string;
  /** The list's own metadata: revision, continue token. */
  metadata?: Record<string, unknown>;
  /** Leaves the column definitions out: the later events of a watch carry rows only. */
  noHeaders?: boolean;
}

export interface TableRow {
  cells: unknown[];
  conditions?: RowCondition[];
  object?: ApiObject;
}

/** meta/v1 Table: what `kubectl get` asks for. */
export interface Table {
  kind: 'Table';
  apiVersion: string;
  metadata: Record<string, unknown>;
  columnDefinitions: Omit<Column, 'cell'>[];
  rows: TableRow[];
}

const NAME_TEXT =
  'The name of the object. It is unique within a namespace among the objects of one kind, and it does not change.';
const AGE_TEXT = 'The time since the object was created.';

export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  priority: 0,
  description: NAME_TEXT,
  cell: (object) => object.metadata?.name ?? '',
};

export const ageColumn: Column = {
  name: 'Age',
  type: 'string',
  priority: 0,
  description: AGE_TEXT,
  cell: (object, now) => ageOf(object.metadata?.creationTimestamp, now),
};

/** For the kinds that upstream has no columns for: the plain time, not an age. */
export const createdAtColumn: Column = {
  name: 'Created At',
  type: 'date',
  priority: 0,
  description: 'When the object was created, in RFC 3339 form and UTC.',
  cell: (object) => object.metadata?.creationTimestamp ?? '<unknown>',
};

/**
 * The columns of a kind, complete: Name comes first unless the kind places it itself, Age last unless the kind places
 * it, shows `Created At` instead, or places Name itself (then its list is taken as it is).
 */
export function columnsOf(strategy: Strategy): readonly Column[] {
  const own = strategy.columns;
  if (own === undefined) return [nameColumn, createdAtColumn];
  const names = new Set(own.map((column) => column.name));
  if (names.has('Name')) return own;
  const aged = names.has('Age') || names.has('Created At');
  return [nameColumn, ...own, ...(aged ? [] : [ageColumn])];
}

function partialMetadata(object: Readonly<ApiObject>, apiVersion: string): ApiObject {
  return { kind: 'PartialObjectMetadata', apiVersion, metadata: object.metadata };
}

/** The objects as a meta/v1 Table with the columns that their kind defines. The objects are not copied. */
export function tableOf(
  resource: { readonly strategy: Strategy },
  objects: readonly Readonly<ApiObject>[],
  options: TableOptions,
): Table {
  const columns = columnsOf(resource.strategy);
  const apiVersion = options.apiVersion ?? 'meta.k8s.io/v1';
  const include = options.includeObject ?? 'Metadata';
  const rows = objects.map((object): TableRow => {
    const row: TableRow = { cells: columns.map((column) => column.cell(object, options.now)) };
    const conditions = resource.strategy.rowConditions?.(object) ?? [];
    if (conditions.length > 0) row.conditions = conditions;
    if (include === 'Object') row.object = object as ApiObject;
    if (include === 'Metadata') row.object = partialMetadata(object, apiVersion);
    return row;
  });
  const columnDefinitions = columns.map(({ name, type, format, description, priority }) => ({
    name,
    type,
    format: format ?? '',
    description,
    priority,
  }));
  return {
    kind: 'Table',
    apiVersion,
    metadata: options.metadata ?? {},
    columnDefinitions: options.noHeaders === true ? [] : columnDefinitions,
    rows,
  };
}

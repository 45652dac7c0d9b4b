import type { CustomResourceColumnDefinition } from '../generated/types/apiextensions-v1.ts';
import type { Column } from '../strategy.ts';
import { ageOf } from '../table/human-duration.ts';
import { nameColumn } from '../table/table.ts';
import { type JsonPath, parseJsonPath } from './json-path.ts';

/** What is shown of a kind whose definition names no columns. */
const ageColumn: CustomResourceColumnDefinition = {
  name: 'Age',
  type: 'date',
  description:
    'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata',
  jsonPath: '.metadata.creationTimestamp',
};

type Cell = string | number | boolean | null;

/** The columns of a Table: the name, and those that the definition names. The ones after a path that is none are left out. */
export function printerColumns(definitions: readonly CustomResourceColumnDefinition[] | undefined): Column[] {
  const columns: Column[] = [nameColumn];
  for (const definition of definitions?.length ? definitions : [ageColumn]) {
    const path = pathOf(definition.jsonPath);
    if (path === undefined) break;
    const { name, type, format, priority = 0, description } = definition;
    columns.push({
      name,
      type: type as Column['type'],
      ...(format ? { format } : {}),
      priority: priority as Column['priority'],
      description: description || `Custom resource definition column (in JSONPath format): ${definition.jsonPath}`,
      cell: (object, now) => cellOf(type, path.find(object), now),
    });
  }
  return columns;
}

function pathOf(text: string): JsonPath | undefined {
  try {
    return parseJsonPath(text);
  } catch {
    return undefined;
  }
}

function cellOf(type: string, found: readonly unknown[], now: number): Cell {
  if (found.length === 0) return null;
  const value = found[0];
  if (type === 'string') return textOf(value);
  if (value === null) return null;
  if (type === 'integer') return typeof value === 'number' ? Math.trunc(value) : null;
  if (type === 'number') return typeof value === 'number' ? value : null;
  if (type === 'boolean') return typeof value === 'boolean' ? value : null;
  if (type !== 'date' || typeof value !== 'string') return null;
  return Number.isNaN(Date.parse(value)) ? '<invalid>' : ageOf(value, now);
}

function textOf(value: unknown): string {
  if (value === null) return '<no value>';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
